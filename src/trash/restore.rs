//! trash_restore

use crate::error::{Error, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::types::Name;
use crate::write::Begun;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Brings something back from the trash.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// What was deleted: a handoff's or a note's id.
    id: Name,
}

/// What came back.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// Always true.
    success: bool,
    id: String,
}

/// Restores from the trash.
pub struct Restore;

impl Operation for Restore {
    const NAME: &'static str = "trash_restore";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/trash/{id}/restore";
    const ACCESS: Access = Access::Write;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let id: &str = &input.id;
        if let Begun::Fresh(mut write) = ctx.begin().await? {
            let back = match id.split_once('_') {
                Some(("sh", _)) => (
                    write.first(sql!("trash/restore_handoff"), &[&id]).await?,
                    sql!("handoff/supersede"),
                ),
                Some(("kn", _)) => (
                    write.first(sql!("trash/restore_note"), &[&id]).await?,
                    sql!("knowledge/supersede"),
                ),
                _ => (None, sql!("knowledge/supersede")),
            };
            let (row, replace) = back;
            let row =
                row.ok_or_else(|| Error::not_found("nothing in the trash by that id").field("id"))?;
            write.trash(id, false).await?;
            // Whoever takes it out of the trash uses it: it does not fade away again at once.
            let (ids, once, now) = (vec![id.to_owned()], vec![1i64], vec![ctx.at]);
            write
                .query(sql!("recall/uses"), &[&ids, &once, &now])
                .await?;
            if let Some(old) = row.get::<_, Option<String>>(1)
                && write.first(replace, &[&old, &id]).await?.is_some()
            {
                write.supersede(&old, row.get(2), None).await?;
            }
            write.audit(ctx, "from the trash");
            write.commit(&[id.to_owned()]).await?;
        }
        Ok(Output {
            success: true,
            id: input.id.into(),
        })
    }
}
