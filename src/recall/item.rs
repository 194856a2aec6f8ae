//! What the index knows of a memory: written with the memory itself, in its transaction.

use super::analyse::{Side, stems, term, tokens};
use crate::db::{Columns, Statement};
use crate::sql;
use chrono::{DateTime, Utc};
use std::collections::HashMap;

/// The question mark of any script that has one.
const QUESTION_MARKS: [char; 4] = ['?', '？', '؟', '⸮'];

/// A memory as it is indexed: its words by their hashes, and where each of its texts ends among them.
#[derive(Clone, Debug, Default)]
pub struct Item {
    /// Whose it is.
    pub tenant_id: String,
    /// A chunk's, handoff's, note's or decision's id.
    pub item_id: String,
    /// event, handoff, knowledge, decision or principle.
    pub kind: &'static str,
    /// The session it comes from.
    pub session_id: Option<String>,
    /// Who said it.
    pub actor: Option<String>,
    /// human, agent or tool.
    pub role: Option<String>,
    /// Whom it is about or was with.
    pub with_whom: Option<String>,
    /// The project it belongs to.
    pub project: Option<String>,
    /// The channel it came by.
    pub channel: Option<String>,
    /// Its level.
    pub sensitivity: String,
    /// Its labels.
    pub tags: Vec<String>,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Since when it says this.
    pub valid_from: DateTime<Utc>,
    /// Its words, by what [`Item::say`] made of them.
    pub terms: Vec<i64>,
    /// Of each text: its place in the memory, how many of the words are its own, its flags.
    pub parts: Vec<i32>,
}

/// Words of one text beyond this many are not indexed: no single memory may fill the server's.
const MOST: usize = 16_384;

/// What stands out in a text, as bits.
pub mod flag {
    /// It ends with a question.
    pub const ASKS: i32 = 1;
    /// It says when.
    pub const WHEN: i32 = 2;
    /// It has a number.
    pub const NUMBER: i32 = 4;
}

impl Item {
    /// The same of one chunk of an event.
    pub fn chunk(&self, tenant: i32, chunk_id: &str, text: &str) -> Self {
        let mut item = Self {
            item_id: chunk_id.to_owned(),
            kind: "event",
            ..self.clone()
        };
        item.say(tenant, 0, text);
        item
    }

    /// Adds a text under its place among the memory's texts.
    pub fn say(&mut self, tenant: i32, place: i32, text: &str) {
        let before = self.terms.len();
        stems(text, Side::Memory, |stem| {
            if self.terms.len() - before < MOST {
                self.terms.push(term(tenant, stem));
            }
        });
        let words = i32::try_from(self.terms.len() - before).unwrap_or(i32::MAX);
        self.parts.extend([place, words, flags(text)]);
    }

    /// The rows of a batch as one statement.
    pub fn insert<'a, I: Iterator<Item = &'a Self> + Clone>(items: &I) -> Statement<'a> {
        Statement {
            sql: sql!("recall/index"),
            columns: Self::columns(items),
        }
    }

    /// The columns of sql/recall/index.sql.
    pub fn columns<'a, I: Iterator<Item = &'a Self> + Clone>(items: &I) -> Columns<'a> {
        let rows = || items.clone();
        let ends = |length: fn(&Self) -> usize| {
            rows().scan(0, move |end, item| {
                *end += length(item) as i32;
                Some(*end)
            })
        };
        Columns::default()
            .texts(rows().map(|i| i.tenant_id.as_str()))
            .texts(rows().map(|i| i.item_id.as_str()))
            .texts(rows().map(|i| i.kind))
            .maybe_texts(rows().map(|i| i.session_id.as_deref()))
            .maybe_texts(rows().map(|i| i.actor.as_deref()))
            .maybe_texts(rows().map(|i| i.role.as_deref()))
            .maybe_texts(rows().map(|i| i.with_whom.as_deref()))
            .maybe_texts(rows().map(|i| i.project.as_deref()))
            .maybe_texts(rows().map(|i| i.channel.as_deref()))
            .texts(rows().map(|i| i.sensitivity.as_str()))
            .text_arrays(rows().map(|i| i.tags.as_slice()))
            .instants(rows().map(|i| i.at))
            .instants(rows().map(|i| i.valid_from))
            .integers(ends(|item| item.terms.len()))
            .integers(ends(|item| item.parts.len()))
            .longs(rows().flat_map(|i| i.terms.iter().copied()))
            .integers(rows().flat_map(|i| i.parts.iter().copied()))
    }
}

