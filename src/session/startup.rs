//! session_startup

use crate::error::Result;
use crate::handoff::Handoff;
use crate::knowledge::Note;
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::types::Name;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the last ten sessions with someone left, text by text, and the newest notes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Whom the session is with.
    with_whom: Name,
}

/// The state at the start of a session.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    tenant_id: String,
    with_whom: String,
    /// Whether there was no session with them before.
    first_session: bool,
    last_handoff: Option<Handoff>,
    identity_thread: Threads,
    recent_knowledge: Vec<Note>,
    loaded_at: DateTime<Utc>,
    total_handoffs: i64,
    total_knowledge_notes: i64,
}

/// The texts of the last ten sessions, newest first.
#[derive(Default, Serialize, JsonSchema)]
pub struct Threads {
    experienced: Vec<String>,
    noticed: Vec<String>,
    learned: Vec<String>,
    becoming: Vec<String>,
    remember: Vec<String>,
}

/// Reads the state at the start of a session.
pub struct Startup;

impl Operation for Startup {
    const NAME: &'static str = "session_startup";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/session/startup";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let with_whom: &str = &input.with_whom;
        let mut rows = ctx
            .place
            .db
            .read_all(
                &ctx.tenant,
                &[
                    (sql!("session/startup_counts"), &[]),
                    (sql!("session/startup_handoffs"), &[&with_whom]),
                    (sql!("session/startup_notes"), &[]),
                ],
            )
            .await?;
        let notes = rows.pop().unwrap_or_default();
        let handoffs = Handoff::shown(ctx, &rows.pop().unwrap_or_default());
        let counts = rows.pop().unwrap_or_default();
        let count = |column: usize| counts.first().map_or(0, |row| row.get(column));
        Ok(Output {
            tenant_id: ctx.tenant.clone(),
            with_whom: with_whom.to_owned(),
            first_session: handoffs.is_empty(),
            identity_thread: threads(&handoffs),
            last_handoff: handoffs.into_iter().next(),
            recent_knowledge: Note::shown(ctx, &notes),
            loaded_at: ctx.at,
            total_handoffs: count(0),
            total_knowledge_notes: count(1),
        })
    }
}

fn threads(handoffs: &[Handoff]) -> Threads {
    let all = |pick: fn(&Handoff) -> &Option<String>| {
        handoffs
            .iter()
            .filter_map(|handoff| pick(handoff).clone())
            .collect()
    };
    Threads {
        experienced: all(|handoff| &handoff.experienced),
        noticed: all(|handoff| &handoff.noticed),
        learned: all(|handoff| &handoff.learned),
        becoming: all(|handoff| &handoff.becoming),
        remember: all(|handoff| &handoff.remember),
    }
}
