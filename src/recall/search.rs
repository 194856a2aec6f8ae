//! The search behind recall: which memories may fit, what stands around them, and what the best of them say.

use super::question::{Question, Statistics, Weighed, Word};
use super::score::{Candidate, Explanation, Hit, Neighbours, score};
use crate::db::{Row, Value};
use crate::error::Result;
use crate::operation::Context;
use crate::sql;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;

/// Words are taken, the rarest first, while the texts that have them are at most so many: first, and where too little was found.
const ROUNDS: [i64; 2] = [1000, 8000];
/// No round reads more rows.
const ROWS: i32 = 4000;
/// What stands around this many of the best is read too.
const AROUND: usize = 128;

/// What to look for.
#[derive(Clone, Debug)]
pub struct Query {
    /// A question in plain words.
    pub words: String,
    /// Kinds of memory; none means all.
    pub kinds: Vec<String>,
    /// About or with someone.
    pub with_whom: Option<String>,
    /// Of one session.
    pub session_id: Option<String>,
    /// With all of these labels.
    pub tags: Vec<String>,
    /// From this instant on.
    pub since: Option<DateTime<Utc>>,
    /// Before this instant.
    pub until: Option<DateTime<Utc>>,
    /// What was known and believed then.
    pub as_of: Option<DateTime<Utc>>,
    /// When it is asked.
    pub now: DateTime<Utc>,
    /// Of one project.
    pub project: Option<String>,
    /// The levels that may be shown.
    pub levels: Vec<String>,
    /// Whether quarantined ones count too.
    pub quarantined: bool,
    /// Whether to say how the score came about.
    pub explain: bool,
    /// How many at most.
    pub limit: usize,
}

impl Query {
    /// Words without any filter.
    pub fn words(words: &str, now: DateTime<Utc>, limit: usize) -> Self {
        Self {
            words: words.to_owned(),
            kinds: Vec::new(),
            with_whom: None,
            session_id: None,
            tags: Vec::new(),
            since: None,
            until: None,
            as_of: None,
            now,
            project: None,
            levels: ["none", "low", "medium"].map(str::to_owned).to_vec(),
            quarantined: false,
            explain: false,
            limit,
        }
    }

    fn is_filtered(&self) -> bool {
        !(self.kinds.is_empty() && self.tags.is_empty())
            || [&self.with_whom, &self.session_id, &self.project].iter().any(|filter| filter.is_some())
            || [self.since, self.until, self.as_of].iter().any(Option::is_some)
    }
}

/// A memory that fits.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Found {
    /// Its id.
    pub id: String,
    /// event, handoff, knowledge, decision or principle.
    pub kind: String,
    /// What it says.
    pub text: String,
    /// How well it fits; comparable within one reply.
    pub score: f64,
    /// When it happened or was stored.
    pub at: DateTime<Utc>,
    /// Who said it.
    pub actor: Option<String>,
    /// The session it comes from.
    pub session_id: Option<String>,
    /// Its labels.
    pub tags: Vec<String>,
    /// The part of the memory the text is: a handoff's member, a note's content, an event's chunk by its id.
    pub source: String,
    /// How the score came about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
}

/// What a search found.
pub struct Answer {
    /// Best first.
    pub found: Vec<Found>,
    /// Whether nothing of it is likely to answer the question.
    pub below_confidence: bool,
}

/// The memories that fit best.
pub async fn search(ctx: &Context, query: &Query) -> Result<Answer> {
    let question = Question::read(ctx.place.record.number, &query.words, query.now);
    let nothing = Answer { found: Vec::new(), below_confidence: true };
    if question.words.is_empty() {
        return Ok(nothing);
    }
    let statistics = statistics(ctx, &question).await?;
    let asked = question.weigh(&statistics);
    let (candidates, hits) = fitting(ctx, query, &asked).await?;
    let confident = super::confidence::is_confident(&asked, &hits);
    let found = said(ctx, query, &candidates, hits).await?;
    Ok(Answer { below_confidence: found.is_empty() || !confident, found })
}

