//! The search behind recall: which memories may fit, what stands around them, and what the best of them say.

use super::confidence::{is_confident, leave_out_the_inept};
use super::item::Counts;
use super::plan::{LOOKED_AT, NEWEST, Round, rounds};
use super::query::{Answer, Found, Query};
use super::question::{Question, Statistics, Weighed};
use super::score::{Candidate, Hit, Neighbours, order, score};
use crate::consolidation::{Settings, decayed, half_life};
use crate::db::{Read, Row, Sql, Tx, Value};
use crate::error::Result;
use crate::operation::Context;
use crate::origin::Origin;
use crate::sql;
use crate::trust::{Verdict, judge};
use chrono::{DateTime, Utc};
use std::collections::HashMap;

/// What stands around the best is read too: of so many times as many as are asked for.
const AROUND: usize = 3;

/// The memories that fit best.
pub async fn search(ctx: &Context, query: &Query) -> Result<Answer> {
    let question = Question::read(ctx.place.record.number, &query.words, query.now);
    let nothing = Answer {
        found: Vec::new(),
        below_confidence: true,
    };
    if question.words.is_empty() {
        return Ok(nothing);
    }
    let (terms, index) = (question.terms(), &ctx.place.index);
    let (moves, pending) = (index.moves(), index.pending(&ctx.tenant, &terms));
    let counting: Read<'_> = (sql!("recall/statistics"), &[&terms]);
    let bind = sql!("system/bind_recall");
    let (tx, counted) = ctx.place.db.begin_read(&ctx.tenant, bind, counting).await?;
    let read = Reading {
        tx,
        tenant: &ctx.tenant,
    };
    let statistics = match moves.is_multiple_of(2) && moves == index.moves() {
        true => statistics(&counted, pending),
        // Counts moved meanwhile from here to the database. In a transaction already: who moves them is in one, too, when it waits for
        // readers to end.
        false => {
            let _still = index.still().await;
            let pending = index.pending(&ctx.tenant, &terms);
            statistics(&read.query(counting.0, counting.1).await?, pending)
        }
    };
    let asked = question.weigh(&statistics);
    let (candidates, mut hits) = read.fitting(query, &asked).await?;
    let settings = Settings::of(
        &ctx.app.config.consolidation,
        &ctx.place.record.consolidation,
    );
    if settings.recall_prior > 0.0 {
        read.strengthen(query, &settings, &candidates, &mut hits)
            .await?;
    }
    leave_out_the_inept(&asked, &candidates, &mut hits);
    let confident = is_confident(&asked, &hits);
    let found = read.said(query, &candidates, &hits).await?;
    read.tx.done();
    Ok(Answer {
        below_confidence: found.is_empty() || !confident,
        found,
    })
}

/// A search on its way: one transaction.
struct Reading<'a> {
    tx: Tx,
    tenant: &'a String,
}

