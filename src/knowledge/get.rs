//! knowledge_get

use super::Note;
use crate::error::{Error, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::types::Name;
use schemars::JsonSchema;
use serde::Deserialize;

/// One note by its id.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The note's id, `kn_…`.
    id: Name,
}

/// Gets a note.
pub struct Get;

impl Operation for Get {
    const NAME: &'static str = "knowledge_get";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/knowledge/{id}";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Note;

    async fn run(ctx: &Context, input: Input) -> Result<Note> {
        let row = ctx
            .first(sql!("knowledge/get"), &[&&*input.id, &false])
            .await?;
        let rows: Vec<_> = row.into_iter().collect();
        Note::shown(ctx, &rows).pop().ok_or_else(missing)
    }
}

/// No note by that id in this tenant.
pub(super) fn missing() -> Error {
    Error::not_found("no note by that id").field("id")
}
