//! What a question asks for: its words, whom it names, when it means.

use super::analyse::{Side, normalise, stems, term, tokens};
use super::dates::{Interval, named};
use super::item::actor_term;
use chrono::{DateTime, Utc};
use std::collections::HashMap;

/// More words than this say nothing more.
const MOST: usize = 64;

/// A question before the tenant's statistics are known.
pub struct Question {
    /// Its distinct words that count, as terms.
    pub words: Vec<i64>,
    /// Words it writes with a capital that may be names: lower case, with the terms of its words that they are.
    pub names: Vec<(String, Vec<i64>)>,
    /// Whether any of them stands where only a name has a capital: not at the beginning of a sentence.
    pub names_somebody: bool,
    /// Dates it names.
    pub dates: Vec<Interval>,
    /// Whether it asks when.
    pub asks_when: bool,
    /// Whether it asks how many.
    pub asks_number: bool,
    /// Whether it asks what the assistant said.
    pub asks_assistant: bool,
    tenant: i32,
}

/// How often words occur in a tenant's texts.
#[derive(Debug, Default)]
pub struct Statistics {
    /// Texts.
    pub items: f64,
    /// Mean length of a passage, in words that count.
    pub mean_passage: f64,
    /// Texts by a term they have.
    pub texts_with: HashMap<i64, i64>,
}

/// A question and what its words are worth.
pub struct Weighed<'a> {
    /// The question.
    pub question: &'a Question,
    /// Its words without names of people who speak, with how many texts have each and how telling it is.
    pub words: Vec<Word>,
    /// How many people it names who speak in the tenant's memories.
    pub known: usize,
    /// The one person it names, in lower case, if it is one.
    pub actor: Option<String>,
    /// Mean length of a passage.
    pub mean_passage: f64,
    /// How many texts there are.
    pub items: f64,
}

/// A word of a question.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// As the index knows it.
    pub term: i64,
    /// How many texts have it.
    pub texts: i64,
    /// Inverse document frequency, ln(1 + (N - n + 0.5) / (n + 0.5)) (Robertson and Zaragoza 2009, as Lucene has it).
    pub idf: f64,
}

impl Question {
    /// Reads a question of a tenant, asked at `now`.
    pub fn read(tenant: i32, text: &str, now: DateTime<Utc>) -> Self {
        let mut words = Vec::new();
        stems(text, Side::Question, |stem| {
            let term = term(tenant, stem);
            if words.len() < MOST && !words.contains(&term) {
                words.push(term);
            }
        });
        let lower = normalise(text).to_lowercase();
        let any = |phrases: &[&str]| phrases.iter().any(|phrase| lower.contains(phrase));
        Self {
            names: possible_names(tenant, text),
            names_somebody: names_somebody(text),
            dates: named(text, now),
            asks_when: lower.starts_with("when")
                || any(&[
                    " when ",
                    "what time",
                    "what date",
                    "which day",
                    "what day",
                    "which month",
                    "what month",
                    "which year",
                    "what year",
                    "how long ago",
                ]),
            asks_number: any(&[
                "how many",
                "how much",
                "how often",
                "how old",
                "how long",
                "number of",
            ]),
            asks_assistant: asks_assistant(&lower),
            words,
            tenant,
        }
    }

    /// The terms whose statistics it needs.
    pub fn terms(&self) -> Vec<i64> {
        let names = self
            .names
            .iter()
            .map(|(name, _)| actor_term(self.tenant, name));
        self.words.iter().copied().chain(names).collect()
    }

    /// Weighs its words by the tenant's statistics.
    pub fn weigh(&self, statistics: &Statistics) -> Weighed<'_> {
        let texts_with = |term: i64| {
            statistics
                .texts_with
                .get(&term)
                .copied()
                .unwrap_or(0)
                .max(0)
        };
        let mut known: Vec<&(String, Vec<i64>)> = self
            .names
            .iter()
            .filter(|(name, _)| texts_with(actor_term(self.tenant, name)) > 0)
            .collect();
        // A word of a longer name that is known too is no name of its own.
        let all: Vec<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
        known.retain(|(name, _)| {
            !all.iter()
                .any(|other| other.len() > name.len() && other.split(' ').any(|word| word == name))
        });
        let is_name = |word: &i64| known.iter().any(|(_, terms)| terms.contains(word));
        let mut words: Vec<i64> = self
            .words
            .iter()
            .copied()
            .filter(|word| !is_name(word))
            .collect();
        if words.is_empty() {
            words.clone_from(&self.words);
        }
        let weigh = |term: i64| {
            let texts = texts_with(term);
            // A word that nobody used is as rare as one used once: in few texts it would outweigh all others.
            let n = (texts.max(1) as f64).min(statistics.items);
            Word {
                term,
                texts,
                idf: (1.0 + (statistics.items - n + 0.5) / (n + 0.5)).ln(),
            }
        };
        Weighed {
            question: self,
            words: words.into_iter().map(weigh).collect(),
            known: known.len(),
            actor: match known.as_slice() {
                [(name, _)] => Some(name.clone()),
                _ => None,
            },
            mean_passage: statistics.mean_passage.max(1.0),
            items: statistics.items,
        }
    }
}