impl Reading<'_> {
    async fn query(&self, sql: &'static Sql, params: &[&dyn Value]) -> Result<Vec<Row>> {
        let all: Vec<&dyn Value> = std::iter::once(self.tenant as &dyn Value)
            .chain(params.iter().copied())
            .collect();
        self.tx.query(sql, &all).await
    }

    /// The candidates and how well each fits: by the rarest words first, by more where too little was found.
    async fn fitting(
        &self,
        query: &Query,
        asked: &Weighed<'_>,
    ) -> Result<(Vec<Candidate>, Vec<Hit>)> {
        let mut candidates: Vec<Candidate> = Vec::new();
        let mut hits = Vec::new();
        for round in rounds(asked, query.is_filtered()) {
            let before = candidates.len();
            for row in self.candidates(query, &round).await? {
                let candidate = Candidate {
                    direct: true,
                    ..from_row(&row, 0)
                };
                let known = candidates[..before]
                    .iter_mut()
                    .find(|known| known.item_id == candidate.item_id);
                match known {
                    // A neighbour until now: it is found by its words, too.
                    Some(known) => known.direct = true,
                    None => candidates.push(candidate),
                }
            }
            hits = score(asked, &candidates, &Neighbours::default());
            let best: Vec<usize> = hits
                .iter()
                .map(|hit| hit.candidate)
                .filter(|place| candidates[*place].kind == "event")
                .take((AROUND * query.limit).clamp(24, 200))
                .collect();
            if !best.is_empty() {
                let neighbours = self.neighbours(query, &mut candidates, &best).await?;
                hits = score(asked, &candidates, &neighbours);
            }
            if query.is_filtered() {
                // Neighbours of what passed the filters need not pass them.
                hits.retain(|hit| passes(query, &candidates[hit.candidate]));
            }
            if hits.len() >= query.limit {
                break;
            }
        }
        Ok((candidates, hits))
    }

    /// Lets what was used lately count a little more.
    async fn strengthen(
        &self,
        query: &Query,
        settings: &Settings,
        candidates: &[Candidate],
        hits: &mut [Hit],
    ) -> Result<()> {
        let ids: Vec<&str> = hits
            .iter()
            .map(|hit| candidates[hit.candidate].item_id.as_str())
            .collect();
        let rows = self.query(sql!("recall/last_uses"), &[&ids]).await?;
        let used: HashMap<&str, (DateTime<Utc>, f64)> = rows
            .iter()
            .map(|row| (row.get(0), (row.get(1), row.get(2))))
            .collect();
        for hit in hits.iter_mut() {
            let candidate = &candidates[hit.candidate];
            let (at, significance) = used
                .get(candidate.item_id.as_str())
                .copied()
                .unwrap_or((candidate.at, 0.5));
            let days = (query.now - at.max(candidate.at)).num_seconds() as f64 / 86400.0;
            let strength = decayed(1.0, days, half_life(settings.half_life, significance));
            hit.explanation.strength = settings.recall_prior * strength;
            hit.score = hit.explanation.score();
        }
        order(candidates, hits);
        Ok(())
    }

    async fn candidates(&self, query: &Query, round: &Round) -> Result<Vec<Row>> {
        if round.newest {
            let params: [&dyn Value; 5] = [
                &round.any,
                &query.levels,
                &NEWEST,
                &query.quarantined,
                &round.rows,
            ];
            return self.query(sql!("recall/newest"), &params).await;
        }
        let params: [&dyn Value; 15] = [
            &round.any,
            &round.pairs,
            &round.every,
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
            &round.rows,
            &LOOKED_AT,
        ];
        self.query(sql!("recall/candidates"), &params).await
    }

    /// Reads what stands directly around some candidates and joins it to them.
    async fn neighbours(
        &self,
        query: &Query,
        candidates: &mut Vec<Candidate>,
        best: &[usize],
    ) -> Result<Neighbours> {
        let of = |place: &usize| &candidates[*place];
        let sessions: Vec<Option<String>> = best
            .iter()
            .map(|place| of(place).session_id.clone())
            .collect();
        let instants: Vec<DateTime<Utc>> = best.iter().map(|place| of(place).at).collect();
        let ids: Vec<String> = best.iter().map(|place| of(place).item_id.clone()).collect();
        let rows = self
            .query(
                sql!("recall/neighbours"),
                &[&sessions, &instants, &ids, &query.as_of, &query.levels],
            )
            .await?;
        let mut places: HashMap<String, usize> = candidates
            .iter()
            .enumerate()
            .map(|(place, candidate)| (candidate.item_id.clone(), place))
            .collect();
        let mut around: HashMap<String, Vec<usize>> = HashMap::new();
        for row in &rows {
            let id: String = row.get(1);
            let place = *places.entry(id).or_insert_with(|| {
                candidates.push(from_row(row, 1));
                candidates.len() - 1
            });
            around.entry(row.get(0)).or_default().push(place);
        }
        let mut neighbours = Neighbours::default();
        for (id, mut near) in around {
            near.extend(places.get(&id));
            near.sort_by(|a, b| {
                (candidates[*a].at, &candidates[*a].item_id)
                    .cmp(&(candidates[*b].at, &candidates[*b].item_id))
            });
            near.windows(2)
                .for_each(|two| neighbours.link(two[0], two[1]));
        }
        Ok(neighbours)
    }

    /// What the best say, one text a memory; what is no longer to be shown drops out, and the next best come in.
    async fn said(
        &self,
        query: &Query,
        candidates: &[Candidate],
        hits: &[Hit],
    ) -> Result<Vec<Found>> {
        let limit = query.limit;
        let hits = &hits[..hits.len().min(2 * limit)];
        let (best, others) = hits.split_at(hits.len().min(limit));
        let mut found: Vec<Found> = Vec::new();
        for hits in [best, others] {
            if hits.is_empty() || found.len() == limit {
                break;
            }
            let rows = self.texts(candidates, hits).await?;
            let by_id: HashMap<&str, &Row> =
                rows.iter().map(|row| (row.get("item_id"), row)).collect();
            for hit in hits {
                let candidate = &candidates[hit.candidate];
                let Some(row) = by_id.get(candidate.item_id.as_str()) else {
                    continue;
                };
                let id: &str = row.get("id");
                if found.len() < limit && found.iter().all(|other| other.id != id) {
                    found.extend(text(query, candidate, hit, row));
                }
            }
        }
        Ok(found)
    }

    /// The rows of what some hits say.
    async fn texts(&self, candidates: &[Candidate], hits: &[Hit]) -> Result<Vec<Row>> {
        let ids = hits
            .iter()
            .map(|hit| candidates[hit.candidate].item_id.as_str());
        let of_each = readers().map(|(prefix, sql)| {
            let ids: Vec<&str> = ids.clone().filter(|id| id.starts_with(prefix)).collect();
            async move {
                match ids.is_empty() {
                    true => Ok(Vec::new()),
                    false => self.query(sql, &[&ids]).await,
                }
            }
        });
        let rows = futures_util::future::try_join_all(of_each).await?;
        Ok(rows.into_iter().flatten().collect())
    }
}

