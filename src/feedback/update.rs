//! feedback_update

use super::{Feedback, Severity, Status};
use crate::error::{Error, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::types::Name;
use crate::write::{Begun, gone};
use schemars::JsonSchema;
use serde::Deserialize;

/// Says what became of feedback, or how much it matters after all.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The feedback's id, `fbk_…`.
    id: Name,
    /// What became of it.
    status: Option<Status>,
    /// How much it matters.
    severity: Option<Severity>,
}

/// Changes feedback.
pub struct Update;

impl Operation for Update {
    const NAME: &'static str = "feedback_update";
    const METHOD: Method = Method::Patch;
    const PATH: &'static str = "/api/v1/feedback/{id}";
    const ACCESS: Access = Access::Write;
    type Input = Input;
    type Output = Feedback;

    async fn run(ctx: &Context, input: Input) -> Result<Feedback> {
        let id: &str = &input.id;
        let status = input.status.map(Status::as_str);
        let severity = input.severity.map(Severity::as_str);
        if status.is_none() && severity.is_none() {
            return Err(Error::invalid("say what changes: status or severity"));
        }
        if let Begun::Fresh(write) = ctx.begin().await? {
            let changed = write
                .first(sql!("feedback/update"), &[&id, &status, &severity, &ctx.at])
                .await?;
            changed.ok_or_else(|| Error::not_found("no feedback by that id").field("id"))?;
            write.commit(&[id.to_owned()]).await?;
        }
        Feedback::find(ctx, id).await?.ok_or_else(gone)
    }
}
