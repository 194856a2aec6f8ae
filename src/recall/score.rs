//! How well memories fit a question: BM25 over their passages and what was said around them, and what speaks for or against each.

use super::item::{flag, passages};
use super::question::Weighed;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;

// Worked out by experiment on conversations; every bonus stands beside a sum whose range is 0 to 2.2 in any corpus.
const K1: f64 = 1.2;
const B: f64 = 0.75;
/// How much of a word in the item before, after, before that and after that counts as said here.
const AROUND: [(i32, f64); 4] = [(-1, 0.60), (1, 0.30), (-2, 0.30), (2, 0.15)];
/// The longer a text, the less it needs what was said around it: HALF / (HALF + words).
const HALF: f64 = 30.0;
/// How much a word counts here that is anywhere in the session.
const IN_SESSION: f64 = 0.10;
/// For being said by the one person a question names.
pub const ACTOR: f64 = 0.20;
const ROLE: f64 = 0.20;
const DATE: f64 = 0.30;
const DAYS: f64 = 7.0;
const ASKS: f64 = -0.08;
const WHEN: f64 = 0.10;
const NUMBER: f64 = 0.10;
const LENGTH: f64 = 0.02;

/// A memory that may fit.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its id in the index.
    pub item_id: String,
    /// event, handoff, knowledge, decision or principle.
    pub kind: String,
    /// Its session.
    pub session_id: Option<String>,
    /// Who said it.
    pub actor: Option<String>,
    /// human, agent or tool.
    pub role: Option<String>,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// 1, less when it was attenuated.
    pub weight: f64,
    /// Its words.
    pub terms: Vec<i64>,
    /// Its texts: place, number of words, flags of each.
    pub parts: Vec<i32>,
    /// What it said, where its source says something else by now.
    pub body: Option<Vec<String>>,
    /// Whether it was found by its words, and not only beside such a one.
    pub direct: bool,
}

/// Which candidates stand directly before and after which, by their places in the list.
#[derive(Debug, Default)]
pub struct Neighbours {
    before: HashMap<usize, usize>,
    after: HashMap<usize, usize>,
}

impl Neighbours {
    /// Says that two follow each other.
    pub fn link(&mut self, first: usize, second: usize) {
        self.after.insert(first, second);
        self.before.insert(second, first);
    }

    fn at(&self, of: usize, distance: i32) -> Option<usize> {
        let links = if distance < 0 {
            &self.before
        } else {
            &self.after
        };
        (0..distance.abs()).try_fold(of, |place, _| links.get(&place).copied())
    }
}

/// A candidate's best text.
#[derive(Clone, Debug)]
pub struct Hit {
    /// Its place among the candidates.
    pub candidate: usize,
    /// Which of the memory's texts fits best.
    pub part: i32,
    /// How well.
    pub score: f64,
    /// How that came about.
    pub explanation: Explanation,
}

/// The parts of a score; together they are it.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Explanation {
    /// How much of the question's weight its own words cover, 0 to 1.
    pub coverage: f64,
    /// BM25 of its own words, as a share of the question's weight (0 to 2.2).
    pub words: f64,
    /// What the texts around it and its session add to that.
    pub context: f64,
    /// For being said by the one person the question names.
    pub actor: f64,
    /// For being said by the user, or by the assistant where the question asks for that.
    pub role: f64,
    /// For being near a date that the question names.
    pub date: f64,
    /// For saying when, where the question asks when.
    pub when: f64,
    /// For having a number, where the question asks how many.
    pub number: f64,
    /// Against questions.
    pub question: f64,
    /// For length.
    pub length: f64,
    /// For having been used lately, where a prior is configured.
    pub strength: f64,
    /// What all of it is multiplied with: less than 1 for what was attenuated.
    pub weight: f64,
}

impl Explanation {
    /// The whole.
    pub fn score(&self) -> f64 {
        let bonuses = self.actor
            + self.role
            + self.date
            + self.when
            + self.number
            + self.question
            + self.length
            + self.strength;
        (self.words + self.context + bonuses) * self.weight
    }
}

/// How a text's passages have the question's words: frequency by length, x = tf / (1 - b + b length / mean).
struct Text {
    place: i32,
    words: usize,
    flags: i32,
    passages: Vec<Vec<f64>>,
    /// The most of each word in any passage.
    most: Vec<f64>,
}

/// The candidates that have anything of the question, or stand beside one that has; best first, newest first among equals.
pub fn score(asked: &Weighed<'_>, candidates: &[Candidate], neighbours: &Neighbours) -> Vec<Hit> {
    let texts: Vec<Vec<Text>> = candidates
        .iter()
        .map(|candidate| read(asked, candidate))
        .collect();
    let mut sessions: HashMap<&str, Vec<bool>> = HashMap::new();
    let mut talks: HashMap<&str, bool> = HashMap::new();
    for (candidate, texts) in candidates.iter().zip(&texts) {
        let Some(session) = candidate.session_id.as_deref() else {
            continue;
        };
        let has = sessions
            .entry(session)
            .or_insert_with(|| vec![false; asked.words.len()]);
        for text in texts {
            has.iter_mut()
                .zip(&text.most)
                .for_each(|(has, most)| *has |= *most > 0.0);
        }
        *talks.entry(session).or_default() |= candidate.role.as_deref() == Some("agent");
    }
    let all: f64 = asked.words.iter().map(|word| word.idf).sum();
    let mut hits: Vec<Hit> = Vec::new();
    for (place, candidate) in candidates.iter().enumerate() {
        let around: Vec<(&Text, f64)> = AROUND
            .iter()
            .filter_map(|(distance, share)| {
                Some((texts[neighbours.at(place, *distance)?].first()?, *share))
            })
            .collect();
        let session = candidate
            .session_id
            .as_deref()
            .filter(|_| candidate.kind == "event");
        let in_session = session.and_then(|session| sessions.get(session));
        let talk = session
            .and_then(|session| talks.get(session))
            .copied()
            .unwrap_or(false);
        let best = texts[place]
            .iter()
            .filter_map(|text| {
                let mut hit = fit(asked, all, text, &around, in_session)?;
                judge(asked, candidate, text, talk, &mut hit.explanation);
                Some(Hit {
                    candidate: place,
                    score: hit.explanation.score(),
                    ..hit
                })
            })
            .max_by(|a, b| a.score.total_cmp(&b.score).then(b.part.cmp(&a.part)));
        hits.extend(best);
    }
    order(candidates, &mut hits);
    hits
}

