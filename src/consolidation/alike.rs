//! Whether two statements of becoming say the same, by their words. Pure.

use crate::recall::words;
use std::collections::HashSet;
use std::sync::LazyLock;

/// From here on two statements are one: chosen on the table of tests/fixtures/statements.tsv.
pub const SAME: f64 = 0.6;

/// What statements of becoming are made of whatever they say.
const FRAME: &str = "agent assistant someone somebody one person who that become becoming being try trying want learn learning work \
                     working better always thing more keep really make way first before";

static FRAME_TERMS: LazyLock<HashSet<i64>> =
    LazyLock::new(|| words(0, FRAME).into_iter().collect());

/// What a statement says: its words without their frame, each once and in order.
pub fn gist(statement: &str) -> Vec<i64> {
    let mut all = words(0, statement);
    all.sort_unstable();
    all.dedup();
    let own: Vec<i64> = all
        .iter()
        .copied()
        .filter(|term| !FRAME_TERMS.contains(term))
        .collect();
    if own.is_empty() { all } else { own }
}

/// How much of what two gists say is the same, 0 to 1: the cosine of their words.
pub fn alike(a: &[i64], b: &[i64]) -> f64 {
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    common(a, b) as f64 / ((a.len() * b.len()) as f64).sqrt()
}

/// Words that turn a statement round, by what they do: deny it, or make it less.
const DENYING: [&str; 37] = [
    "not",
    "never",
    "no",
    "none",
    "cannot",
    "without",
    "nobody",
    "nothing",
    "nor",
    "hardly",
    "stop",
    "avoid",
    "refuse",
    "nicht",
    "nie",
    "niemals",
    "kein",
    "keine",
    "keinen",
    "keiner",
    "ohne",
    "pas",
    "jamais",
    "sans",
    "nunca",
    "non",
    "mai",
    "не",
    "нет",
    "никогда",
    "без",
    "안",
    "못",
    "nem",
    "geen",
    "niet",
    "nooit",
];
const LESSENING: [&str; 8] = [
    "less", "fewer", "rarely", "seldom", "little", "weniger", "selten", "moins",
];
const WITHIN: [&str; 12] = [
    "않",
    "못하",
    "없",
    "ない",
    "ません",
    "なかった",
    "不",
    "没",
    "無",
    "无",
    "未",
    "別",
];
/// Words after which it matters what comes first.
const ORDERING: [&str; 12] = [
    "before", "after", "then", "than", "over", "rather", "instead", "until", "from", "into",
    "bevor", "nachdem",
];

/// How a statement puts what it says: whether it denies, whether it lessens, and whether it sets one thing before another.
fn manner(statement: &str) -> (bool, bool, bool) {
    let lower = statement.to_lowercase().replace('’', "'");
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .filter(|word| !word.is_empty())
        .collect();
    let any = |list: &[&str]| words.iter().any(|word| list.contains(word));
    let denies = any(&DENYING)
        || words.iter().any(|word| word.ends_with("n't"))
        || WITHIN.iter().any(|part| lower.contains(part));
    (denies, any(&LESSENING), any(&ORDERING))
}

/// Whether two statements of the same words mean something else: one denies or lessens and the other does not, or what they set in an
/// order stands the other way round.
pub fn opposed(a: &str, b: &str) -> bool {
    let ((denies_a, less_a, order_a), (denies_b, less_b, order_b)) = (manner(a), manner(b));
    if denies_a != denies_b || less_a != less_b {
        return true;
    }
    let (in_a, in_b) = (words(0, a), words(0, b));
    let shared = |own: &[i64], other: &[i64]| -> Vec<i64> {
        let mut seen: Vec<i64> = Vec::new();
        for term in own
            .iter()
            .filter(|term| other.contains(term) && !FRAME_TERMS.contains(term))
        {
            if !seen.contains(term) {
                seen.push(*term);
            }
        }
        seen
    };
    (order_a || order_b) && shared(&in_a, &in_b) != shared(&in_b, &in_a)
}

/// How many numbers two ordered lists share.
pub fn common(a: &[i64], b: &[i64]) -> usize {
    let (mut i, mut j, mut both) = (0, 0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        both += usize::from(x == y);
        i += usize::from(x <= y);
        j += usize::from(y <= x);
    }
    both
}

/// The place of the most central of some gists: the one that is most like all others; of equals the first.
pub fn central(gists: &[Vec<i64>]) -> usize {
    let sum = |gist: &Vec<i64>| gists.iter().map(|other| alike(gist, other)).sum::<f64>();
    let sums: Vec<f64> = gists.iter().map(sum).collect();
    (0..gists.len())
        .max_by(|a, b| sums[*a].total_cmp(&sums[*b]).then(b.cmp(a)))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of all pairs that are said to be the same or not, how many are judged so, at a threshold.
    fn judged(threshold: f64) -> (f64, f64) {
        let table = include_str!("../../tests/fixtures/statements.tsv");
        let (mut right, mut wrong, mut missed) = (0.0, 0.0, 0.0);
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let mut cells = line.split('\t');
            let (label, a, b) = (cells.next(), cells.next(), cells.next());
            let (Some(a), Some(b)) = (a, b) else {
                panic!("{line}")
            };
            match (
                alike(&gist(a), &gist(b)) >= threshold && !opposed(a, b),
                label == Some("same"),
            ) {
                (true, true) => right += 1.0,
                (true, false) => wrong += 1.0,
                (false, true) => missed += 1.0,
                (false, false) => {}
            }
        }
        (right / (right + wrong), right / (right + missed))
    }

    #[test]
    fn the_threshold_is_the_best_one_that_joins_hardly_anything_wrongly() {
        for step in 30..80 {
            let (precision, recall) = judged(f64::from(step) / 100.0);
            if step % 5 == 0 {
                println!("threshold 0.{step}: precision {precision:.2}, recall {recall:.2}");
            }
        }
        let (precision, recall) = judged(SAME);
        assert!(precision >= 0.95, "precision {precision}");
        assert!(recall >= 0.7, "recall {recall}");
    }

    #[test]
    fn the_most_central_is_the_one_most_like_the_others() {
        let gists: Vec<Vec<i64>> = [
            "measures before changing code",
            "measures before changing code and tests",
            "changes code",
        ]
        .map(gist)
        .into();
        assert_eq!(central(&gists), 0);
        assert_eq!(alike(&gists[0], &gists[0]), 1.0);
    }
}
