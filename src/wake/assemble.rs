//! Fits what there is into a budget: pure, and the same bytes for the same state.

use super::reply::{Decided, LastHandoff, Older, Remembered, Statement, WakeUp};
use super::state::{Line, Lines, State};
use crate::error::{Error, Result};
use crate::text::{first_sentences, first_words, json_quarters, quarters};
use serde::Serialize;

/// The reply within `max_tokens`, or an error that says how many it takes at least.
pub fn assemble(tenant: &str, with_whom: &str, state: &State, max_tokens: usize) -> Result<WakeUp> {
    let mut budget = max_tokens * 4;
    loop {
        let mut output = Assembly::new(tenant, with_whom, state, budget)?.fill(state);
        let size = measure(&mut output)?;
        if size <= max_tokens * 4 {
            return Ok(output);
        }
        // The parts are counted one by one; should the whole be larger all the same, the next round has that much less.
        budget = budget
            .checked_sub(size - max_tokens * 4)
            .ok_or_else(|| too_small(size))?;
    }
}

/// Sets the reply's own count and gives its size in quarters of a token.
fn measure(output: &mut WakeUp) -> Result<usize> {
    output.token_count = 0;
    let bare = size(output)? - 1;
    // Its own digits are part of what it counts; a count too long for its digits is found by the next number of them.
    let digits = (1..=6)
        .find(|digits| ((bare + digits).div_ceil(4)).to_string().len() <= *digits)
        .unwrap_or(6);
    output.token_count = (bare + digits).div_ceil(4);
    Ok(bare + output.token_count.to_string().len())
}

fn size(value: &impl Serialize) -> Result<usize> {
    Ok(quarters(
        &serde_json::to_string(value).map_err(Error::internal)?,
    ))
}

fn too_small(size: usize) -> Error {
    let message = format!(
        "the reply takes {} tokens even with nothing in it",
        size.div_ceil(4)
    );
    Error::invalid(message).field("max_tokens")
}

/// A name as it stands in the context: its beginning, where it is a very long one.
fn short(name: &str) -> String {
    first_sentences(name, 160)
        .map_or_else(|| first_words(name, 160).unwrap_or_default(), str::to_owned)
}

/// A list of the reply that is made of single texts.
struct Section<'a> {
    name: &'static str,
    heading: &'static str,
    found: &'a Lines,
}

/// No text shorter than this, in quarters of a token, says anything.
const SHORTEST: usize = 16;

struct Assembly {
    output: WakeUp,
    /// What is left, in quarters of a token.
    left: usize,
}

impl Assembly {
    fn new(tenant: &str, with_whom: &str, state: &State, budget: usize) -> Result<Self> {
        let mut output = WakeUp {
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
            context: if state.last.is_none() {
                format!("First session with {}.", short(with_whom))
            } else {
                format!("With {}.", short(with_whom))
            },
            token_count: 0,
            truncated: Vec::new(),
        };
        // token_count has at most five digits.
        let empty = size(&output)? + 4;
        let left = budget.checked_sub(empty).ok_or_else(|| too_small(empty))?;
        output.truncated.reserve(5);
        Ok(Self { output, left })
    }

    /// Section after section; each may use a share of what is left, and what it leaves goes to the next.
    fn fill(mut self, state: &State) -> WakeUp {
        let share = |left: usize, percent: usize| left * percent / 100;
        let section = Section {
            name: "remember",
            heading: "Remember",
            found: &state.remember,
        };
        self.output.remember =
            self.lines(&section, share(self.left, 35), |line, text| Remembered {
                handoff_id: line.id.clone(),
                text,
            });
        let section = Section {
            name: "identity_thread",
            heading: "Who I am becoming",
            found: &state.becoming,
        };
        self.output.identity_thread =
            self.lines(&section, share(self.left, 25), |line, becoming| Statement {
                handoff_id: line.id.clone(),
                becoming,
                created_at: line.at,
            });
        if let Some(last) = &state.last {
            let alone = state.decisions.lines.is_empty() && state.older.lines.is_empty();
            self.last(last, share(self.left, if alone { 100 } else { 70 }));
        }
        let section = Section {
            name: "recent_decisions",
            heading: "Decisions",
            found: &state.decisions,
        };
        let cap = share(
            self.left,
            if state.older.lines.is_empty() {
                100
            } else {
                60
            },
        );
        self.output.recent_decisions = self.lines(&section, cap, |line, decision| Decided {
            decision_id: line.id.clone(),
            decision,
        });
        let section = Section {
            name: "older_handoffs",
            heading: "Earlier",
            found: &state.older,
        };
        self.output.older_handoffs = self.lines(&section, self.left, |line, summary| Older {
            handoff_id: line.id.clone(),
            created_at: line.at,
            summary,
        });
        self.output
    }

