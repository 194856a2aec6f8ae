//! What a wake-up is made of.

use super::reply::LastHandoff;
use chrono::{DateTime, Utc};

/// What the database has for a wake-up, each list in the order of importance and bounded.
#[derive(Default)]
pub struct State {
    /// The newest session with this person, with all its texts.
    pub last: Option<LastHandoff>,
    /// The sessions before it.
    pub older: Lines,
    /// Standing instructions.
    pub rules: Lines,
    /// What must be remembered: pinned memories, then by significance.
    pub remember: Lines,
    /// What many statements of the identity thread say.
    pub principles: Lines,
    /// Statements of the identity thread.
    pub becoming: Lines,
    /// Decisions in force.
    pub decisions: Lines,
    /// Tasks that are claimed or can be.
    pub tasks: Lines,
}

/// Lines in the order of importance, and whether the database has more of them.
#[derive(Default)]
pub struct Lines {
    /// Those that may be shown.
    pub lines: Vec<Line>,
    /// Whether there are others.
    pub more: bool,
}

impl Lines {
    /// Keeps the first `most`.
    pub fn keep(&mut self, most: usize) {
        self.more = self.lines.len() > most;
        self.lines.truncate(most);
    }
}

/// A text with its origin.
#[derive(Clone)]
pub struct Line {
    /// The memory it comes from.
    pub id: String,
    /// The text.
    pub text: String,
    /// When it was stored.
    pub at: DateTime<Utc>,
    /// Pinned, or significant: shown before anything else.
    pub essential: bool,
}
