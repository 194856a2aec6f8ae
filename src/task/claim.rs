//! task_claim

use super::Task;
use crate::error::{Error, Kind, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::types::Name;
use crate::write::Begun;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Takes a task on: the one that is named, else the most important that waits for nothing. Of all agents that try, one gets it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The task's id, `tsk_…`; without it, whatever is next.
    id: Option<Name>,
    /// The agent that takes it on.
    agent_id: Name,
    /// Where no task is named: only of this project.
    project_path: Option<Name>,
}

/// What was taken on.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Claimed")]
pub struct Output {
    /// The task; null when there is none that can be claimed.
    task: Option<Task>,
}

/// Claims a task.
pub struct Claim;

impl Operation for Claim {
    const NAME: &'static str = "task_claim";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/tasks/{id}/claim";
    const ALSO: &'static [(Method, &'static str)] = &[(Method::Post, "/api/v1/tasks/claim")];
    const ACCESS: Access = Access::Write;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let (id, agent) = (input.id.as_deref(), &*input.agent_id);
        let project = input.project_path.as_deref();
        if id.is_some() && project.is_some() {
            let message = "a task that is named is of the project it is of";
            return Err(Error::invalid(message).field("project_path"));
        }
        let claimed: Vec<String> = match ctx.begin().await? {
            Begun::Replay(ids) => ids,
            Begun::Fresh(write) => {
                let row = match id {
                    Some(id) => {
                        let params: [&dyn crate::db::Value; 3] = [&id, &agent, &ctx.at];
                        write.first(sql!("task/claim"), &params).await?
                    }
                    None => {
                        let params: [&dyn crate::db::Value; 3] = [&agent, &ctx.at, &project];
                        write.first(sql!("task/claim_next"), &params).await?
                    }
                };
                let ids: Vec<String> = row.iter().map(|row| row.get(0)).collect();
                match (id, ids.is_empty()) {
                    (Some(id), true) => {
                        drop(write);
                        return taken(Task::find(ctx, id).await?, agent);
                    }
                    _ => write.commit(&ids).await?,
                }
                ids
            }
        };
        let task = match claimed.first() {
            Some(id) => Some(Task::find(ctx, id).await?),
            None => None,
        };
        Ok(Output { task })
    }
}

/// Why a task cannot be claimed; whoever has it already may ask again.
fn taken(task: Task, agent: &str) -> Result<Output> {
    let (code, message) = match (task.status.as_str(), &task.claimed_by) {
        ("claimed", Some(who)) if who == agent => return Ok(Output { task: Some(task) }),
        ("claimed", Some(who)) => ("task_claimed", format!("{who} has claimed this task")),
        ("open", _) => (
            "task_waits",
            format!(
                "this task waits for {}; claim what it waits for, or nothing in particular",
                task.waits_for.join(", ")
            ),
        ),
        (ended, _) => ("task_ended", format!("this task is {ended}")),
    };
    Err(Error::new(Kind::Conflict, code, message).field("id"))
}