/// "did you", "you told", "your advice": what the assistant said. "can you" asks for something new.
fn asks_assistant(lower: &str) -> bool {
    const SAID: [&str; 12] = [
        "told",
        "suggested",
        "recommended",
        "said",
        "mentioned",
        "advised",
        "gave",
        "provided",
        "listed",
        "explained",
        "proposed",
        "described",
    ];
    let words: Vec<&str> = tokens(lower).collect();
    let follows = |first: &str, next: &dyn Fn(&str) -> bool| {
        words.windows(2).any(|two| two[0] == first && next(two[1]))
    };
    follows("did", &|word| word == "you")
        || follows("you", &|word| SAID.contains(&word))
        || follows("your", &|word| {
            [
                "advice",
                "suggestion",
                "suggestions",
                "recommendation",
                "recommendations",
                "answer",
                "reply",
            ]
            .contains(&word)
        })
}

/// Whether a word within a sentence is written with a capital, and is not just "I".
fn names_somebody(text: &str) -> bool {
    let mut begins = true;
    text.split_whitespace().any(|word| {
        let first = begins;
        begins = word.ends_with(['.', '!', '?', ':']);
        let word = word.trim_start_matches(|c: char| !c.is_alphanumeric());
        !first
            && word.starts_with(char::is_uppercase)
            && word.chars().nth(1).is_some_and(char::is_alphabetic)
    })
}

/// Words with a capital, and neighbouring ones together, each with the terms it stands for.
fn possible_names(tenant: i32, text: &str) -> Vec<(String, Vec<i64>)> {
    let text = normalise(text);
    let mut names: Vec<(String, Vec<i64>)> = Vec::new();
    let mut before: Option<(String, usize)> = None;
    for token in tokens(&text) {
        let start = token.as_ptr() as usize - text.as_ptr() as usize;
        let word = token.split('\'').next().unwrap_or(token);
        if !word.starts_with(char::is_uppercase) {
            before = None;
            continue;
        }
        let mut add = |name: String| {
            let mut terms = Vec::new();
            stems(&name, Side::Question, |stem| terms.push(term(tenant, stem)));
            if !terms.is_empty()
                && names.len() < MOST
                && !names.iter().any(|(other, _)| *other == name)
            {
                names.push((name, terms));
            }
        };
        let name = word.to_lowercase();
        if let Some((first, end)) = before.filter(|(_, end)| *end + 1 == start) {
            let _ = end;
            add(format!("{first} {name}"));
        }
        add(name.clone());
        before = Some((name, start + token.len()));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statistics(texts: &[(&str, i64)], actors: &[&str]) -> Statistics {
        let words = texts.iter().map(|(word, n)| (term(1, word), *n));
        let actors = actors.iter().map(|name| (actor_term(1, name), 5));
        Statistics {
            items: 100.0,
            mean_passage: 10.0,
            texts_with: words.chain(actors).collect(),
        }
    }

    #[test]
    fn names_of_people_who_speak_are_no_words() {
        let ask = |text: &str| Question::read(1, text, DateTime::UNIX_EPOCH);
        let known = statistics(
            &[("pottery", 3)],
            &["ada", "ada lovelace", "lovelace", "bob"],
        );
        let question = ask("When did Ada Lovelace's pottery class start?");
        let weighed = question.weigh(&known);
        assert_eq!(weighed.actor.as_deref(), Some("ada lovelace"));
        assert!(!weighed.words.iter().any(|word| word.term == term(1, "ada")));
        assert!(question.asks_when);
        let both = ask("Did Ada meet Bob?");
        assert_eq!(both.weigh(&known).actor, None);
        // Nothing but a name: then it is what is looked for.
        assert_eq!(ask("Who is Ada?").weigh(&known).words.len(), 1);
        // No one known by that name.
        assert_eq!(ask("What does Eve like?").weigh(&known).words.len(), 2);
    }

    #[test]
    fn what_the_assistant_said_is_asked_for_in_so_many_words() {
        for yes in [
            "What did you recommend?",
            "the book you told me about",
            "What was your advice?",
        ] {
            assert!(
                Question::read(1, yes, DateTime::UNIX_EPOCH).asks_assistant,
                "{yes}"
            );
        }
        for no in [
            "Can you recommend a book?",
            "Could you tell me",
            "What do I like?",
        ] {
            assert!(
                !Question::read(1, no, DateTime::UNIX_EPOCH).asks_assistant,
                "{no}"
            );
        }
    }

    #[test]
    fn rare_words_tell_more() {
        let question = Question::read(1, "pottery class", DateTime::UNIX_EPOCH);
        let weighed = question.weigh(&statistics(&[("potteri", 3), ("class", 60)], &[]));
        assert!(weighed.words[0].idf > 3.0 * weighed.words[1].idf);
    }
}
