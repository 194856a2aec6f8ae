//! task_create

use super::Task;
use crate::edge::{Edge, link};
use crate::error::{Error, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::tenant::Adds;
use crate::types::{List, Name, Tags, Text, strings};
use crate::write::{Begun, gone};
use crate::{id, sql};
use schemars::JsonSchema;
use serde::Deserialize;

/// Says what is to be done. It can be claimed by one agent, as soon as what it depends on is done.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewTask")]
pub struct Input {
    /// What is to be done.
    title: Text,
    /// What there is to know about it.
    description: Option<Text>,
    /// The higher, the earlier it is claimed.
    #[serde(default)]
    #[schemars(range(min = -1000, max = 1000))]
    priority: i32,
    /// The project it belongs to.
    project_path: Option<Name>,
    /// Labels to find it by.
    #[serde(default)]
    tags: Tags,
    /// The tasks that have to be done before it, by their ids.
    #[serde(default)]
    depends_on: List<Name, 64>,
    /// Who asks for it.
    created_by: Option<Name>,
}

/// Makes a task.
pub struct Create;

impl Operation for Create {
    const NAME: &'static str = "task_create";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/tasks";
    const ACCESS: Access = Access::Write;
    const CREATES: bool = true;
    type Input = Input;
    type Output = Task;

    async fn run(ctx: &Context, input: Input) -> Result<Task> {
        if !(-1000..=1000).contains(&input.priority) {
            let message = "expected a whole number from -1000 to 1000";
            return Err(Error::invalid(message).field("priority"));
        }
        let (mut task, before) = draft(ctx, input);
        ctx.protect(&mut task).await?;
        let _room = ctx.room_for(Adds::rows(before.len())).await?;
        let task_id = match ctx.begin().await? {
            Begun::Replay(mut ids) => ids.pop().ok_or_else(gone)?,
            Begun::Fresh(write) => {
                if let Some(row) = write.first(sql!("task/unknown"), &[&before]).await? {
                    let id: String = row.get(0);
                    return Err(
                        Error::not_found(format!("there is no task {id}")).field("depends_on")
                    );
                }
                task.store(write.tx(), &ctx.tenant).await?;
                for other in before {
                    let mut edge = Edge::new(ctx, task.task_id.clone(), other);
                    edge.created_by.clone_from(&task.created_by);
                    link(&write, &edge).await?;
                }
                write.commit(std::slice::from_ref(&task.task_id)).await?;
                task.task_id
            }
        };
        Task::find(ctx, &task_id).await.map_err(|_| gone())
    }
}

/// The task, and what has to be done before it.
fn draft(ctx: &Context, input: Input) -> (Task, Vec<String>) {
    let (task_id, created_at) = id::new("tsk");
    let mut before = strings(input.depends_on.into_inner());
    before.sort_unstable();
    before.dedup();
    let task = Task {
        task_id,
        tenant_id: ctx.tenant.clone(),
        title: input.title.into(),
        description: input.description.map(String::from),
        priority: input.priority,
        project_path: input.project_path.map(String::from),
        tags: strings(input.tags.into_inner()),
        created_by: input.created_by.map(String::from),
        status: "open".to_owned(),
        claimed_by: None,
        claimed_at: None,
        ended_at: None,
        depends_on: Vec::new(),
        waits_for: Vec::new(),
        sensitivity: crate::knowledge::none(),
        encrypted: false,
        created_at,
        updated_at: created_at,
        sealed: None,
    };
    (task, before)
}
