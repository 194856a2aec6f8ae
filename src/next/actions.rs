//! next_actions

use crate::error::Result;
use crate::feedback::Feedback;
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::task::Task;
use crate::types::{Int, Name};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an agent should do next: go on with what it has claimed, look into what is severe, claim what is ready.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The agent that asks.
    agent_id: Name,
    /// Only tasks of this project.
    project_path: Option<Name>,
    /// How many at most.
    #[serde(default)]
    limit: Int<1, 50, 5>,
}

/// What to do, the first first.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NextActions")]
pub struct Output {
    /// Who asked.
    agent_id: String,
    /// What to do.
    actions: Vec<Action>,
}

/// One thing to do.
#[derive(Serialize, JsonSchema)]
pub struct Action {
    /// continue: a task that the agent has claimed. respond: severe feedback. claim: a task that is ready.
    action: &'static str,
    /// The task's or the feedback's id.
    id: String,
    /// What it says.
    text: String,
    /// The call that takes it on or ends it.
    call: String,
}

/// Says what is next.
pub struct Actions;

impl Operation for Actions {
    const NAME: &'static str = "next_actions";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/next-actions";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let (agent, project) = (&*input.agent_id, input.project_path.as_deref());
        let limit = i64::from(input.limit.get());
        let rows = ctx
            .read(sql!("next/tasks"), &[&agent, &project, &limit])
            .await?;
        let (claimed, ready): (Vec<Task>, Vec<Task>) = Task::shown(ctx, &rows)
            .into_iter()
            .partition(|task| task.status == "claimed");
        let rows = ctx.read(sql!("next/feedback"), &[&limit]).await?;
        let mut actions: Vec<Action> = claimed
            .into_iter()
            .map(|task| of_task("continue", "task_complete", task))
            .collect();
        actions.extend(
            Feedback::shown(ctx, &rows)
                .into_iter()
                .map(|feedback| Action {
                    action: "respond",
                    text: feedback.description,
                    call: format!("feedback_update {}", feedback.feedback_id),
                    id: feedback.feedback_id,
                }),
        );
        actions.extend(
            ready
                .into_iter()
                .map(|task| of_task("claim", "task_claim", task)),
        );
        actions.truncate(input.limit.get() as usize);
        Ok(Output {
            agent_id: input.agent_id.into(),
            actions,
        })
    }
}

fn of_task(action: &'static str, operation: &str, task: Task) -> Action {
    Action {
        action,
        text: task.title,
        call: format!("{operation} {}", task.task_id),
        id: task.task_id,
    }
}
