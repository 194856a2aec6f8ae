//! The parts of a wake-up: a section's lines in the context, its members, the last handoff.

use super::assemble::{Assembly, size};
use super::reply::LastHandoff;
use super::state::{Line, Lines};
use crate::text::{UNITS, first_sentences, first_words, json_cost};
use serde::Serialize;

/// No text shorter than this says anything.
const SHORTEST: usize = 4 * UNITS;

/// Which lines of a section are shown, by their places in it, and what of each.
pub(super) type Chosen<'a> = Vec<(usize, (&'a Line, String))>;

impl Assembly {
    /// A section's lines in the context: essential ones within the first cap, all of them within the second. Sections that grow at their
    /// end stand in the order of time.
    pub(super) fn section<'a>(
        &mut self,
        name: &'static str,
        heading: &str,
        lines: &'a Lines,
        caps: [usize; 2],
    ) -> Chosen<'a> {
        let Lines { lines, more } = lines;
        let mut chosen: Chosen<'a> = Vec::new();
        let heading = format!("\n\n{heading}");
        let naming = json_cost(name) + 92 + 20;
        let (mut used, mut short) = (naming + json_cost(&heading), *more);
        for (place, line) in lines.iter().enumerate() {
            if self.output.context.contains(&format!("\n- {}", line.text)) {
                chosen.push((place, (line, line.text.clone())));
                continue;
            }
            let cap = caps[usize::from(!line.essential)].min(self.left);
            let room = cap.saturating_sub(used + json_cost("\n- "));
            let whole = first_sentences(&line.text, room).map(str::to_owned);
            let text = whole.or_else(|| {
                chosen
                    .is_empty()
                    .then(|| first_words(&line.text, room))
                    .flatten()
            });
            match text.filter(|text| room >= SHORTEST || *text == line.text) {
                None => short = true,
                Some(text) => {
                    used += json_cost("\n- ") + json_cost(&text);
                    short |= text != line.text;
                    chosen.push((place, (line, text)));
                }
            }
        }
        if ["remember", "identity_thread"].contains(&name) {
            chosen.sort_by(|(_, (a, _)), (_, (b, _))| (a.at, &a.id).cmp(&(b.at, &b.id)));
        }
        let context = &mut self.output.context;
        let fresh: Vec<String> = chosen
            .iter()
            .map(|(_, (_, text))| format!("\n- {text}"))
            .filter(|line| !context.contains(line))
            .collect();
        if !fresh.is_empty() {
            context.push_str(&heading);
            fresh.iter().for_each(|line| context.push_str(line));
            self.left -= used.min(self.left);
        }
        if short {
            self.truncate(name);
        }
        chosen
    }

    /// A section's members, the most important first, within their share in percent of what is left; those that do not fit stand in the
    /// context alone.
    pub(super) fn members<M: Serialize>(
        &mut self,
        name: &'static str,
        percent: usize,
        mut chosen: Chosen<'_>,
        member: impl Fn(&Line, String) -> M,
    ) -> Vec<M> {
        chosen.sort_by_key(|(place, _)| *place);
        let mut members = Vec::new();
        let mut room = self.left * percent / 100;
        for (_, (line, text)) in chosen {
            let member = member(line, text);
            let cost = size(&member).unwrap_or(usize::MAX).saturating_add(20);
            match room.checked_sub(cost) {
                Some(left) => {
                    room = left;
                    self.left -= cost;
                    members.push(member);
                }
                None => {
                    self.truncate(name);
                    break;
                }
            }
        }
        members
    }

    /// The last handoff's texts in the context, those first that say what to go on with.
    pub(super) fn last_in_context(&mut self, handoff: &LastHandoff, cap: usize) {
        let heading = format!(
            "\n\nLast session, {}",
            handoff.created_at.format("%Y-%m-%d %H:%M")
        );
        let Some(mut room) = cap.checked_sub(json_cost(&heading)) else {
            return self.truncate("last_handoff");
        };
        let before = room;
        let mut said = String::new();
        for (label, text) in texts(handoff) {
            // What a section above shows already is not said twice.
            if self.output.context.contains(&format!("\n- {text}")) {
                continue;
            }
            let label = format!("\n{label}: ");
            let part = room
                .checked_sub(json_cost(&label))
                .and_then(|room| beginning(text, room, said.is_empty()));
            let Some(part) = part else {
                self.truncate("last_handoff");
                continue;
            };
            if part != *text {
                self.truncate("last_handoff");
            }
            room = room.saturating_sub(json_cost(&label) + json_cost(&part));
            said = said + &label + &part;
        }
        if !said.is_empty() {
            self.left = self
                .left
                .saturating_sub(before - room + json_cost(&heading));
            self.output.context.push_str(&heading);
            self.output.context.push_str(&said);
        }
    }

    /// The last handoff as a member: the frame first, then its texts.
    pub(super) fn last_handoff(&mut self, handoff: &LastHandoff, cap: usize) {
        let mut shown = LastHandoff {
            experienced: None,
            noticed: None,
            learned: None,
            story: None,
            becoming: None,
            remember: None,
            ..handoff.clone()
        };
        let frame = size(&shown).unwrap_or(usize::MAX);
        let Some(mut room) = cap.max(frame.min(self.left)).checked_sub(frame) else {
            return self.truncate("last_handoff");
        };
        self.left -= frame;
        let slots = [
            &mut shown.story,
            &mut shown.learned,
            &mut shown.experienced,
            &mut shown.noticed,
            &mut shown.becoming,
            &mut shown.remember,
        ];
        let all = [
            &handoff.story,
            &handoff.learned,
            &handoff.experienced,
            &handoff.noticed,
            &handoff.becoming,
            &handoff.remember,
        ];
        let mut first = true;
        for (text, slot) in all.into_iter().zip(slots) {
            let Some(text) = text else { continue };
            // Its name as well.
            let part = beginning(text, room.saturating_sub(300), first);
            if part.as_ref() != Some(text) {
                self.truncate("last_handoff");
            }
            if let Some(part) = part {
                let cost = json_cost(&part) + 300;
                room = room.saturating_sub(cost);
                self.left = self.left.saturating_sub(cost);
                first = false;
                *slot = Some(part);
            }
        }
        self.output.last_handoff = Some(shown);
    }

    /// Names a member that was shortened or left out.
    fn truncate(&mut self, name: &'static str) {
        if !self.output.truncated.contains(&name) {
            self.left = self.left.saturating_sub(json_cost(name) + 92 + 20);
            self.output.truncated.push(name);
        }
    }
}

/// A handoff's texts with their labels, those first that say what to go on with.
fn texts(handoff: &LastHandoff) -> impl Iterator<Item = (&'static str, &String)> {
    let all = [
        ("Story", &handoff.story),
        ("Learned", &handoff.learned),
        ("Experienced", &handoff.experienced),
        ("Noticed", &handoff.noticed),
        ("Becoming", &handoff.becoming),
        ("Remember", &handoff.remember),
    ];
    all.into_iter()
        .filter_map(|(label, text)| Some((label, text.as_ref()?)))
}

/// The beginning of a text that fits: whole sentences, or for the `first` of many at least some words.
fn beginning(text: &str, room: usize, first: bool) -> Option<String> {
    let whole = first_sentences(text, room).map(str::to_owned);
    whole.or_else(|| first.then(|| first_words(text, room)).flatten())
}
