//! edge_delete

use crate::error::{Error, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::trash::Deleted;
use crate::types::Name;
use crate::write::Begun;
use schemars::JsonSchema;
use serde::Deserialize;

/// Takes a link away for good. A task whose dependency is taken away waits for it no more.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The link's id, `edg_…`.
    id: Name,
}

/// Deletes a link.
pub struct Delete;

impl Operation for Delete {
    const NAME: &'static str = "edge_delete";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/api/v1/edges/{id}";
    const ACCESS: Access = Access::Write;
    type Input = Input;
    type Output = Deleted;

    async fn run(ctx: &Context, input: Input) -> Result<Deleted> {
        let id: &str = &input.id;
        if let Begun::Fresh(write) = ctx.begin().await? {
            let gone = write.first(sql!("edge/delete"), &[&id]).await?;
            gone.ok_or_else(|| Error::not_found("no link by that id").field("id"))?;
            write.commit(&[id.to_owned()]).await?;
        }
        Ok(Deleted::new(input.id.into(), true))
    }
}