    /// A section of single texts: its members and its lines in the context.
    fn lines<M: Serialize>(
        &mut self,
        section: &Section<'_>,
        cap: usize,
        member: impl Fn(&Line, String) -> M,
    ) -> Vec<M> {
        let Section {
            name,
            heading,
            found: Lines { lines, more },
        } = section;
        let mut members = Vec::new();
        // Naming a section in `truncated` has its price as well: `"name",`.
        let Some(mut room) = cap.checked_sub(name.len() + 3) else {
            self.truncate(name, !lines.is_empty());
            return members;
        };
        let heading = format!("\n\n{heading}");
        let mut short = *more;
        let mut first = true;
        // The members of a section differ in their texts alone; a comma follows each.
        let sample = lines
            .first()
            .and_then(|line| size(&member(line, String::new())).ok());
        let each = sample.unwrap_or(0) + 1 + json_quarters("\n- ");
        for line in lines {
            let frame = each + if first { json_quarters(&heading) } else { 0 };
            // Each text stands twice: as a member and in the context.
            let text_room = room.checked_sub(frame).map(|room| room / 2);
            let Some(text_room) = text_room.filter(|room| *room >= SHORTEST) else {
                short = true;
                break;
            };
            let whole = first_sentences(&line.text, text_room).map(str::to_owned);
            let Some(text) =
                whole.or_else(|| first.then(|| first_words(&line.text, text_room)).flatten())
            else {
                short = true;
                continue;
            };
            short |= text != line.text;
            let cost = frame + 2 * json_quarters(&text);
            room -= cost;
            self.left -= cost;
            if first {
                self.output.context.push_str(&heading);
                first = false;
            }
            self.output.context.push_str("\n- ");
            self.output.context.push_str(&text);
            members.push(member(line, text));
        }
        self.truncate(name, short);
        members
    }

    /// The last handoff: the frame first, then its texts, those first that say what to go on with.
    fn last(&mut self, handoff: &LastHandoff, cap: usize) {
        let name = "last_handoff";
        let mut shown = LastHandoff {
            handoff_id: handoff.handoff_id.clone(),
            session_id: handoff.session_id.clone(),
            created_at: handoff.created_at,
            significance: handoff.significance,
            experienced: None,
            noticed: None,
            learned: None,
            story: None,
            becoming: None,
            remember: None,
        };
        let heading = format!(
            "\n\nLast session, {}",
            handoff.created_at.format("%Y-%m-%d %H:%M")
        );
        // `null` goes, the object comes.
        let frame = serde_json::to_string(&shown).map_or(usize::MAX, |text| quarters(&text))
            + json_quarters(&heading)
            - 4;
        let Some(mut room) = cap
            .checked_sub(name.len() + 3)
            .and_then(|room| room.checked_sub(frame))
        else {
            return self.truncate(name, true);
        };
        self.left -= frame;
        self.output.context.push_str(&heading);
        let mut short = false;
        let texts = [
            ("Story", &handoff.story, &mut shown.story),
            ("Learned", &handoff.learned, &mut shown.learned),
            ("Experienced", &handoff.experienced, &mut shown.experienced),
            ("Noticed", &handoff.noticed, &mut shown.noticed),
            ("Becoming", &handoff.becoming, &mut shown.becoming),
            ("Remember", &handoff.remember, &mut shown.remember),
        ];
        let mut first = true;
        for (label, text, slot) in texts {
            let Some(text) = text else { continue };
            let label = format!("\n{label}: ");
            // What a section above shows already is not said twice in the context.
            let shown_above = self.output.context.contains(&format!("\n- {text}"));
            let label = if shown_above { String::new() } else { label };
            let times = if shown_above { 1 } else { 2 };
            let part = room
                .checked_sub(json_quarters(&label))
                .map(|room| room / times)
                .and_then(|room| {
                    first_sentences(text, room)
                        .map(str::to_owned)
                        .or_else(|| first.then(|| first_words(text, room)).flatten())
                });
            let Some(part) = part else {
                short = true;
                continue;
            };
            first = false;
            short |= part != *text;
            // Quotes instead of null: two characters less.
            let cost = (json_quarters(&label) + times * json_quarters(&part)).saturating_sub(2);
            room = room.saturating_sub(cost);
            self.left = self.left.saturating_sub(cost);
            if !shown_above {
                self.output.context.push_str(&label);
                self.output.context.push_str(&part);
            }
            *slot = Some(part);
        }
        self.output.last_handoff = Some(shown);
        self.truncate(name, short);
    }

    fn truncate(&mut self, name: &'static str, short: bool) {
        if short {
            self.left = self.left.saturating_sub(name.len() + 3);
            self.output.truncated.push(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn line(n: usize, text: &str) -> Line {
        Line {
            id: format!("sh_{n:032x}"),
            text: text.to_owned(),
            at: DateTime::UNIX_EPOCH,
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
                let state = State {
                    last: Some(last(&text)),
                    older: lines((0..6).map(|n| line(n, &text)).collect()),
                    remember: lines((0..24).map(|n| line(n, &text)).collect()),
                    becoming: lines((0..12).map(|n| line(n, &text)).collect()),
                    decisions: lines((0..12).map(|n| line(n, &text)).collect()),
                };
                for max in (100..3000).step_by(37) {
                    let output =
                        assemble("t", "Ada", &state, max).expect("100 tokens hold an empty reply");
                    let whole = serde_json::to_string(&output).expect("it can be written");
                    assert_eq!(output.token_count, quarters(&whole).div_ceil(4));
                    assert!(output.token_count <= max, "{} > {max}", output.token_count);
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
}
