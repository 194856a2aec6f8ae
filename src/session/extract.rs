//! What a session leaves that left nothing itself: its agent's own words where they are marked as such, else its most telling
//! sentences. Pure.

use crate::consolidation::extract::{Part, ranked, within};
use crate::text::{first_sentences, first_words, sentences};

/// Something that was said in a session.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// Whether a person said it; else the agent.
    pub human: bool,
    /// What was said.
    pub text: String,
}

/// The texts of a handoff.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the fields of a handoff, see crate::handoff")]
pub struct Texts {
    pub experienced: Option<String>,
    pub noticed: Option<String>,
    pub learned: Option<String>,
    pub story: Option<String>,
    pub becoming: Option<String>,
    pub remember: Option<String>,
}

impl Texts {
    fn field(&mut self, label: &str) -> Option<&mut Option<String>> {
        match label {
            "experienced" => Some(&mut self.experienced),
            "noticed" => Some(&mut self.noticed),
            "learned" => Some(&mut self.learned),
            "story" => Some(&mut self.story),
            "becoming" => Some(&mut self.becoming),
            "remember" => Some(&mut self.remember),
            _ => None,
        }
    }
}

/// How many of the agent's last words are looked through for a handoff of its own.
const LAST: usize = 5;

/// The newest handoff that the agent wrote into what it said: lines that begin with at least two of the fields' names and a colon.
pub fn own_words(said: &[Said]) -> Option<Texts> {
    let agent = said.iter().rev().filter(|said| !said.human);
    agent.take(LAST).find_map(|said| labelled(&said.text))
}

fn labelled(text: &str) -> Option<Texts> {
    let (mut texts, mut found) = (Texts::default(), 0);
    let mut current: Option<&'static str> = None;
    for line in text.lines() {
        match label(line) {
            Some((name, rest)) => {
                found += 1;
                current = Some(name);
                *texts.field(name)? = Some(rest.to_owned());
            }
            None if line.trim_start().starts_with('#') => current = None,
            None => {
                if let Some(Some(text)) = current.and_then(|name| texts.field(name)) {
                    text.push('\n');
                    text.push_str(line);
                }
            }
        }
    }
    for name in FIELDS {
        if let Some(field) = texts.field(name) {
            *field = field
                .take()
                .map(|text| text.trim().to_owned())
                .filter(|text| !text.is_empty());
        }
    }
    (found >= 2 && texts != Texts::default()).then_some(texts)
}

const FIELDS: [&str; 6] = [
    "experienced",
    "noticed",
    "learned",
    "story",
    "becoming",
    "remember",
];

/// A field's name at the beginning of a line, however it is set off, and what follows it.
fn label(line: &str) -> Option<(&'static str, &str)> {
    let (head, rest) = line.split_once(':')?;
    let head = head.trim_matches(|c: char| !c.is_alphanumeric());
    let name = FIELDS
        .into_iter()
        .find(|name| head.eq_ignore_ascii_case(name))?;
    Some((name, rest.trim_start_matches('*').trim()))
}

/// Sizes of the parts, in tokens: what was asked, one question of it, what was noticed, learned, and must be remembered.
const ASKED: usize = 120;
const QUESTION: usize = 40;
const PARTS: usize = 150;

/// Words by which people and agents say that something is to be kept.
const CUES: [&str; 16] = [
    "remember",
    "don't forget",
    "do not forget",
    "always",
    "never",
    "must",
    "important",
    "note that",
    "make sure",
    "decided",
    "from now on",
    "merke",
    "vergiss nicht",
    "immer",
    "wichtig",
    "기억",
];

/// A handoff made of what was said: what was asked for, the sentences that carry what nothing else says, and what was said to be kept.
pub fn extractive(said: &[Said]) -> Option<Texts> {
    let texts = |human: bool| -> Vec<&str> {
        let of = said.iter().filter(|said| said.human == human);
        of.map(|said| said.text.as_str()).collect()
    };
    let (people, agent) = (texts(true), texts(false));
    let kept: Vec<&str> = people
        .iter()
        .chain(&agent)
        .flat_map(|text| sentences(text))
        .filter(|sentence| {
            let lower = sentence.to_lowercase();
            CUES.iter().any(|cue| lower.contains(cue))
        })
        .collect();
    let made = Texts {
        experienced: asked(&people),
        noticed: telling(&people),
        learned: telling(&agent),
        remember: telling(&kept),
        ..Texts::default()
    };
    (made != Texts::default()).then_some(made)
}

/// What people asked for: the beginning of each of their messages, the first and the last first.
fn asked(people: &[&str]) -> Option<String> {
    let most = QUESTION * crate::text::UNITS;
    let begin = |text: &&str| {
        let whole = first_sentences(text, most).map(str::to_owned);
        whole.or_else(|| first_words(text, most))
    };
    let all: Vec<String> = people.iter().filter_map(begin).collect();
    let most = ASKED / QUESTION;
    let shown: Vec<&str> = match all.len() > most {
        false => all.iter().map(String::as_str).collect(),
        true => std::iter::once(&all[0])
            .chain(&all[all.len() - most + 1..])
            .map(String::as_str)
            .collect(),
    };
    (!shown.is_empty()).then(|| format!("Asked for: {}", shown.join(" / ")))
}

fn telling(texts: &[&str]) -> Option<String> {
    let parts: Vec<Part<'_>> = texts
        .iter()
        .map(|text| Part { text, weight: 1.0 })
        .collect();
    // Nothing is known of other sessions here: every word counts by how often this one has it.
    let ranked = ranked(0, &parts, |_| 1.0);
    (!ranked.is_empty()).then(|| within(&ranked, PARTS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(human: bool, text: &str) -> Said {
        let text = text.to_owned();
        Said { human, text }
    }

    #[test]
    fn an_agents_own_words_are_taken_as_they_are() {
        let words = "Good.\n\n## Handoff\n**Learned:** The port is 5544.\nIt moved.\n- Remember: ask Ada.\n\n# Else\nnothing";
        let texts = own_words(&[said(true, "Remember: x\nLearned: y"), said(false, words)]);
        let texts = texts.expect("two labels");
        assert_eq!(
            texts.learned.as_deref(),
            Some("The port is 5544.\nIt moved.")
        );
        assert_eq!(texts.remember.as_deref(), Some("ask Ada."));
        assert_eq!(texts.story, None);
        assert_eq!(own_words(&[said(false, "Remember: only one label.")]), None);
    }

    #[test]
    fn a_session_without_a_word_leaves_nothing_and_one_with_leaves_what_it_says() {
        assert_eq!(extractive(&[]), None);
        let talk = [
            said(
                true,
                "Please mend the flaky test. The staging database listens on port 5544.",
            ),
            said(
                false,
                "I had a look. The test depends on the locale of the machine.",
            ),
            said(true, "Never deploy on Fridays."),
        ];
        let texts = extractive(&talk).expect("something was said");
        assert!(
            texts
                .experienced
                .is_some_and(|text| text.contains("flaky test"))
        );
        assert!(texts.noticed.is_some_and(|text| text.contains("5544")));
        assert!(texts.learned.is_some_and(|text| text.contains("locale")));
        assert_eq!(texts.remember.as_deref(), Some("Never deploy on Fridays."));
    }
}
