//! handoff_last

use super::Handoff;
use crate::error::{Error, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::types::Name;
use schemars::JsonSchema;
use serde::Deserialize;

/// The newest handoff, of all or with one person.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Only sessions with this person or agent.
    with_whom: Option<Name>,
}

/// Gets the newest handoff.
pub struct Last;

impl Operation for Last {
    const NAME: &'static str = "handoff_last";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/handoffs/last";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Handoff;

    async fn run(ctx: &Context, input: Input) -> Result<Handoff> {
        let row = ctx
            .first(sql!("handoff/last"), &[&input.with_whom.as_deref()])
            .await?;
        let rows: Vec<_> = row.into_iter().collect();
        Handoff::shown(ctx, &rows)
            .pop()
            .ok_or_else(|| Error::not_found("no handoff yet"))
    }
}
