//! What a wake-up answers.

use crate::db::Row;
use crate::seal::Opened;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

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
    /// What must not be forgotten: pinned memories, then by significance.
    pub remember: Vec<Remembered>,
    /// Tasks that are claimed or can be, the most important first.
    pub open_tasks: Vec<OpenTask>,
    /// Standing instructions.
    pub rules: Vec<String>,
    /// Principles that consolidation found.
    pub principles: Vec<String>,
    /// Sessions before the last one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub experienced: Option<String>,
    /// What stood out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noticed: Option<String>,
    /// What was understood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learned: Option<String>,
    /// The session as a story.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub story: Option<String>,
    /// Who the agent is becoming.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub becoming: Option<String>,
    /// What must not be forgotten.
    #[serde(skip_serializing_if = "Option::is_none")]
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

/// A task that is claimed or can be.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct OpenTask {
    /// Its id.
    pub task_id: String,
    /// What is to be done.
    pub title: String,
}

/// Something that must not be forgotten.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Remembered {
    /// The handoff, note or decision it stands in.
    pub id: String,
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

impl LastHandoff {
    /// Puts opened texts, or the placeholder, in the place of sealed ones.
    pub fn open(&mut self, opened: &Opened) {
        for (name, text) in [
            ("experienced", &mut self.experienced),
            ("noticed", &mut self.noticed),
            ("learned", &mut self.learned),
            ("story", &mut self.story),
            ("becoming", &mut self.becoming),
            ("remember", &mut self.remember),
        ] {
            if let (Some(text), Some(opened)) = (text, opened.text(&[name])) {
                *text = opened;
            }
        }
    }

    /// From the first session's row of wake/up.
    pub fn from_row(row: &Row) -> Self {
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
