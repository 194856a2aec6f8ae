//! feedback_create

use super::{Feedback, Severity};
use crate::error::Result;
use crate::id;
use crate::operation::{Access, Context, Method, Operation};
use crate::types::{Name, Text};
use crate::write::{Begun, gone};
use schemars::JsonSchema;
use serde::Deserialize;

/// Stores what an agent or a person thinks of the work; what is open and severe comes up in next_actions.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewFeedback")]
pub struct Input {
    /// What it is about.
    category: Name,
    /// What kind it is: bug, wish, praise, …
    #[serde(rename = "type")]
    kind: Name,
    /// What it says.
    description: Text,
    /// How much it matters.
    #[serde(default)]
    severity: Severity,
    /// Who gives it.
    agent_id: Option<Name>,
}

/// Stores feedback.
pub struct Create;

impl Operation for Create {
    const NAME: &'static str = "feedback_create";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/feedback";
    const ACCESS: Access = Access::Write;
    const CREATES: bool = true;
    type Input = Input;
    type Output = Feedback;

    async fn run(ctx: &Context, input: Input) -> Result<Feedback> {
        let (feedback_id, created_at) = id::new("fbk");
        let mut feedback = Feedback {
            feedback_id,
            tenant_id: ctx.tenant.clone(),
            category: input.category.into(),
            kind: input.kind.into(),
            description: input.description.into(),
            severity: input.severity.as_str().to_owned(),
            status: "open".to_owned(),
            agent_id: input.agent_id.map(String::from),
            sensitivity: crate::knowledge::none(),
            encrypted: false,
            created_at,
            updated_at: created_at,
            sealed: None,
        };
        ctx.protect(&mut feedback).await?;
        let feedback_id = match ctx.begin().await? {
            Begun::Replay(mut ids) => ids.pop().ok_or_else(gone)?,
            Begun::Fresh(write) => {
                feedback.store(write.tx(), &ctx.tenant).await?;
                write
                    .commit(std::slice::from_ref(&feedback.feedback_id))
                    .await?;
                feedback.feedback_id
            }
        };
        Feedback::find(ctx, &feedback_id).await?.ok_or_else(gone)
    }
}
