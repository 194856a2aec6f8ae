//! finding_post

use super::{Draft, Finding, likely};
use crate::error::{Error, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::types::{List, Name, Share, Tags, Text};
use crate::write::{Begun, gone};
use schemars::JsonSchema;
use serde::Deserialize;

/// Stores what an agent found out, for itself and for the others; recall finds it at once.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Who found it.
    agent_id: Name,
    /// The task it came of, `tsk_…`.
    task_id: Option<Name>,
    /// What was found.
    content: Text,
    /// How sure it is, 0 to 1.
    #[serde(default = "likely")]
    #[schemars(default = "likely")]
    confidence: Share,
    /// Labels to find it by.
    #[serde(default)]
    tags: Tags,
    /// What it refers to: files, commits, ids of memories.
    #[serde(default)]
    refs: List<Name, 256>,
}

/// Stores a finding.
pub struct Post;

impl Operation for Post {
    const NAME: &'static str = "finding_post";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/findings";
    const ACCESS: Access = Access::Write;
    const CREATES: bool = true;
    type Input = Input;
    type Output = Finding;

    async fn run(ctx: &Context, input: Input) -> Result<Finding> {
        let task = input.task_id.as_deref();
        let draft = Draft {
            content: input.content,
            confidence: input.confidence,
            tags: input.tags,
            refs: input.refs,
        };
        let mut finding = draft.into_finding(ctx, &input.agent_id, task);
        ctx.protect(&mut finding).await?;
        let mut quarantined = None;
        let finding_id = match ctx.begin().await? {
            Begun::Replay(mut ids) => ids.pop().ok_or_else(gone)?,
            Begun::Fresh(mut write) => {
                if let Some(task) = task
                    && write.first(sql!("task/get"), &[&task]).await?.is_none()
                {
                    return Err(Error::not_found("no task by that id").field("task_id"));
                }
                quarantined = finding.publish(ctx, &mut write).await?;
                write
                    .commit(std::slice::from_ref(&finding.finding_id))
                    .await?;
                finding.finding_id
            }
        };
        let rows = ctx.read(sql!("finding/get"), &[&finding_id]).await?;
        let stored = Finding::shown(ctx, &rows).pop().ok_or_else(gone)?;
        Ok(Finding {
            quarantined,
            ..stored
        })
    }
}