async fn statistics(ctx: &Context, question: &Question) -> Result<Statistics> {
    let terms = question.terms();
    let mut counts = ctx.place.index.pending(&ctx.tenant, &terms);
    for row in ctx.read(sql!("recall/statistics"), &[&terms]).await? {
        match row.get::<_, Option<i64>>(0) {
            Some(term) => *counts.texts_with.entry(term).or_default() += row.get::<_, i64>(1),
            None => {
                counts.items += row.get::<_, i64>(1);
                counts.passages += row.get::<_, i64>(2);
                counts.words += row.get::<_, i64>(3);
            }
        }
    }
    Ok(Statistics {
        items: counts.items.max(1) as f64,
        mean_passage: counts.words as f64 / counts.passages.max(1) as f64,
        texts_with: counts.texts_with,
    })
}

/// The candidates and how well each fits: the rarest words first, more where too little was found.
async fn fitting(ctx: &Context, query: &Query, asked: &Weighed<'_>) -> Result<(Vec<Candidate>, Vec<Hit>)> {
    let mut words: Vec<Word> = asked.words.clone();
    words.sort_by_key(|word| word.texts);
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut hits = Vec::new();
    for most in ROUNDS {
        let taken = rarest(&words, most);
        if taken.is_empty() {
            continue;
        }
        let wanted: Vec<i64> = words.drain(..taken.len()).map(|word| word.term).collect();
        for row in read_candidates(ctx, query, &wanted).await? {
            let candidate = from_row(&row);
            if !candidates.iter().any(|known| known.item_id == candidate.item_id) {
                candidates.push(candidate);
            }
        }
        hits = score(asked, &candidates, &Neighbours::default());
        let best: Vec<usize> = hits.iter().map(|hit| hit.candidate).filter(|place| candidates[*place].kind == "event").take(AROUND.max(query.limit)).collect();
        if !best.is_empty() {
            let neighbours = neighbours(ctx, query, &mut candidates, &best).await?;
            hits = score(asked, &candidates, &neighbours);
        }
        if hits.len() >= query.limit || words.is_empty() {
            break;
        }
    }
    Ok((candidates, hits))
}

/// The rarest words, while all texts that have them are at most so many; the first always.
fn rarest(words: &[Word], most: i64) -> &[Word] {
    let mut sum = 0;
    let taken = words.iter().enumerate().take_while(|(place, word)| {
        sum += word.texts;
        *place == 0 || sum <= most
    });
    &words[..taken.count()]
}

async fn read_candidates(ctx: &Context, query: &Query, wanted: &Vec<i64>) -> Result<Vec<Row>> {
    let params: [&dyn Value; 12] = [
        wanted,
        &query.kinds,
        &query.with_whom,
        &query.session_id,
        &query.tags,
        &query.since,
        &query.until,
        &query.as_of,
        &query.project,
        &query.levels,
        &query.quarantined,
        &ROWS,
    ];
    ctx.read(sql!("recall/candidates"), &params).await
}

/// Reads what stands directly around some candidates and joins it to them.
async fn neighbours(ctx: &Context, query: &Query, candidates: &mut Vec<Candidate>, best: &[usize]) -> Result<Neighbours> {
    let of = |place: &usize| &candidates[*place];
    let sessions: Vec<Option<String>> = best.iter().map(|place| of(place).session_id.clone()).collect();
    let instants: Vec<DateTime<Utc>> = best.iter().map(|place| of(place).at).collect();
    let ids: Vec<String> = best.iter().map(|place| of(place).item_id.clone()).collect();
    let rows = ctx.read(sql!("recall/neighbours"), &[&sessions, &instants, &ids, &query.as_of, &query.levels]).await?;
    let mut places: HashMap<String, usize> =
        candidates.iter().enumerate().map(|(place, candidate)| (candidate.item_id.clone(), place)).collect();
    let mut around: HashMap<String, [Option<usize>; 5]> = HashMap::new();
    for row in &rows {
        let id: String = row.get("item_id");
        let place = *places.entry(id).or_insert_with(|| {
            candidates.push(from_row(row));
            candidates.len() - 1
        });
        let distance: i32 = row.get("distance");
        if let Some(slot) = around.entry(row.get("around")).or_default().get_mut((distance + 2) as usize) {
            *slot = Some(place);
        }
    }
    let mut neighbours = Neighbours::default();
    for (id, mut five) in around {
        five[2] = places.get(&id).copied();
        for two in five.windows(2) {
            if let [Some(first), Some(second)] = two {
                neighbours.link(*first, *second);
            }
        }
    }
    Ok(neighbours)
}