/// Best first, newest first among equals.
pub fn order(candidates: &[Candidate], hits: &mut [Hit]) {
    hits.sort_by(|a, b| {
        let (x, y) = (&candidates[a.candidate], &candidates[b.candidate]);
        b.score
            .total_cmp(&a.score)
            .then_with(|| y.at.cmp(&x.at))
            .then_with(|| y.item_id.cmp(&x.item_id))
    });
}

fn read(asked: &Weighed<'_>, candidate: &Candidate) -> Vec<Text> {
    let mut rest = candidate.terms.as_slice();
    let mut texts = Vec::with_capacity(candidate.parts.len() / 3);
    for part in candidate.parts.chunks_exact(3) {
        let (own, others) = rest.split_at((part[1].max(0) as usize).min(rest.len()));
        rest = others;
        let passages: Vec<Vec<f64>> = passages(own.len())
            .map(|passage| {
                let length = passage.len() as f64;
                let mut counts = vec![0.0; asked.words.len()];
                for term in &own[passage] {
                    if let Some(place) = asked.words.iter().position(|word| word.term == *term) {
                        counts[place] += 1.0;
                    }
                }
                let norm = 1.0 - B + B * length / asked.mean_passage;
                counts.iter_mut().for_each(|count| *count /= norm);
                counts
            })
            .collect();
        let most = (0..asked.words.len())
            .map(|word| passages.iter().map(|p| p[word]).fold(0.0, f64::max))
            .collect();
        texts.push(Text {
            place: part[0],
            words: own.len(),
            flags: part[2],
            passages,
            most,
        });
    }
    texts
}

/// A text's best passage; none where neither it nor what is around it has any of the words.
fn fit(
    asked: &Weighed<'_>,
    all: f64,
    text: &Text,
    around: &[(&Text, f64)],
    in_session: Option<&Vec<bool>>,
) -> Option<Hit> {
    let gain = HALF / (HALF + text.words as f64);
    let context: Vec<f64> = (0..asked.words.len())
        .map(|word| {
            let near: f64 = around
                .iter()
                .map(|(text, share)| share * text.most[word])
                .sum();
            let session = in_session.is_some_and(|has| has[word]);
            gain * near + if session { IN_SESSION } else { 0.0 }
        })
        .collect();
    let near = around
        .iter()
        .any(|(text, _)| text.most.iter().any(|most| *most > 0.0));
    if !near && text.most.iter().all(|most| *most == 0.0) {
        return None;
    }
    let saturated = |y: f64| y * (K1 + 1.0) / (y + K1);
    let sum = |passage: &[f64], with_context: bool| -> f64 {
        let each = asked.words.iter().zip(passage).zip(&context);
        each.map(|((word, x), c)| word.idf * saturated(x + if with_context { *c } else { 0.0 }))
            .sum::<f64>()
            / all
    };
    let best = text
        .passages
        .iter()
        .max_by(|a, b| sum(a, true).total_cmp(&sum(b, true)))?;
    let own = sum(best, false);
    let covered: f64 = asked
        .words
        .iter()
        .zip(&text.most)
        .filter(|(_, most)| **most > 0.0)
        .map(|(word, _)| word.idf)
        .sum();
    Some(Hit {
        candidate: 0,
        part: text.place,
        score: 0.0,
        explanation: Explanation {
            coverage: covered / all,
            words: own,
            context: sum(best, true) - own,
            ..Explanation::default()
        },
    })
}

/// What speaks for or against a text beside its words.
fn judge(
    asked: &Weighed<'_>,
    candidate: &Candidate,
    text: &Text,
    talk: bool,
    explanation: &mut Explanation,
) {
    let question = asked.question;
    let has = |flag: i32| text.flags & flag != 0;
    let when = |applies: bool, bonus: f64| if applies { bonus } else { 0.0 };
    let actor = candidate.actor.as_deref().unwrap_or_default();
    explanation.actor = when(
        asked
            .actor
            .as_deref()
            .is_some_and(|name| is_called(actor, name)),
        ACTOR,
    );
    let wanted = if question.asks_assistant {
        "agent"
    } else {
        "human"
    };
    explanation.role = when(talk && candidate.role.as_deref() == Some(wanted), ROLE);
    let near = question
        .dates
        .iter()
        .map(|dates| dates.distance(candidate.at))
        .min();
    explanation.date = near.map_or(0.0, |days| DATE * (-(days as f64) / DAYS).exp());
    explanation.question = when(!talk && has(flag::ASKS), ASKS);
    explanation.when = when(question.asks_when && has(flag::WHEN), WHEN);
    explanation.number = when(question.asks_number && has(flag::NUMBER), NUMBER);
    explanation.length = LENGTH * (1.0 + text.words.min(60) as f64).ln();
    explanation.weight = candidate.weight;
}

fn is_called(actor: &str, name: &str) -> bool {
    super::item::names(actor)
        .iter()
        .any(|called| called == name)
}
