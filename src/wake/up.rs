//! wake_up

use super::assemble::{Line, State, assemble};
use super::reply::{LastHandoff, WakeUp};
use crate::db::Row;
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::types::{Int, Name};
use schemars::JsonSchema;
use serde::Deserialize;

/// What an agent needs to go on: what must be remembered, who it is becoming, the last handoff, decisions in force, older handoffs.
/// Most important first, and the whole reply within max_tokens.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Whom the session is with.
    with_whom: Name,
    /// Prefer this project's handoffs and decisions.
    project_path: Option<Name>,
    /// The size of the whole reply: an ASCII character counts a quarter of a token, other letters half of one, a character of a
    /// script without spaces a whole one.
    #[serde(default)]
    max_tokens: Int<100, 65_000, 500>,
}

/// Wakes an agent up.
pub struct Up;

impl Operation for Up {
    const NAME: &'static str = "wake_up";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/wake-up";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = WakeUp;

    async fn run(ctx: &Context, input: Input) -> Result<WakeUp> {
        wake(
            ctx,
            &input.with_whom,
            input.project_path.as_deref(),
            input.max_tokens.get() as usize,
        )
        .await
    }
}

/// The wake-up with someone, within `max_tokens`.
pub async fn wake(
    ctx: &Context,
    with_whom: &str,
    project_path: Option<&str>,
    max_tokens: usize,
) -> Result<WakeUp> {
    // More than could ever fit: the frame of a line alone takes some twenty tokens. Whatever is beyond shows in `truncated`.
    let most = |tokens: usize| (max_tokens / tokens + 2) as i64;
    let (sessions, remember, becoming, decisions) = (most(400), most(75), most(150), most(150));
    let rows = ctx
        .app
        .db
        .read_planned_once(
            &ctx.tenant,
            sql!("wake/up"),
            &[
                &with_whom,
                &project_path,
                &sessions,
                &remember,
                &becoming,
                &decisions,
            ],
        )
        .await?;
    let mut state = State::default();
    for row in &rows {
        match row.get(0) {
            "session" if state.last.is_none() => state.last = Some(LastHandoff::from_row(row)),
            "session" => state.older.extend(line(row)),
            "remember" => state.remember.extend(line(row)),
            "becoming" => state.becoming.extend(line(row)),
            _ => state.decisions.extend(line(row)),
        }
    }
    assemble(&ctx.tenant, with_whom, &state, max_tokens)
}

/// A line of a section; a session that left nothing to say in one has none.
fn line(row: &Row) -> Option<Line> {
    Some(Line {
        id: row.get(1),
        at: row.get(2),
        text: row.get::<_, Option<String>>(3)?,
    })
}
