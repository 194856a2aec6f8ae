//! Which memories are looked at: those with the telling words of a question, not all that have any.

use super::question::{Weighed, Word};

/// Texts that have any of the rarest words are looked at while they are at most so many.
const ANY: i64 = 300;
/// The same for a tenant of few texts, which stand close together.
const ANY_OF_FEW: i64 = 1000;
/// So many are few.
const FEW: f64 = 20_000.0;
/// Texts that have two of the other words, while probably no more than so many.
const PAIRS: f64 = 300.0;
/// To find who has two words the index walks the rarer one's list and reads some of the other's: all pairs together may take so many steps.
const WALKED: i64 = 6_000;
/// So many entries of a list that is only read along are one step.
const READ_ALONG: i64 = 20;
/// Of how many of the other words pairs are made.
const PAIRED: usize = 4;
/// Where nothing is rare, texts that have as many of the rarest words as leave probably no more than so many.
const EVERY: f64 = 300.0;
/// Where too little was found, texts with any of more words are looked at, while they are at most so many: without filters, and with.
const WIDEST: [i64; 2] = [4_000, 40_000];
/// Where words are in so many texts that nothing narrows them down, only so many are looked at.
pub const LOOKED_AT: i32 = 2_000;
/// The newest so many are read.
const ROWS: i32 = 1000;
/// A word in more texts than this tells nothing, and its list is too long to be read: where no word of a question tells more, the newest
/// texts are looked at.
const TELLS_NOTHING: i64 = 20_000;
/// So many of them, for the rarest so many words.
pub const NEWEST: i32 = 3_000;
const OF_NEWEST: usize = 2;

/// What one round looks at: texts with any of some words, with both of a pair, or with all of some.
#[derive(Debug, Default, PartialEq)]
pub struct Round {
    /// Terms.
    pub any: Vec<i64>,
    /// Terms, two and two.
    pub pairs: Vec<i64>,
    /// Terms that a text has all of.
    pub every: Vec<i64>,
    /// Whether only the newest texts are looked at.
    pub newest: bool,
    /// Rows at most.
    pub rows: i32,
}

/// The rounds of a search, each wider than the one before.
pub fn rounds(asked: &Weighed<'_>, filtered: bool) -> Vec<Round> {
    let mut words = asked.words.clone();
    words.sort_by_key(|word| (word.texts, word.term));
    let any = if asked.items < FEW { ANY_OF_FEW } else { ANY };
    let mut sum = 0;
    let rare = words.iter().take_while(|word| {
        sum += word.texts;
        sum <= any
    });
    let (rare, others) = words.split_at(rare.count());
    let terms = |words: &[Word]| words.iter().map(|word| word.term).collect::<Vec<i64>>();
    let mut first = Round {
        any: terms(rare),
        pairs: pairs(asked, &others[..others.len().min(PAIRED)]),
        rows: ROWS,
        ..Round::default()
    };
    if first.any.is_empty() && first.pairs.is_empty() {
        first.every = terms(&words[..every(asked, &words)]);
    }
    let any_of = |words: &[Word]| Round {
        any: terms(words),
        rows: ROWS,
        ..Round::default()
    };
    // One more word, whatever it costs: nothing that has the rarest word goes unfound. Then all of them, while that is bearable.
    let one_more = &words[..(rare.len() + 1).min(words.len())];
    let all = words.iter().map(|word| word.texts).sum::<i64>();
    let mut rounds = vec![first, any_of(one_more)];
    if !filtered && words.first().is_some_and(|word| word.texts > TELLS_NOTHING) {
        rounds[0] = Round {
            newest: true,
            ..any_of(&words[..words.len().min(OF_NEWEST)])
        };
    }
    if all <= WIDEST[usize::from(filtered)] {
        rounds.push(any_of(&words));
    }
    rounds.retain(|round| {
        !(round.any.is_empty() && round.pairs.is_empty() && round.every.is_empty())
    });
    rounds.dedup();
    rounds
}

/// How many of the words a text has to have, at least two where there are two.
fn every(asked: &Weighed<'_>, words: &[Word]) -> usize {
    let mut texts = asked.items;
    let needed = words.iter().position(|word| {
        texts *= word.texts as f64 / asked.items;
        texts <= EVERY
    });
    needed
        .map_or(words.len(), |last| last + 1)
        .max(2)
        .min(words.len())
}

/// Pairs of words, the rarest first, as if words occurred independently of each other.
fn pairs(asked: &Weighed<'_>, words: &[Word]) -> Vec<i64> {
    let mut pairs: Vec<(f64, i64, i64, i64)> = Vec::new();
    for (place, a) in words.iter().enumerate() {
        let both = |b: &Word| {
            (
                a.texts as f64 * b.texts as f64 / asked.items,
                a.texts + b.texts / READ_ALONG,
                a.term,
                b.term,
            )
        };
        pairs.extend(words[place + 1..].iter().map(both));
    }
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut sum, mut walked) = (0.0, 0);
    let taken = pairs.iter().take_while(|(texts, steps, ..)| {
        sum += texts;
        walked += steps;
        sum <= PAIRS && walked <= WALKED
    });
    taken.flat_map(|(_, _, a, b)| [*a, *b]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recall::question::Question;
    use chrono::DateTime;

    fn plan(texts: &[i64], filtered: bool) -> Vec<Round> {
        let question = Question::read(1, "", DateTime::UNIX_EPOCH);
        let words = texts
            .iter()
            .enumerate()
            .map(|(n, texts)| Word {
                term: n as i64,
                texts: *texts,
                idf: 1.0,
            })
            .collect();
        rounds(
            &Weighed {
                question: &question,
                words,
                known: 0,
                actor: None,
                mean_passage: 10.0,
                items: 100_000.0,
            },
            filtered,
        )
    }

    #[test]
    fn rare_words_are_looked_for_alone_and_others_in_pairs() {
        let first = &plan(&[5000, 10, 200, 4000], true)[0];
        assert_eq!(
            (first.any.as_slice(), first.pairs.as_slice()),
            (&[1, 2][..], &[3, 0][..])
        );
        assert_eq!(plan(&[1, 2, 3], true).len(), 1);
        // Nothing rare and no pair that is: whoever has all.
        assert_eq!(plan(&[50_000, 60_000], true)[0].every, [0, 1]);
        // And where nobody has, whoever has the rarer.
        assert_eq!(plan(&[50_000, 60_000], true)[1].any, [0]);
        assert_eq!(plan(&[], true), []);
        // Words that everybody uses: the newest texts, where no filter asks for others.
        let wide = plan(&[70_000, 50_000, 60_000], false);
        assert!(wide[0].newest && wide[0].any == [1, 2], "{wide:?}");
        assert_eq!((wide[1].newest, wide[1].any.as_slice()), (false, &[1][..]));
    }
}
