//! session_open

use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::types::Name;
use crate::write::Begun;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Says that a session has begun, or goes on: when nothing is heard of it any more, it gets a handoff made of its events.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The session.
    session_id: Name,
    /// The agent whose session it is.
    agent_id: Name,
    /// Whom it is with.
    with_whom: Name,
    /// The project it is about.
    project_path: Option<Name>,
}

/// What is known of the session.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SessionOpened")]
pub struct Output {
    /// Always session_opened.
    status: &'static str,
    /// The session.
    session_id: String,
}

/// Opens a session.
pub struct Open;

impl Operation for Open {
    const NAME: &'static str = "session_open";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/session/open";
    const ACCESS: Access = Access::Write;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let (session, agent, whom) = (&*input.session_id, &*input.agent_id, &*input.with_whom);
        let project = input.project_path.as_deref();
        if let Begun::Fresh(write) = ctx.begin().await? {
            write
                .query(
                    sql!("session/open"),
                    &[&session, &agent, &whom, &project, &ctx.at],
                )
                .await?;
            write.commit(&[session.to_owned()]).await?;
        }
        Ok(Output {
            status: "session_opened",
            session_id: input.session_id.into(),
        })
    }
}
