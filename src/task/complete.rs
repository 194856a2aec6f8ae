//! task_complete

use super::Task;
use crate::error::{Error, Kind, Result};
use crate::finding::Draft;
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::tenant::Adds;
use crate::types::{List, Name, Object};
use crate::write::Begun;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Ends a task that the agent claimed, with what it found: all of it is stored, or nothing.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The task's id, `tsk_…`.
    id: Name,
    /// The agent that claimed it.
    agent_id: Name,
    /// How it ended. Only what is done lets the tasks begin that wait for it.
    #[serde(default)]
    status: Ended,
    /// What was found.
    #[serde(default)]
    findings: List<Object<Draft>, 100>,
}

/// How a task ended.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Ended {
    /// It is done.
    #[default]
    Done,
    /// It could not be done.
    Failed,
    /// It is not to be done any more.
    Cancelled,
}

impl Ended {
    fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The task, and what was found.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Completed")]
pub struct Output {
    /// The task.
    task: Task,
    /// The ids of what was found, in the order of the request.
    finding_ids: Vec<String>,
}

/// Ends a task.
pub struct Complete;

impl Operation for Complete {
    const NAME: &'static str = "task_complete";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/tasks/{id}/complete";
    const ACCESS: Access = Access::Write;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let (id, agent) = (&*input.id, &*input.agent_id);
        let mut findings = Vec::new();
        for draft in input.findings.into_inner() {
            let mut finding = draft.0.into_finding(ctx, agent, Some(id));
            ctx.protect(&mut finding).await?;
            findings.push(finding);
        }
        let _room = ctx.room_for(Adds::rows(findings.len())).await?;
        let finding_ids: Vec<String> = match ctx.begin().await? {
            Begun::Replay(ids) => ids,
            Begun::Fresh(mut write) => {
                let status = input.status.as_str();
                let ended = write
                    .first(sql!("task/complete"), &[&id, &agent, &status, &ctx.at])
                    .await?;
                if ended.is_none() {
                    drop(write);
                    return Err(not_its_own(&Task::find(ctx, id).await?));
                }
                for finding in &findings {
                    finding.publish(ctx, &mut write).await?;
                }
                let ids: Vec<String> = findings
                    .into_iter()
                    .map(|finding| finding.finding_id)
                    .collect();
                write.commit(&ids).await?;
                ids
            }
        };
        Ok(Output {
            task: Task::find(ctx, id).await?,
            finding_ids,
        })
    }
}

fn not_its_own(task: &Task) -> Error {
    let (code, message) = match (task.status.as_str(), &task.claimed_by) {
        ("claimed", Some(who)) => ("task_claimed", format!("{who} has claimed this task")),
        ("open", _) => (
            "task_not_claimed",
            "claim the task first: task_claim".to_owned(),
        ),
        (ended, _) => ("task_ended", format!("this task is {ended}")),
    };
    Error::new(Kind::Conflict, code, message).field("id")
}
