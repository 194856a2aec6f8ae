//! wake_up

use super::assemble::assemble;
use super::reply::{LastHandoff, WakeUp};
use super::state::{Line, Lines, State};
use crate::consolidation::PRINCIPLE;
use crate::db::Row;
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::types::{Int, Name};
use schemars::JsonSchema;
use serde::Deserialize;

/// What an agent needs to go on: rules, what must be remembered, who it is becoming, the last handoff, decisions in force,
/// open tasks, older handoffs.
/// Most important first, and the whole reply within max_tokens.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Whom the session is with.
    with_whom: Name,
    /// Prefer this project's handoffs and decisions.
    project_path: Option<Name>,
    /// The size of the whole reply, counted about as a language model's tokenizer does.
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
    const CACHED: bool = true;
    const REPLICATED: bool = true;
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
    // About as many as fit: the frame of a line alone takes some twenty tokens. One more tells whether there is more.
    let most = |tokens: usize| max_tokens / tokens + 2;
    let ask = |most: usize| most as i64 + 1;
    let (sessions, remember, becoming, decisions) = (most(400), most(25), most(150), most(150));
    let pinned = most(30);
    let rows = ctx
        .place
        .db
        .read_planned_once(
            &ctx.tenant,
            sql!("wake/up"),
            &[
                &with_whom,
                &project_path,
                &ask(sessions),
                &ask(remember),
                &ask(becoming),
                &ask(decisions),
                &ask(pinned),
                &PRINCIPLE,
            ],
        )
        .await?;
    let (mut state, mut notes) = (State::default(), Lines::default());
    for row in &rows {
        match row.get(0) {
            "session" if state.last.is_none() => {
                let mut last = LastHandoff::from_row(row);
                let opened =
                    ctx.opened(&last.handoff_id, row.get("sensitivity"), row.get("sealed"));
                last.open(&opened);
                state.last = Some(last);
            }
            "session" => state.older.lines.push(line(ctx, row, &SUMMARY)),
            "rule" => state.rules.lines.push(line(ctx, row, &["content"])),
            "pinned" => notes.lines.push(pin(ctx, row)),
            "remember" => state.remember.lines.push(line(ctx, row, &["remember"])),
            "principle" => state.principles.lines.push(line(ctx, row, &["principle"])),
            "becoming" => state.becoming.lines.push(line(ctx, row, &["becoming"])),
            "task" => state.tasks.lines.push(line(ctx, row, &["title"])),
            _ => {
                let mut decision = line(ctx, row, &["decision"]);
                decision.essential = row.get::<_, Option<f64>>(5).is_some();
                if decision.essential {
                    notes.lines.push(decision.clone());
                }
                state.decisions.lines.push(decision);
            }
        }
    }
    state.rules.keep(pinned);
    notes.keep(2 * pinned);
    state.older.keep(sessions - 1);
    state.remember.keep(remember);
    state.remember.more |= notes.more;
    state.remember.lines.splice(0..0, notes.lines);
    state.principles.keep(becoming);
    state.becoming.keep(becoming);
    state.decisions.keep(decisions);
    state.tasks.keep(becoming);
    assemble(&ctx.tenant, with_whom, &state, max_tokens)
}

/// Which text stands for a session, the first it has; as in the statement.
const SUMMARY: [&str; 6] = [
    "story",
    "experienced",
    "learned",
    "noticed",
    "becoming",
    "remember",
];

/// A line; of a sealed memory, the first of these texts.
fn line(ctx: &Context, row: &Row, names: &[&str]) -> Line {
    let id: String = row.get(1);
    let opened = ctx.opened(&id, row.get("sensitivity"), row.get("sealed"));
    Line {
        text: opened.text(names).unwrap_or_else(|| row.get(3)),
        at: row.get(2),
        essential: row.get::<_, &str>(0) == "remember" && row.get::<_, f64>(5) >= SIGNIFICANT,
        id,
    }
}

/// A pinned note.
fn pin(ctx: &Context, row: &Row) -> Line {
    let mut line = line(ctx, row, &["content"]);
    line.essential = true;
    line
}

/// What is remembered with this significance comes before anything else.
const SIGNIFICANT: f64 = 0.7;
