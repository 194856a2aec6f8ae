//! edit_approve

use super::{Edit, apply};
use crate::error::{Error, Kind, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::types::Name;
use crate::write::{Begun, gone};
use schemars::JsonSchema;
use serde::Deserialize;

/// Lets a proposed edit take effect: at once, in recall, wake-ups, contexts, lists and exports.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The edit's id, `edt_…`.
    id: Name,
}

/// Approves an edit.
pub struct Approve;

impl Operation for Approve {
    const NAME: &'static str = "edit_approve";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/edits/{id}/approve";
    const ACCESS: Access = Access::Write;
    type Input = Input;
    type Output = Edit;

    async fn run(ctx: &Context, input: Input) -> Result<Edit> {
        let id: &str = &input.id;
        if let Begun::Fresh(mut write) = ctx.begin().await? {
            let mut edit = Edit::lock(ctx, &write, id).await?;
            if edit.status != "pending" {
                let message = format!("this edit is {} already", edit.status);
                return Err(Error::new(Kind::Conflict, "already_decided", message));
            }
            apply::apply(ctx, &mut write, &mut edit).await?;
            edit.decide(ctx, &write, "approved").await?;
            write.audit(ctx, "an edit took effect");
            write.commit(&[id.to_owned()]).await?;
        }
        let rows = ctx.read(sql!("edit/get"), &[&id]).await?;
        Edit::shown(ctx, &rows)?.pop().ok_or_else(gone)
    }
}
