//! Whether anything that was found is likely to answer the question.

use super::question::Weighed;
use super::score::{ACTOR, Candidate, Hit};

/// The score that the best hit of a question has at least, when it is likely to answer.
///
/// Measured on five conversations (760 questions with an answer, and the same asked of a conversation they are not about), flagged of the
/// answerable and of the others: at 0.30 0.9 and 43 %, at 0.35 0.9 and 62 %, at 0.40 1.3 and 75 %, at 0.45 1.7 and 84 %, at 0.50 2.6 and 91 %,
/// at 0.55 4.5 and 94 %, at 0.60 7.2 and 97 %.
const LEAST: f64 = 0.5;

/// Whether the best hit is good enough. A question that names nobody, or several who speak, cannot gain by who says it; that it names
/// somebody unknown speaks against every answer.
pub fn is_confident(asked: &Weighed<'_>, hits: &[Hit]) -> bool {
    let Some(best) = hits.first() else {
        return false;
    };
    let cannot_gain = asked.actor.is_none() && (asked.known > 0 || !asked.question.names_somebody);
    best.score + if cannot_gain { ACTOR } else { 0.0 } >= LEAST
}

/// Least BM25 of a belief (a note, a decision, a principle), as a share of the weight of those words of the question that anything has.
const APT: f64 = 0.2;
/// How much of the best belief's score another has at least.
const BESIDE: f64 = 0.6;

/// Leaves out beliefs that share little with the question, or much less than the best: who asks what is held to be true is misled by what
/// merely has a word in common. What was said and lived through is evidence, and stays.
pub fn leave_out_the_inept(asked: &Weighed<'_>, candidates: &[Candidate], hits: &mut Vec<Hit>) {
    // Words that nobody ever used tell nothing of one belief against another.
    let sum = |used: bool| {
        asked
            .words
            .iter()
            .filter(|word| !used || word.texts > 0)
            .map(|word| word.idf)
            .sum::<f64>()
    };
    let least = APT * sum(true) / sum(false);
    let is_belief =
        |hit: &Hit| !["event", "handoff"].contains(&candidates[hit.candidate].kind.as_str());
    let best = hits
        .iter()
        .find(|hit| is_belief(hit))
        .map_or(0.0, |hit| hit.score);
    hits.retain(|hit| {
        !is_belief(hit) || (hit.explanation.words >= least && hit.score >= BESIDE * best)
    });
}
