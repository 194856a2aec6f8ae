//! What stands before a person's first words: what is known of the person, then what is known of the matter.

use crate::endpoint::Endpoint;
use crate::error::Result;
use crate::fence::fence;
use crate::operation::{Access, Context, Method, Operation};
use crate::recall::search;
use crate::remind::{Reminder, asked};
use crate::text::tokens;
use crate::types::Name;
use crate::wake::{WakeUp, wake};
use schemars::JsonSchema;
use serde::Deserialize;

/// The smallest wake-up, in tokens.
const SHORTEST: usize = 100;

/// Whom a model talks with, and what about.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The person.
    with_whom: Name,
    /// The session, whose own words stand before the model already.
    session_id: Name,
    /// What was said first.
    question: String,
}

/// Makes the block of a session.
struct Block;

/// The gateway alone asks for it: both of its halves are operations of the registry's.
pub const BLOCK: &Endpoint = &Endpoint::of::<Block>();

impl Operation for Block {
    const NAME: &'static str = "gateway_block";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = String;

    async fn run(ctx: &Context, input: Input) -> Result<String> {
        let max = ctx.app.config.memory.max_tokens as usize;
        let query = asked(&input.question, ctx.at);
        let (woken, recalled) = futures_util::try_join!(
            wake(ctx, &input.with_whom, None, (max / 2).max(SHORTEST)),
            search(ctx, &query)
        )?;
        let known = Some(fence("wake_up", &woken.context))
            .filter(|block| knows(&woken) && tokens(block) <= max);
        let reminder = Reminder {
            question: &input.question,
            session: Some(&input.session_id),
            max_tokens: max - known.as_deref().map_or(0, tokens),
        };
        let (reminded, _) = reminder.of(ctx, &recalled);
        let blocks: Vec<String> = known
            .into_iter()
            .chain(Some(reminded).filter(|block| !block.is_empty()))
            .collect();
        Ok(blocks.join("\n"))
    }
}

/// Whether a wake-up says more than that nothing is known.
fn knows(woken: &WakeUp) -> bool {
    woken.last_handoff.is_some()
        || !(woken.identity_thread.is_empty()
            && woken.recent_decisions.is_empty()
            && woken.remember.is_empty()
            && woken.open_tasks.is_empty()
            && woken.rules.is_empty()
            && woken.principles.is_empty())
}
