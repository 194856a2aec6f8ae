//! What recall found, as a quotation to put before a model.

use crate::fence::fence;
use crate::text::tokens;
use serde_json::Value;
use std::collections::HashSet;

/// How many results are worth looking at: the same words may have been said often.
pub const LOOKED_AT: u32 = 50;

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
        let (mut lines, mut ids, mut block) = (Vec::new(), Vec::new(), String::new());
        let mut told = HashSet::from([self.question.trim()]);
        for result in results {
            let word = |member: &str| result[member].as_str().unwrap_or_default();
            let known = self
                .session
                .is_some_and(|session| session == word("session_id"));
            if known || !told.insert(word("text").trim()) {
                continue;
            }
            lines.push(line(word("at"), word("kind"), word("actor"), word("text")));
            let longer = fence("recall", &lines.join("\n"));
            match tokens(&longer) <= self.max_tokens {
                true => {
                    block = longer;
                    ids.push(word("id").to_owned());
                }
                false => drop(lines.pop()),
            }
        }
        (block, ids)
    }
}

/// When, what, by whom, and the words.
fn line(at: &str, kind: &str, who: &str, text: &str) -> String {
    let day = at.get(..10).unwrap_or(at);
    match who {
        "" => format!("{day} {kind}: {text}"),
        who => format!("{day} {kind} of {who}: {text}"),
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
