//! task_list

use super::Task;
use crate::db::Value;
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::page::{Cursor, page};
use crate::sql;
use crate::types::{Int, Name};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Tasks, newest first.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Only those that are so far.
    status: Option<Status>,
    /// Only those that this agent claimed.
    claimed_by: Option<Name>,
    /// Only of this project.
    project_path: Option<Name>,
    /// Only with this label.
    tag: Option<Name>,
    /// Only those that can be claimed now.
    #[serde(default)]
    ready: bool,
    /// How many at most.
    #[serde(default)]
    limit: Int<1, 1000, 50>,
    /// Where the page before ended.
    cursor: Option<Cursor>,
}

/// How far a task is.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Status {
    /// Nobody works on it.
    Open,
    /// An agent works on it.
    Claimed,
    /// It is done.
    Done,
    /// It could not be done.
    Failed,
    /// It is not to be done any more.
    Cancelled,
}

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Claimed => "claimed",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A page of tasks.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TaskList")]
pub struct Output {
    /// How many are on this page.
    count: usize,
    /// The tasks.
    tasks: Vec<Task>,
    /// Ask with this for the next page; null on the last.
    next_cursor: Option<String>,
}

/// Lists tasks.
pub struct List;

impl Operation for List {
    const NAME: &'static str = "task_list";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/tasks";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let limit = input.limit.get();
        let (at, id) = input.cursor.map(|cursor| (cursor.at, cursor.id)).unzip();
        let status = input.status.map(Status::as_str);
        let (agent, project, tag) = (
            input.claimed_by.as_deref(),
            input.project_path.as_deref(),
            input.tag.as_deref(),
        );
        let most = i64::from(limit + 1);
        let params: [&dyn Value; 8] = [
            &status,
            &agent,
            &project,
            &tag,
            &input.ready,
            &at,
            &id,
            &most,
        ];
        let rows = ctx.read(sql!("task/list"), &params).await?;
        let mut tasks = Task::shown(ctx, &rows);
        let next_cursor = page(&mut tasks, limit, |last| Cursor {
            at: last.created_at,
            id: last.task_id.clone(),
        });
        Ok(Output {
            count: tasks.len(),
            tasks,
            next_cursor,
        })
    }
}
