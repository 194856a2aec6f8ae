//! Fits what there is into a budget: pure, and the same bytes for the same state.
//!
//! The context comes first, section by section, what changes least at its beginning: a new handoff changes its tail alone, and what a
//! model has read of it before stays read. Members follow with what is left; a text may stand in the context alone.

use super::reply::{Decided, Older, OpenTask, Remembered, Statement, WakeUp};
use super::state::State;
use crate::error::{Error, Result};
use crate::text::{UNITS, cost, first_sentences, first_words, tokens};
use serde::Serialize;

/// The reply within `max_tokens`, or an error that says how many it takes at least.
pub fn assemble(tenant: &str, with_whom: &str, state: &State, max_tokens: usize) -> Result<WakeUp> {
    let most = max_tokens * UNITS;
    let mut budget = most;
    loop {
        let mut output = Assembly::new(tenant, with_whom, state, budget)?.fill(state);
        let size = measure(&mut output)?;
        if size <= most {
            return Ok(output);
        }
        // The parts are counted one by one; should the whole be larger all the same, the next round has that much less.
        budget = budget
            .checked_sub((size - most).max(UNITS))
            .ok_or_else(|| too_small(size))?;
    }
}

/// Sets the reply's own count and gives what it costs.
fn measure(output: &mut WakeUp) -> Result<usize> {
    // Its own digits are part of what it counts: a number that fits itself is found after a few steps.
    for _ in 0..4 {
        let text = serde_json::to_string(output).map_err(Error::internal)?;
        let count = tokens(&text);
        if count == output.token_count {
            break;
        }
        output.token_count = count.max(output.token_count);
    }
    size(output)
}

pub(super) fn size(value: &impl Serialize) -> Result<usize> {
    Ok(cost(
        &serde_json::to_string(value).map_err(Error::internal)?,
    ))
}

fn too_small(size: usize) -> Error {
    let message = format!(
        "the reply takes {} tokens even with nothing in it",
        size.div_ceil(UNITS)
    );
    Error::invalid(message).field("max_tokens")
}

/// A name as it stands in the context: its beginning, where it is a very long one.
fn short(name: &str) -> String {
    let most = 40 * UNITS;
    first_sentences(name, most).map_or_else(
        || first_words(name, most).unwrap_or_default(),
        str::to_owned,
    )
}

/// A reply on its way.
pub(super) struct Assembly {
    pub(super) output: WakeUp,
    /// What is left, in units.
    pub(super) left: usize,
}

impl Assembly {
    fn new(tenant: &str, with_whom: &str, state: &State, budget: usize) -> Result<Self> {
        let output = WakeUp {
            tenant_id: tenant.to_owned(),
            with_whom: with_whom.to_owned(),
            first_session: state.last.is_none(),
            last_handoff: None,
            identity_thread: Vec::new(),
            recent_decisions: Vec::new(),
            remember: Vec::new(),
            open_tasks: Vec::new(),
            rules: Vec::new(),
            principles: Vec::new(),
            older_handoffs: Vec::new(),
            context: match state.last {
                None => format!("First session with {}.", short(with_whom)),
                Some(_) => format!("With {}.", short(with_whom)),
            },
            token_count: 0,
            truncated: Vec::new(),
        };
        // token_count has at most five digits.
        let empty = size(&output)? + 4 * 84;
        let left = budget.checked_sub(empty).ok_or_else(|| too_small(empty))?;
        Ok(Self { output, left })
    }

