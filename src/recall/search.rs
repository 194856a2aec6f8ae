//! The search behind recall: any of the words, in the tenant's newest 20,000 texts.

use crate::error::Result;
use crate::operation::Context;
use crate::sql;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

/// What to look for.
#[derive(Debug, Default)]
pub struct Query {
    /// Plain words; any of them counts.
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
    /// Of one project.
    pub project: Option<String>,
    /// Whether to say how the score came about.
    pub explain: bool,
    /// How many at most.
    pub limit: u32,
}

impl Query {
    /// Words without any filter.
    pub fn words(words: &str, limit: u32) -> Self {
        Self {
            words: words.to_owned(),
            limit,
            ..Self::default()
        }
    }
}

/// A memory that fits.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Found {
    /// Its id.
    pub id: String,
    /// event, handoff, knowledge or decision.
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
    /// The part of the memory the text is: a handoff's member, a note's content, an event's chunk.
    pub source: String,
    /// How the score came about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
}

/// The parts of a score.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Explanation {
    /// PostgreSQL's ts_rank of the text for the words.
    pub text_rank: f64,
}

/// The memories that fit best.
pub async fn search(ctx: &Context, query: &Query) -> Result<Vec<Found>> {
    let Some(words) = any_of(&query.words) else {
        return Ok(Vec::new());
    };
    let rows = ctx
        .read(
            sql!("recall/search"),
            &[
                &words,
                &query.kinds,
                &query.with_whom,
                &query.session_id,
                &query.tags,
                &query.since,
                &query.until,
                &query.project,
                &i64::from(query.limit),
            ],
        )
        .await?;
    Ok(rows
        .iter()
        .map(|row| {
            let score: f64 = row.get("score");
            Found {
                id: row.get("id"),
                kind: row.get("kind"),
                text: row.get("text"),
                score,
                at: row.get("at"),
                actor: row.get("actor"),
                session_id: row.get("session_id"),
                tags: row.get("tags"),
                source: row.get("source"),
                explanation: query.explain.then_some(Explanation { text_rank: score }),
            }
        })
        .collect())
}

/// The words as a tsquery that any of them satisfies; none when there is no word.
fn any_of(text: &str) -> Option<String> {
    let words: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(64)
        .collect();
    (!words.is_empty()).then(|| words.join(" | "))
}
