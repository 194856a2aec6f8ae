//! task_get

use super::Task;
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::types::Name;
use schemars::JsonSchema;
use serde::Deserialize;

/// One task by its id.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The task's id, `tsk_…`.
    id: Name,
}

/// Gets a task.
pub struct Get;

impl Operation for Get {
    const NAME: &'static str = "task_get";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/tasks/{id}";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Task;

    async fn run(ctx: &Context, input: Input) -> Result<Task> {
        Task::find(ctx, &input.id).await
    }
}
