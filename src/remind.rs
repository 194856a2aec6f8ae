//! What recall found, as a quotation to put before a model.

use crate::fence::{around, marked};
use crate::operation::Context;
use crate::recall::{Answer, Found, Query};
use crate::text::tokens;
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::HashSet;

/// How many results are worth looking at: about as many as fit, and some more, for the same words may have been said often.
pub const LOOKED_AT: u32 = 32;

/// The longest question that recall is asked, in characters.
const QUESTION: usize = 2000;

/// What recall is asked for a text. What is asked stands at its beginning; a long paste only takes time.
pub fn asked(text: &str, now: DateTime<Utc>) -> Query {
    let asked: String = text.trim().chars().take(QUESTION).collect();
    Query::words(&asked, now, LOOKED_AT as usize)
}

/// What to quote.
pub struct Reminder<'a> {
    /// What was asked: having asked it before answers nothing.
    pub question: &'a str,
    /// The session that asks, where what it said stands before the model already.
    pub session: Option<&'a str>,
    /// The size of the quotation, in tokens.
    pub max_tokens: usize,
}

/// A memory that recall found.
pub struct Told<'a> {
    id: &'a str,
    kind: &'a str,
    /// RFC 3339.
    at: Cow<'a, str>,
    actor: &'a str,
    how: &'a str,
    session: &'a str,
    text: &'a str,
}

/// As the operation answers it.
impl<'a> From<&'a Value> for Told<'a> {
    fn from(result: &'a Value) -> Self {
        let word = |value: &'a Value| value.as_str().unwrap_or_default();
        Self {
            id: word(&result["id"]),
            kind: word(&result["kind"]),
            at: word(&result["at"]).into(),
            actor: word(&result["actor"]),
            how: word(&result["origin"]["how"]),
            session: word(&result["session_id"]),
            text: word(&result["text"]),
        }
    }
}

impl<'a> From<&'a Found> for Told<'a> {
    fn from(found: &'a Found) -> Self {
        Self {
            id: &found.id,
            kind: &found.kind,
            at: found.at.to_rfc3339().into(),
            actor: found.actor.as_deref().unwrap_or_default(),
            how: found.origin.as_ref().map_or("", |origin| &origin.how),
            session: found.session_id.as_deref().unwrap_or_default(),
            text: &found.text,
        }
    }
}

impl Reminder<'_> {
    /// A quotation of what recall is sure of, and the ids of what is in it, which count as used.
    pub fn of(&self, ctx: &Context, answer: &Answer) -> (String, Vec<String>) {
        if answer.below_confidence {
            return Default::default();
        }
        let (block, ids) = self.quote(answer.found.iter().map(Into::into));
        let used = ids.iter().map(String::as_str);
        ctx.place.index.used(&ctx.tenant, used, ctx.at);
        (block, ids)
    }

    /// A quotation of what was found, best first, each text once; and the ids of what is in it. Empty where nothing is.
    pub fn quote<'a>(&self, found: impl Iterator<Item = Told<'a>>) -> (String, Vec<String>) {
        let (mut lines, mut ids) = (String::new(), Vec::new());
        let mut told = HashSet::from([self.question.trim()]);
        let mut left = self
            .max_tokens
            .saturating_sub(tokens(&around("recall", "")));
        for memory in found {
            let known = self.session == Some(memory.session);
            if known || !told.insert(memory.text.trim()) {
                continue;
            }
            let line = marked(&memory.line());
            let size = tokens(&line);
            if size <= left {
                left -= size;
                lines.push_str(&line);
                ids.push(memory.id.to_owned());
            }
        }
        match lines.is_empty() {
            true => (String::new(), ids),
            false => (around("recall", &lines), ids),
        }
    }
}

impl Told<'_> {
    /// When, what, by whom, how it came, and the words.
    fn line(&self) -> String {
        let mut line = format!("{} {}", self.at.get(..10).unwrap_or(&self.at), self.kind);
        if !self.actor.is_empty() {
            line.push_str(&format!(" of {}", self.actor));
        }
        if !matches!(self.how, "" | "agent") {
            line.push_str(&format!(" ({})", self.how));
        }
        // A short note's title is its text.
        let text = match self.text.split_once('\n') {
            Some((title, rest)) if rest.starts_with(title) => rest,
            _ => self.text,
        };
        format!("{line}: {text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_reminder_says_each_thing_once_and_no_question_again() {
        let said = |id: &str, session: &str, text: &str| json!({"id": id, "session_id": session, "text": text, "kind": "event", "actor": "Ada", "at": "2026-01-02T03:04:05Z"});
        let results = [
            said("a", "x", "Who is the pilot?"),
            said("b", "x", "Ines."),
            said("c", "y", "Ines. "),
            said("d", "here", "Not this."),
            said("e", "y", &"long ".repeat(500)),
            said("f", "y", "Short."),
        ];
        let reminder = Reminder {
            question: " Who is the pilot?",
            session: Some("here"),
            max_tokens: 100,
        };
        let (block, ids) = reminder.quote(results.iter().map(Into::into));
        assert_eq!(ids, ["b", "f"]);
        assert!(
            block.contains(
                "\n> 2026-01-02 event of Ada: Ines.\n> 2026-01-02 event of Ada: Short.\n"
            ),
            "{block}"
        );
        assert_eq!(
            reminder.quote(std::iter::empty()),
            (String::new(), Vec::new())
        );
    }
}
