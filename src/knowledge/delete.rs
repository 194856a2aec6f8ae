//! knowledge_delete

use super::get::missing;
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::trash::Deleted;
use crate::types::Name;
use crate::write::Begun;
use schemars::JsonSchema;
use serde::Deserialize;

/// Moves a note to the trash, from where it can be restored for 30 days; with erase it is gone for good.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The note's id, `kn_…`.
    id: Name,
    /// For good, without a trash.
    #[serde(default)]
    erase: bool,
}

/// Deletes a note.
pub struct Delete;

impl Operation for Delete {
    const NAME: &'static str = "knowledge_delete";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/api/v1/knowledge/{id}";
    const ACCESS: Access = Access::Write;
    type Input = Input;
    type Output = Deleted;

    async fn run(ctx: &Context, input: Input) -> Result<Deleted> {
        let id: &str = &input.id;
        if let Begun::Fresh(mut write) = ctx.begin().await? {
            write.revive(sql!("knowledge/revive"), id).await?;
            let done = match input.erase {
                true => write.first(sql!("knowledge/erase"), &[&id]).await?,
                false => {
                    write
                        .first(sql!("knowledge/delete"), &[&id, &ctx.at])
                        .await?
                }
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
