//! handoff_delete

use super::get::missing;
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::trash::Deleted;
use crate::types::Name;
use crate::write::Begun;
use schemars::JsonSchema;
use serde::Deserialize;

/// Moves a handoff to the trash, from where it can be restored for 30 days; with erase it is gone for good.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The handoff's id, `sh_…`.
    id: Name,
    /// For good, without a trash.
    #[serde(default)]
    erase: bool,
}

/// Deletes a handoff.
pub struct Delete;

impl Operation for Delete {
    const NAME: &'static str = "handoff_delete";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/api/v1/handoffs/{id}";
    const ACCESS: Access = Access::Write;
    type Input = Input;
    type Output = Deleted;

    async fn run(ctx: &Context, input: Input) -> Result<Deleted> {
        if let Begun::Fresh(mut write) = ctx.begin().await? {
            let id = &*input.id;
            write.revive(sql!("handoff/revive"), id).await?;
            write.unsay(id).await?;
            let done = match input.erase {
                true => write.first(sql!("handoff/erase"), &[&id]).await?,
                false => write.first(sql!("handoff/delete"), &[&id, &ctx.at]).await?,
            };
            done.ok_or_else(missing)?;
            if input.erase {
                write.forget(id).await?;
                write.audit(ctx, "erased");
            } else {
                write.trash(id, true).await?;
            }
            write.commit(&[id.to_owned()]).await?;
        }
        Ok(Deleted::new(input.id.into(), input.erase))
    }
}
