//! The sentences that stand for a text: those that carry its own rare words. Pure.

use crate::recall::words;
use crate::text::{passages, sentences, tokens};
use std::collections::{HashMap, HashSet};

/// What a word counts in a sentence when a chosen one has said it before.
const SAID: f64 = 0.3;
/// So many words are added to a sentence's length: a short one is not chosen for being short alone.
const SHORT: f64 = 12.0;

/// A text of a memory and how much what it says counts beside its other texts.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// What it says.
    pub text: &'a str,
    /// 1 for most.
    pub weight: f64,
}

/// A sentence with its rank among those of its memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Sentence<'a> {
    /// Its words.
    pub text: &'a str,
    /// Its place in the memory.
    pub place: usize,
    /// How much of the memory's rare words it carries, by length.
    pub score: f64,
    /// Its size in tokens.
    pub tokens: usize,
}

/// The sentences of a memory, the most telling first: each by the weight of its words (how often the memory has them, and how rare they
/// are by `idf`), less what those before it have said.
pub fn ranked<'a>(tenant: i32, parts: &[Part<'a>], idf: impl Fn(i64) -> f64) -> Vec<Sentence<'a>> {
    let mut all: Vec<(Sentence<'a>, f64, Vec<i64>)> = Vec::new();
    let mut often: HashMap<i64, f64> = HashMap::new();
    for part in parts {
        for text in thoughts(part.text) {
            let mut terms = words(tenant, text);
            terms
                .iter()
                .for_each(|term| *often.entry(*term).or_default() += 1.0);
            terms.sort_unstable();
            terms.dedup();
            let sentence = Sentence {
                text,
                place: all.len(),
                score: 0.0,
                tokens: tokens(text),
            };
            all.push((sentence, part.weight, terms));
        }
    }
    let weights: HashMap<i64, f64> = often
        .iter()
        .map(|(term, times)| (*term, (1.0 + times.ln()) * idf(*term)))
        .collect();
    let mut said: HashSet<i64> = HashSet::new();
    let mut ranked: Vec<Sentence<'a>> = Vec::with_capacity(all.len());
    while !all.is_empty() {
        let score = |(sentence, weight, terms): &(Sentence<'a>, f64, Vec<i64>)| {
            let new = terms.iter().map(|term| {
                let share = if said.contains(term) { SAID } else { 1.0 };
                share * weights.get(term).copied().unwrap_or(0.0)
            });
            let score = weight * new.sum::<f64>() / (SHORT + sentence.tokens as f64);
            // In whichever order its words were added up.
            (score * 1e9).round() / 1e9
        };
        let scores: Vec<f64> = all.iter().map(score).collect();
        let best = (0..all.len())
            .max_by(|a, b| scores[*a].total_cmp(&scores[*b]).then(b.cmp(a)))
            .unwrap_or_default();
        let (mut sentence, _, terms) = all.remove(best);
        sentence.score = scores[best];
        said.extend(terms);
        ranked.push(sentence);
        // A very long memory is not read to its end: what is said by then is enough to choose from.
        if ranked.len() == MOST {
            break;
        }
    }
    ranked
}

/// A sentence of more tokens is cut between words: what has no sentences has no end either.
const LONGEST: usize = 150;
/// Characters of the pieces it is cut into.
const PIECE: usize = 300;

/// The sentences of a text; one that takes back or goes on with what stands before it is one with it.
fn thoughts(text: &str) -> Vec<&str> {
    let mut found: Vec<std::ops::Range<usize>> = Vec::new();
    for sentence in sentences(text) {
        let start = sentence.as_ptr() as usize - text.as_ptr() as usize;
        let range = start..start + sentence.len();
        match found.last_mut().filter(|_| leans(sentence)) {
            Some(before) => before.end = range.end,
            None => found.push(range),
        }
    }
    let all = found.into_iter().map(|range| &text[range]);
    all.flat_map(|thought| match tokens(thought) > LONGEST {
        true => passages(thought, PIECE),
        false => vec![thought],
    })
    .collect()
}

/// Whether a sentence is understood only with the one before it: it begins by pointing there, or denies "it", "this" or "that".
fn leans(sentence: &str) -> bool {
    const POINTING: [&str; 17] = [
        "this",
        "that",
        "these",
        "those",
        "but",
        "however",
        "instead",
        "otherwise",
        "therefore",
        "because",
        "unless",
        "except",
        "aber",
        "das",
        "dies",
        "sonst",
        "denn",
    ];
    const DENYING: [&str; 7] = ["not", "never", "don't", "no", "nicht", "nie", "wrong"];
    const MEANT: [&str; 6] = ["it", "this", "that", "them", "es", "das"];
    let lower = sentence.to_lowercase().replace('’', "'");
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .filter(|word| !word.is_empty())
        .collect();
    let any = |list: &[&str]| words.iter().any(|word| list.contains(word));
    words.first().is_some_and(|first| POINTING.contains(first)) || any(&DENYING) && any(&MEANT)
}

