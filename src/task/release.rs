//! task_release

use super::Task;
use crate::error::{Error, Kind, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::types::Name;
use crate::write::Begun;
use schemars::JsonSchema;
use serde::Deserialize;

/// Gives a claimed task back, so that another agent can claim it: what its own agent does not go on with, or is gone with.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The task's id, `tsk_…`.
    id: Name,
}

/// Gives a task back.
pub struct Release;

impl Operation for Release {
    const NAME: &'static str = "task_release";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/tasks/{id}/release";
    const ACCESS: Access = Access::Write;
    type Input = Input;
    type Output = Task;

    async fn run(ctx: &Context, input: Input) -> Result<Task> {
        let id: &str = &input.id;
        if let Begun::Fresh(write) = ctx.begin().await? {
            let freed = write.first(sql!("task/release"), &[&id, &ctx.at]).await?;
            if freed.is_none() {
                drop(write);
                let task = Task::find(ctx, id).await?;
                let message = format!("this task is {}, nobody has claimed it", task.status);
                return Err(Error::new(Kind::Conflict, "task_not_claimed", message).field("id"));
            }
            write.commit(&[id.to_owned()]).await?;
        }
        Task::find(ctx, id).await
    }
}
