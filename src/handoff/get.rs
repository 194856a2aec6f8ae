//! handoff_get

use super::Handoff;
use crate::error::{Error, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::types::Name;
use schemars::JsonSchema;
use serde::Deserialize;

/// One handoff by its id.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The handoff's id, `sh_…`.
    id: Name,
}

/// Gets a handoff.
pub struct Get;

impl Operation for Get {
    const NAME: &'static str = "handoff_get";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/handoffs/{id}";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Handoff;

    async fn run(ctx: &Context, input: Input) -> Result<Handoff> {
        let row = ctx
            .first(sql!("handoff/get"), &[&&*input.id, &false])
            .await?;
        let rows: Vec<_> = row.into_iter().collect();
        Handoff::shown(ctx, &rows).pop().ok_or_else(missing)
    }
}

/// No handoff by that id in this tenant.
pub(super) fn missing() -> Error {
    Error::not_found("no handoff by that id").field("id")
}
