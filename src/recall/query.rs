//! What a search is asked, and what it answers.

use super::score::Explanation;
use crate::origin::Origin;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

/// What to look for.
#[derive(Clone, Debug)]
pub struct Query {
    /// A question in plain words.
    pub words: String,
    /// Kinds of memory; none means all.
    pub kinds: Vec<String>,
    /// About or with someone.
    pub with_whom: Option<String>,
    /// Of one session.
    pub session_id: Option<String>,
    /// With all of these labels.
    pub tags: Vec<String>,
    /// From this instant on.
    pub since: Option<DateTime<Utc>>,
    /// Before this instant.
    pub until: Option<DateTime<Utc>>,
    /// What was known and believed then.
    pub as_of: Option<DateTime<Utc>>,
    /// When it is asked.
    pub now: DateTime<Utc>,
    /// Of one project.
    pub project: Option<String>,
    /// The levels that may be shown.
    pub levels: Vec<String>,
    /// Whether quarantined ones count too.
    pub quarantined: bool,
    /// Whether to say how the score came about.
    pub explain: bool,
    /// How many at most.
    pub limit: usize,
}

impl Query {
    /// Words without any filter.
    pub fn words(words: &str, now: DateTime<Utc>, limit: usize) -> Self {
        Self {
            words: words.to_owned(),
            kinds: Vec::new(),
            with_whom: None,
            session_id: None,
            tags: Vec::new(),
            since: None,
            until: None,
            as_of: None,
            now,
            project: None,
            levels: ["none", "low", "medium"].map(str::to_owned).to_vec(),
            quarantined: false,
            explain: false,
            limit,
        }
    }

    /// Whether it asks for some memories alone.
    pub fn is_filtered(&self) -> bool {
        !(self.kinds.is_empty() && self.tags.is_empty())
            || [&self.with_whom, &self.session_id, &self.project]
                .iter()
                .any(|filter| filter.is_some())
            || [self.since, self.until, self.as_of]
                .iter()
                .any(Option::is_some)
    }
}

/// A memory that fits.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Found {
    /// Its id.
    pub id: String,
    /// event, handoff, knowledge, decision, principle or finding.
    pub kind: String,
    /// What it says.
    pub text: String,
    /// How well it fits; comparable within one reply.
    pub score: f64,
    /// When it happened or was stored.
    pub at: DateTime<Utc>,
    /// Who said it.
    pub actor: Option<String>,
    /// The session it comes from.
    pub session_id: Option<String>,
    /// Its labels.
    pub tags: Vec<String>,
    /// The part of the memory the text is: a handoff's member, a note's content, an event's chunk by its id.
    pub source: String,
    /// Who wrote it, and how it came; left out of what is older than that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Whether it reads like an order to a model: it is what somebody said, and gives none. Left out where it does not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub reads_like_an_order: bool,
    /// How the score came about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
}

/// What a search found.
pub struct Answer {
    /// Best first.
    pub found: Vec<Found>,
    /// Whether nothing of it is likely to answer the question.
    pub below_confidence: bool,
}
