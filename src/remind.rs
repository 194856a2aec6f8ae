//! What recall found, as a quotation to put before a model.

use crate::fence::{around, marked};
use crate::text::tokens;
use serde_json::Value;
use std::collections::HashSet;

/// How many results are worth looking at: the same words may have been said often.
pub const LOOKED_AT: u32 = 50;

/// The longest question that recall is asked, in characters.
pub const QUESTION: usize = 2000;

/// What to quote.
pub struct Reminder<'a> {
    /// What was asked: having asked it before answers nothing.
    pub question: &'a str,
    /// The session that asks, where what it said stands before the model already.
    pub session: Option<&'a str>,
    /// The size of the quotation, in tokens.
    pub max_tokens: usize,
}

impl Reminder<'_> {
    /// A quotation of results as recall gives them, best first, each text once; and the ids of what is in it. Empty where nothing is.
    pub fn quote(&self, results: &[Value]) -> (String, Vec<String>) {
        let (mut lines, mut ids) = (String::new(), Vec::new());
        let mut told = HashSet::from([self.question.trim()]);
        let mut left = self
            .max_tokens
            .saturating_sub(tokens(&around("recall", "")));
        for result in results {
            let word = |member: &str| result[member].as_str().unwrap_or_default();
            let known = self
                .session
                .is_some_and(|session| session == word("session_id"));
            if known || !told.insert(word("text").trim()) {
                continue;
            }
            let line = marked(&line(result));
            let size = tokens(&line);
            if size <= left {
                left -= size;
                lines.push_str(&line);
                ids.push(word("id").to_owned());
            }
        }
        match lines.is_empty() {
            true => (String::new(), ids),
            false => (around("recall", &lines), ids),
        }
    }
}

/// When, what, by whom, how it came, and the words.
fn line(result: &Value) -> String {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (at, kind, who) = (
        word(&result["at"]),
        word(&result["kind"]),
        word(&result["actor"]),
    );
    let how = word(&result["origin"]["how"]);
    let mut line = format!("{} {kind}", at.get(..10).unwrap_or(&at));
    if !who.is_empty() {
        line.push_str(&format!(" of {who}"));
    }
    if !matches!(how.as_str(), "" | "agent") {
        line.push_str(&format!(" ({how})"));
    }
    let text = word(&result["text"]);
    // A short note's title is its text.
    let text = match text.split_once('\n') {
        Some((title, rest)) if rest.starts_with(title) => rest,
        _ => &text,
    };
    format!("{line}: {text}")
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
        let (block, ids) = reminder.quote(&results);
        assert_eq!(ids, ["b", "f"]);
        assert!(
            block.contains(
                "\n> 2026-01-02 event of Ada: Ines.\n> 2026-01-02 event of Ada: Short.\n"
            ),
            "{block}"
        );
        assert_eq!(reminder.quote(&[]), (String::new(), Vec::new()));
    }
}
