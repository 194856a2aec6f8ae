//! session_start

use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::types::Name;
use crate::wake;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Starts a session: answers with the wake-up of the default size.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The session that starts.
    session_id: Name,
    /// Whom it is with.
    with_whom: Name,
}

/// What to start with.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// Always session_started.
    status: &'static str,
    session_id: String,
    /// The wake-up.
    context: wake::WakeUp,
}

/// Starts a session.
pub struct Start;

impl Operation for Start {
    const NAME: &'static str = "session_start";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/session/start";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let context = wake::wake(ctx, &input.with_whom, None, 500).await?;
        Ok(Output {
            status: "session_started",
            session_id: input.session_id.into(),
            context,
        })
    }
}
