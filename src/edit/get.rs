//! edit_get

use super::{Edit, missing};
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::types::Name;
use schemars::JsonSchema;
use serde::Deserialize;

/// One edit by its id.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The edit's id, `edt_…`.
    id: Name,
}

/// Gets an edit.
pub struct Get;

impl Operation for Get {
    const NAME: &'static str = "edit_get";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/edits/{id}";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Edit;

    async fn run(ctx: &Context, input: Input) -> Result<Edit> {
        let rows = ctx.read(sql!("edit/get"), &[&&*input.id]).await?;
        Edit::shown(ctx, &rows)?.pop().ok_or_else(missing)
    }
}
