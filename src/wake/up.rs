//! wake_up

use super::assemble::{Line, State, assemble};
use crate::db::Row;
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::types::{Int, Name};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

/// The pieces to wake up with.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct WakeUp {
    /// Whose memory.
    pub tenant_id: String,
    /// Whom the session is with.
    pub with_whom: String,
    /// Whether there was no session with them before.
    pub first_session: bool,
    /// What the last session with them left.
    pub last_handoff: Option<LastHandoff>,
    /// Who the agent is becoming, newest first.
    pub identity_thread: Vec<Statement>,
    /// Decisions in force, pinned ones first.
    pub recent_decisions: Vec<Decided>,
    /// What must not be forgotten, most significant first.
    pub remember: Vec<Remembered>,
    /// Tasks that are open.
    pub open_tasks: Vec<String>,
    /// Standing instructions.
    pub rules: Vec<String>,
    /// Principles that consolidation found.
    pub principles: Vec<String>,
    /// Sessions before the last one.
    pub older_handoffs: Vec<Older>,
    /// The same as text, to put in front of a model.
    pub context: String,
    /// The size of this reply.
    pub token_count: usize,
    /// Members that were shortened or left out to fit.
    pub truncated: Vec<&'static str>,
}

/// The last handoff, its texts as far as they fit.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LastHandoff {
    /// Its id.
    pub handoff_id: String,
    /// The session that wrote it.
    pub session_id: String,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
    /// How much it matters.
    pub significance: f64,
    /// What happened.
    pub experienced: Option<String>,
    /// What stood out.
    pub noticed: Option<String>,
    /// What was understood.
    pub learned: Option<String>,
    /// The session as a story.
    pub story: Option<String>,
    /// Who the agent is becoming.
    pub becoming: Option<String>,
    /// What must not be forgotten.
    pub remember: Option<String>,
}

/// One statement of the identity thread.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Becoming")]
pub struct Statement {
    /// The handoff it stands in.
    pub handoff_id: String,
    /// The statement.
    pub becoming: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// A decision in force.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Decided {
    /// Its id.
    pub decision_id: String,
    /// What was decided.
    pub decision: String,
}

/// Something that must not be forgotten.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Remembered {
    /// The handoff it stands in.
    pub handoff_id: String,
    /// What it is.
    pub text: String,
}

/// An earlier session in a line.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Older {
    /// The handoff's id.
    pub handoff_id: String,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
    /// Its story, or what else it says first.
    pub summary: String,
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

impl LastHandoff {
    fn from_row(row: &Row) -> Self {
        let mut texts = row.get::<_, Vec<Option<String>>>(6).into_iter();
        let mut text = || texts.next().flatten();
        Self {
            handoff_id: row.get(1),
            created_at: row.get(2),
            session_id: row.get(4),
            significance: row.get(5),
            experienced: text(),
            noticed: text(),
            learned: text(),
            story: text(),
            becoming: text(),
            remember: text(),
        }
    }
}