    fn fill(mut self, state: &State) -> WakeUp {
        let whole = self.left;
        let share = |of: usize, percent: usize| of * percent / 100;
        // What has to be said whatever else there is; the rest of the context within not quite half of what that leaves.
        let rules = self.section("rules", "Rules", &state.rules, [share(whole, 20); 2]);
        let remember = self.section(
            "remember",
            "Remember",
            &state.remember,
            [share(whole, 60), share(whole, 20)],
        );
        let end = self.left - share(self.left, 45);
        let of = self.left - end;
        let principles = self.section(
            "principles",
            "Principles",
            &state.principles,
            [share(of, 20); 2],
        );
        let becoming = self.section(
            "identity_thread",
            "Who I am becoming",
            &state.becoming,
            [share(of, 20); 2],
        );
        if let Some(last) = &state.last {
            self.last_in_context(last, share(self.left.saturating_sub(end), 60));
        }
        let room = share(self.left.saturating_sub(end), 60);
        let decisions = self.section("recent_decisions", "Decisions", &state.decisions, [room; 2]);
        let room = share(self.left.saturating_sub(end), 50);
        let tasks = self.section("open_tasks", "Open tasks", &state.tasks, [room; 2]);
        let older = self.section(
            "older_handoffs",
            "Earlier",
            &state.older,
            [self.left.saturating_sub(end); 2],
        );

        if let Some(last) = &state.last {
            self.last_handoff(last, share(self.left, 60));
        }
        self.output.rules = self.members("rules", 30, rules, |_, text| text);
        self.output.remember = self.members("remember", 50, remember, |line, text| Remembered {
            id: line.id.clone(),
            text,
        });
        self.output.principles = self.members("principles", 30, principles, |_, text| text);
        self.output.identity_thread =
            self.members("identity_thread", 60, becoming, |line, becoming| {
                Statement {
                    handoff_id: line.id.clone(),
                    becoming,
                    created_at: line.at,
                }
            });
        self.output.recent_decisions =
            self.members("recent_decisions", 60, decisions, |line, decision| {
                Decided {
                    decision_id: line.id.clone(),
                    decision,
                }
            });
        self.output.open_tasks = self.members("open_tasks", 60, tasks, |line, title| OpenTask {
            task_id: line.id.clone(),
            title,
        });
        self.output.older_handoffs =
            self.members("older_handoffs", 100, older, |line, summary| Older {
                handoff_id: line.id.clone(),
                created_at: line.at,
                summary,
            });
        self.output
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wake::reply::LastHandoff;
    use crate::wake::state::{Line, Lines};
    use chrono::{DateTime, Duration};

    fn line(n: usize, text: &str) -> Line {
        Line {
            id: format!("sh_{n:032x}"),
            text: text.to_owned(),
            at: DateTime::UNIX_EPOCH + Duration::days(n as i64),
            essential: false,
        }
    }

    fn lines(lines: Vec<Line>) -> Lines {
        Lines { lines, more: false }
    }

    fn last(text: &str) -> LastHandoff {
        LastHandoff {
            handoff_id: line(0, "").id,
            session_id: "session".into(),
            created_at: DateTime::UNIX_EPOCH,
            significance: 0.5,
            experienced: Some(format!("Experienced. {text}")),
            noticed: None,
            learned: Some(format!("Learned. {text}")),
            story: Some(format!("Story. {text}")),
            becoming: None,
            remember: Some("Re-check \"it\"\nlater.".into()),
        }
    }

    #[test]
    fn the_whole_reply_keeps_within_every_budget() {
        let texts = [
            "Short.",
            "기억한다。 아주 긴 문장이 이어진다。",
            "A \"quoted\" \\ text.\nWith lines. And more of it, much more.",
            "нет конца",
        ];
        for text in texts {
            for repeat in [1, 5, 60] {
                let text = text.repeat(repeat);
                let many = |count: usize, what: &str| {
                    lines(
                        (0..count)
                            .map(|n| line(n, &format!("{what} {n}. {text}")))
                            .collect(),
                    )
                };
                let state = State {
                    last: Some(last(&text)),
                    rules: many(3, "Rule"),
                    older: many(6, "Older"),
                    remember: many(24, "Remember"),
                    principles: many(5, "Principle"),
                    becoming: many(12, "Becoming"),
                    decisions: many(12, "Decided"),
                    tasks: many(12, "To do"),
                };
                for max in (150..3000).step_by(37) {
                    let output =
                        assemble("t", "Ada", &state, max).expect("150 tokens hold an empty reply");
                    let whole = serde_json::to_string(&output).expect("it can be written");
                    assert!(
                        output.token_count >= tokens(&whole),
                        "{} for {}",
                        output.token_count,
                        tokens(&whole)
                    );
                    assert!(
                        output.token_count <= max && cost(&whole) <= max * UNITS,
                        "{} > {max}",
                        output.token_count
                    );
                }
                let output = assemble("t", "Ada", &state, 65_000).expect("it fits");
                assert!(
                    repeat > 5 || output.truncated.is_empty(),
                    "{:?}",
                    output.truncated
                );
                assert_eq!(
                    output
                        .last_handoff
                        .and_then(|last| last.remember)
                        .as_deref(),
                    Some("Re-check \"it\"\nlater.")
                );
            }
        }
    }

    #[test]
    fn what_is_new_changes_the_end_of_the_context_alone() {
        let state = |sessions: usize| State {
            last: Some(LastHandoff {
                story: Some(format!("Story {sessions}.")),
                ..last("")
            }),
            rules: lines(vec![line(0, "Always say why.")]),
            remember: lines(
                (0..sessions)
                    .rev()
                    .map(|n| line(n, &format!("Fact {n}.")))
                    .collect(),
            ),
            ..State::default()
        };
        let context = |sessions| {
            assemble("t", "Ada", &state(sessions), 1000)
                .expect("it fits")
                .context
        };
        let (before, after) = (context(5), context(6));
        let end = before.find("\n\nLast session").expect("it is there");
        assert_eq!(before[..end], after[..end]);
        assert!(after[end..].starts_with("\n- Fact 5."));
    }
}