/// A sentence that carries less than this share of what the best one does is not worth its room.
const TELLING: f64 = 0.3;
/// Of so many sentences at most the order is worked out.
const MOST: usize = 64;

/// The most telling sentences within `budget` tokens, at least one, in the order in which they stand. A smaller budget takes fewer of
/// the same.
pub fn within(ranked: &[Sentence<'_>], budget: usize) -> String {
    let mut left = budget;
    let mut chosen: Vec<&Sentence<'_>> = Vec::new();
    for sentence in ranked {
        let fits = sentence.tokens <= left && sentence.score >= TELLING * ranked[0].score;
        if !fits && !chosen.is_empty() {
            break;
        }
        left = left.saturating_sub(sentence.tokens);
        chosen.push(sentence);
    }
    chosen.sort_by_key(|sentence| sentence.place);
    let texts: Vec<&str> = chosen.iter().map(|sentence| sentence.text).collect();
    texts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORY: &str = "We talked for a while. The reserve of pg_wal must stay above 300 MiB, or PostgreSQL panics. It was a good day. \
                         We had a look at things. Marguerite owns the certificate rotation. We talked again!";

    fn idf(term: i64) -> f64 {
        // Frequent words of the corpus, as its statistics would say.
        let frequent = ["talk", "day", "good", "look", "thing"];
        match frequent.iter().any(|stem| words(1, stem).contains(&term)) {
            true => 0.5,
            false => 5.0,
        }
    }

    #[test]
    fn what_only_this_memory_says_is_kept_and_never_cut() {
        let parts = [Part {
            text: STORY,
            weight: 1.0,
        }];
        let ranked = ranked(1, &parts, idf);
        let short = within(&ranked, 40);
        assert_eq!(
            short,
            "The reserve of pg_wal must stay above 300 MiB, or PostgreSQL panics. Marguerite owns the certificate rotation."
        );
        assert!(
            within(&ranked, 1).ends_with("rotation.") || within(&ranked, 1).ends_with("panics.")
        );
    }

    #[test]
    fn what_is_taken_back_is_not_told_without_that() {
        let text = "Restore the Hamburg cluster from the backup of Tuesday. This is wrong, never do it, because that backup is corrupt. \
                    Dr. Smith approved v. 2.5 of the API, e.g. the orders endpoint. Delete the WAL of Lisbon. Do not do that.";
        assert_eq!(
            thoughts(text),
            [
                "Restore the Hamburg cluster from the backup of Tuesday. This is wrong, never do it, because that backup is corrupt.",
                "Dr. Smith approved v. 2.5 of the API, e.g. the orders endpoint.",
                "Delete the WAL of Lisbon. Do not do that.",
            ]
        );
        let parts = [Part { text, weight: 1.0 }];
        let short = within(&ranked(1, &parts, |_| 3.0), 1);
        assert!(
            !short.contains("Tuesday.") || short.contains("wrong"),
            "{short}"
        );
        let endless = "x".repeat(5000) + " " + &"word ".repeat(4000);
        let parts = [Part {
            text: &endless,
            weight: 1.0,
        }];
        assert!(within(&ranked(1, &parts, |_| 3.0), 40).len() <= 400);
        assert_eq!(
            thoughts("1. Stop it.\n2. Copy the data.\n3. Do NOT delete the WAL."),
            [
                "1. Stop it.",
                "2. Copy the data.",
                "3. Do NOT delete the WAL."
            ]
        );
    }

    #[test]
    fn a_smaller_budget_takes_fewer_of_the_same() {
        let parts = [Part {
            text: STORY,
            weight: 1.0,
        }];
        let ranked = ranked(1, &parts, idf);
        let all: Vec<&str> = sentences(STORY).collect();
        let mut before: Vec<&str> = all.clone();
        for budget in (1..80).rev() {
            let text = within(&ranked, budget);
            let now: Vec<&str> = all.iter().copied().filter(|s| text.contains(*s)).collect();
            assert!(
                !now.is_empty() && now.iter().all(|s| before.contains(s)),
                "{budget}: {text}"
            );
            before = now;
        }
    }
}