fn from_row(row: &Row) -> Candidate {
    Candidate {
        item_id: row.get("item_id"),
        kind: row.get("kind"),
        session_id: row.get("session_id"),
        actor: row.get("actor"),
        role: row.get("role"),
        at: row.get("at"),
        weight: row.get("weight"),
        terms: row.get("terms"),
        parts: row.get("parts"),
        body: row.get("body"),
    }
}

/// What the best say, one text a memory; what is no longer to be shown drops out.
async fn said(ctx: &Context, query: &Query, candidates: &[Candidate], mut hits: Vec<Hit>) -> Result<Vec<Found>> {
    if query.is_filtered() {
        // Neighbours of what passed the filters need not pass them.
        hits.retain(|hit| passes(query, &candidates[hit.candidate]));
    }
    let mut best: Vec<Hit> = Vec::new();
    hits.truncate(query.limit * 2);
    best.append(&mut hits);
    let ids = |prefix: &str| -> Vec<String> {
        best.iter().map(|hit| candidates[hit.candidate].item_id.clone()).filter(|id| id.starts_with(prefix)).collect()
    };
    let rows = ctx.read(sql!("recall/texts"), &[&ids("chk_"), &ids("sh_"), &ids("kn_"), &ids("dec_")]).await?;
    let by_id: HashMap<String, &Row> = rows.iter().map(|row| (row.get("item_id"), row)).collect();
    let mut found: Vec<Found> = Vec::new();
    for hit in best {
        let candidate = &candidates[hit.candidate];
        let Some(row) = by_id.get(&candidate.item_id) else { continue };
        let (id, tags): (String, Vec<String>) = (row.get("id"), row.get("tags"));
        let in_place = usize::try_from(hit.part).unwrap_or_default();
        let mut texts: Vec<Option<String>> = row.get("texts");
        let names: Vec<&str> = row.get("names");
        let text = candidate.body.clone().or_else(|| texts.get_mut(in_place).and_then(Option::take));
        let Some(text) = text else { continue };
        let passes_last = query.tags.iter().all(|tag| tags.contains(tag));
        if !passes_last || found.iter().any(|other| other.id == id) || found.len() == query.limit {
            continue;
        }
        found.push(Found {
            source: match candidate.kind == "event" {
                true => candidate.item_id.clone(),
                false => names.get(in_place).copied().unwrap_or_default().to_owned(),
            },
            id,
            kind: candidate.kind.clone(),
            text,
            score: hit.score,
            at: candidate.at,
            actor: candidate.actor.clone(),
            session_id: candidate.session_id.clone(),
            tags,
            explanation: query.explain.then_some(hit.explanation),
        });
    }
    Ok(found)
}

/// Whether a neighbour passes the filters too.
fn passes(query: &Query, candidate: &Candidate) -> bool {
    let event = candidate.kind == "event";
    (query.kinds.is_empty() || query.kinds.contains(&candidate.kind))
        && (!event || query.with_whom.is_none() || query.with_whom == candidate.actor)
        && (query.session_id.is_none() || query.session_id == candidate.session_id)
        && query.since.is_none_or(|since| candidate.at >= since)
        && query.until.is_none_or(|until| candidate.at < until)
}
