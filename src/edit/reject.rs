//! edit_reject

use super::{Edit, apply};
use crate::error::{Error, Kind, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::types::Name;
use crate::write::{Begun, gone};
use schemars::JsonSchema;
use serde::Deserialize;

/// Rejects a proposed edit, or takes an approved one back: what it changed is as it was before.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The edit's id, `edt_…`.
    id: Name,
}

/// Rejects an edit.
pub struct Reject;

impl Operation for Reject {
    const NAME: &'static str = "edit_reject";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/edits/{id}/reject";
    const ACCESS: Access = Access::Write;
    type Input = Input;
    type Output = Edit;

    async fn run(ctx: &Context, input: Input) -> Result<Edit> {
        let id: &str = &input.id;
        if let Begun::Fresh(mut write) = ctx.begin().await? {
            let mut edit = Edit::lock(ctx, &write, id).await?;
            match edit.status.as_str() {
                "rejected" => {
                    let message = "this edit is rejected already";
                    return Err(Error::new(Kind::Conflict, "already_decided", message));
                }
                "approved" => apply::undo(ctx, &mut write, &mut edit).await?,
                _ => {}
            }
            edit.decide(ctx, &write, "rejected").await?;
            write.audit(ctx, "an edit was rejected or taken back");
            write.commit(&[id.to_owned()]).await?;
        }
        let rows = ctx.read(sql!("edit/get"), &[&id]).await?;
        Edit::shown(ctx, &rows)?.pop().ok_or_else(gone)
    }
}
