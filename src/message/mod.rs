//! message

use crate::endpoint::Endpoint;
use crate::error::Result;
use crate::event::{Words, say};
use crate::operation::{Access, Context, Method, Operation};
use crate::recall::search;
use crate::remind::{Reminder, asked};
use crate::text::tokens;
use crate::types::{Name, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The operations of this folder.
pub const OPERATIONS: &[Endpoint] = &[Endpoint::of::<Message>()];

/// Records what a person says to an agent, and answers with what is remembered for it, to put before the model: quoted, within
/// CONTEXT_MAX_TOKENS. Nothing is recorded with TRANSPARENT_MEMORY=false, nothing remembered with CONTEXT_INJECTION=false.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewMessage")]
pub struct Input {
    /// What is said.
    text: Text,
    /// The session it is said in.
    session_id: Name,
    /// The agent it is said to.
    agent_id: Name,
    /// Who says it.
    with_whom: Option<Name>,
    /// The project it is about.
    project_path: Option<Name>,
}

/// The recorded message, and what is remembered for it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "MessageRecorded")]
pub struct Output {
    /// The event; null where nothing is recorded.
    event_id: Option<String>,
    /// What is remembered, as a quotation; empty where there is nothing that is likely to help.
    context: String,
    /// The ids of the memories in it.
    refs: Vec<String>,
    /// Its size.
    token_count: usize,
}

/// Records a message.
pub struct Message;

impl Operation for Message {
    const NAME: &'static str = "message";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/message";
    const ACCESS: Access = Access::Write;
    const CREATES: bool = true;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let settings = &ctx.app.config.memory;
        // Before it is recorded: a message reminds of itself first of all.
        let (context, refs) = match settings.injection {
            true => remembered(ctx, &input.text, settings.max_tokens as usize).await?,
            false => Default::default(),
        };
        let event_id = match settings.transparent {
            false => None,
            true => {
                let words = Words {
                    session_id: input.session_id,
                    person: input.with_whom,
                    agent: input.agent_id,
                    text: input.text,
                    project: input.project_path,
                };
                Some(say(ctx, words).await?)
            }
        };
        Ok(Output {
            event_id,
            token_count: tokens(&context),
            context,
            refs,
        })
    }
}

/// What recall is sure of, quoted within `max` tokens, and the ids.
async fn remembered(ctx: &Context, text: &str, max: usize) -> Result<(String, Vec<String>)> {
    let answer = search(ctx, &asked(text, ctx.at)).await?;
    let reminder = Reminder {
        question: text,
        session: None,
        max_tokens: max,
    };
    Ok(reminder.of(ctx, &answer))
}