/// What of many memories is counted: how often words occur is what makes them telling.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// Texts.
    pub items: i64,
    /// Passages of them.
    pub passages: i64,
    /// Words that count, in all passages.
    pub words: i64,
    /// Texts by a term they have.
    pub texts_with: HashMap<i64, i64>,
}

impl Counts {
    /// Counts one more memory.
    pub fn add(&mut self, tenant: i32, item: &Item) {
        let mut rest = item.terms.as_slice();
        for part in item.parts.chunks_exact(3) {
            let words;
            (words, rest) = rest.split_at(part[1] as usize);
            self.items += 1;
            for passage in passages(words.len()) {
                self.passages += 1;
                self.words += passage.len() as i64;
            }
            let mut distinct = words.to_vec();
            distinct.sort_unstable();
            distinct.dedup();
            for term in distinct {
                *self.texts_with.entry(term).or_default() += 1;
            }
        }
        for name in item.actor.iter().flat_map(|actor| names(actor)) {
            *self
                .texts_with
                .entry(actor_term(tenant, &name))
                .or_default() += 1;
        }
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.items += other.items;
        self.passages += other.passages;
        self.words += other.words;
        for (term, texts) in &other.texts_with {
            *self.texts_with.entry(*term).or_default() += texts;
        }
    }
}

/// An actor's name and each word of it, in lower case: what a question may call them.
pub fn names(actor: &str) -> Vec<String> {
    let whole = actor.to_lowercase();
    let mut names: Vec<String> = tokens(&whole)
        .filter(|word| word.chars().count() > 1)
        .map(str::to_owned)
        .collect();
    names.push(whole);
    names.sort_unstable();
    names.dedup();
    names
}

/// Under which term a name of an actor is counted: no word has a space in it.
pub fn actor_term(tenant: i32, name: &str) -> i64 {
    term(tenant, &format!("actor {name}"))
}

/// The passages of a text of so many words: up to 104 are one, longer ones are cut into windows of 80, each 60 after the one before.
pub fn passages(words: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let (window, step) = if words <= 104 {
        (words, words.max(1))
    } else {
        (80, 60)
    };
    let last = if words <= 104 {
        1
    } else {
        (words - window).div_ceil(step) + 1
    };
    (0..last).map(move |n| n * step..(n * step + window).min(words))
}

fn flags(text: &str) -> i32 {
    let mut flags = 0;
    if text.trim_end().ends_with(QUESTION_MARKS) {
        flags |= flag::ASKS;
    }
    for token in tokens(text) {
        let digits = token.bytes().all(|b| b.is_ascii_digit());
        if token.bytes().any(|b| b.is_ascii_digit()) || is_number(token) {
            flags |= flag::NUMBER;
        }
        if (digits && token.len() == 4) || says_when(token) {
            flags |= flag::WHEN;
        }
    }
    flags
}

const WHEN: &[&str] = &[
    "yesterday",
    "today",
    "tonight",
    "tomorrow",
    "ago",
    "last",
    "next",
    "week",
    "weeks",
    "weekend",
    "month",
    "months",
    "year",
    "years",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "january",
    "february",
    "march",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "spring",
    "summer",
    "autumn",
    "fall",
    "winter",
    "morning",
    "evening",
    "recently",
    "since",
];
const NUMBERS: &[&str] = &[
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "hundred",
    "thousand",
    "million",
    "once",
    "twice",
    "dozen",
    "couple",
    "several",
];

fn says_when(token: &str) -> bool {
    WHEN.iter().any(|word| word.eq_ignore_ascii_case(token))
}

fn is_number(token: &str) -> bool {
    NUMBERS.iter().any(|word| word.eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_into_overlapping_passages_that_miss_nothing() {
        assert!(passages(0).eq(std::iter::once(0..0)));
        assert!(passages(104).eq(std::iter::once(0..104)));
        assert_eq!(
            passages(141).collect::<Vec<_>>(),
            [0..80, 60..140, 120..141]
        );
        for words in 105..2000 {
            let cut: Vec<_> = passages(words).collect();
            assert!(
                cut.windows(2).all(|two| two[1].start < two[0].end),
                "{words}"
            );
            assert_eq!(cut.last().map(|last| last.end), Some(words));
        }
    }

    #[test]
    fn what_stands_out_is_noticed() {
        assert_eq!(flags("Shall we? "), flag::ASKS);
        assert_eq!(flags("On Monday I ran 5 km"), flag::WHEN | flag::NUMBER);
        assert_eq!(flags("in 2024"), flag::WHEN | flag::NUMBER);
        assert_eq!(flags("我去。"), 0);
    }
}