/// The statements that read what memories say, by how their ids begin.
fn readers() -> [(&'static str, &'static Sql); 6] {
    [
        ("chk_", sql!("recall/text_of_chunks")),
        ("sh_", sql!("recall/text_of_handoffs")),
        ("kn_", sql!("recall/text_of_notes")),
        ("dec_", sql!("recall/text_of_decisions")),
        ("prn_", sql!("recall/text_of_principles")),
        ("fnd_", sql!("recall/text_of_findings")),
    ]
}

/// A memory with its best text, from its row of texts; none where it has none, or not the labels that are asked for.
fn text(query: &Query, candidate: &Candidate, hit: &Hit, row: &Row) -> Option<Found> {
    let in_place = usize::try_from(hit.part).unwrap_or_default();
    let (names, mut texts): (Vec<&str>, Vec<Option<String>>) = (row.get("names"), row.get("texts"));
    let text = candidate
        .body
        .as_ref()
        .and_then(|said| said.get(in_place).cloned())
        .or_else(|| texts.get_mut(in_place).and_then(Option::take))?;
    let tags: Vec<String> = row.get("tags");
    query
        .tags
        .iter()
        .all(|tag| tags.contains(tag))
        .then(|| Found {
            source: match candidate.kind == "event" {
                true => candidate.item_id.clone(),
                false => names.get(in_place).copied().unwrap_or_default().to_owned(),
            },
            id: row.get("id"),
            kind: candidate.kind.clone(),
            score: hit.score,
            at: candidate.at,
            actor: candidate.actor.clone(),
            session_id: candidate.session_id.clone(),
            tags,
            origin: Origin::from_row(row),
            reads_like_an_order: judge(&text) != Verdict::Plain,
            text,
            explanation: query.explain.then(|| hit.explanation.clone()),
        })
}

/// What was counted, in the database and here.
fn statistics(rows: &[Row], mut counts: Counts) -> Statistics {
    for row in rows {
        match row.get::<_, Option<i64>>(0) {
            Some(term) => *counts.texts_with.entry(term).or_default() += row.get::<_, i64>(1),
            None => {
                counts.items += row.get::<_, i64>(1);
                counts.passages += row.get::<_, i64>(2);
                counts.words += row.get::<_, i64>(3);
            }
        }
    }
    Statistics {
        items: counts.items.max(1) as f64,
        mean_passage: counts.words as f64 / counts.passages.max(1) as f64,
        texts_with: counts.texts_with,
    }
}

/// A candidate from a row that has it from the `first` column on.
fn from_row(row: &Row, first: usize) -> Candidate {
    Candidate {
        item_id: row.get(first),
        kind: row.get(first + 1),
        session_id: row.get(first + 2),
        actor: row.get(first + 3),
        role: row.get(first + 4),
        at: row.get(first + 5),
        weight: row.get(first + 6),
        terms: row.get(first + 7),
        parts: row.get(first + 8),
        body: row.get(first + 9),
        direct: false,
    }
}

/// Whether a neighbour passes the filters too.
fn passes(query: &Query, candidate: &Candidate) -> bool {
    let event = candidate.kind == "event";
    let told = query.project.is_none() && query.tags.is_empty();
    (candidate.direct || told)
        && (query.kinds.is_empty() || query.kinds.contains(&candidate.kind))
        && (!event || query.with_whom.is_none() || query.with_whom == candidate.actor)
        && (query.session_id.is_none() || query.session_id == candidate.session_id)
        && query.since.is_none_or(|since| candidate.at >= since)
        && query.until.is_none_or(|until| candidate.at < until)
}
