//! deduplication: of notes and handoffs that say the same to a reader the newest stays. Each of the others is kept back by an edit, which says why and can
//! be taken back (edit_reject); what was taken back is not kept back again.

use super::did::Did;
use super::shape::{keys, near, same};
use crate::db::{Row, Tx};
use crate::error::Result;
use crate::id;
use crate::jobs::Run;
use crate::sql;
use std::collections::{HashMap, HashSet};

/// Memories of a batch.
const BATCH: i64 = 500;
/// By so many of its rarest words a memory is found.
const RAREST: usize = 12;
/// Who proposes these edits.
const BY: &str = "consolidation";

/// One batch: new memories get their keys and are compared with those that share one.
pub async fn batch(run: &Run, tx: &Tx, after: &str) -> Result<Did> {
    let tenant = &run.tenant;
    if after.is_empty() {
        give_back(run, tx).await?;
    }
    let rows = tx
        .query(sql!("consolidation/unshaped"), &[tenant, &after, &BATCH])
        .await?;
    let mut words: HashMap<String, Vec<i64>> = rows.iter().map(distinct).collect();
    let ids: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let rare = rarest(tx, tenant, &words).await?;
    let shapes: Vec<[i64; 3]> = ids.iter().map(|id| keys(&rare[id])).collect();
    let [a, b, c] = [0, 1, 2].map(|n| shapes.iter().map(|shape| shape[n]).collect::<Vec<i64>>());
    tx.query(sql!("consolidation/shape"), &[tenant, &ids, &a, &b, &c])
        .await?;
    let rows = tx
        .query(sql!("consolidation/pairs"), &[tenant, &ids, &a, &b, &c])
        .await?;
    let pairs: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let others: Vec<&str> = pairs
        .iter()
        .map(|(_, other)| other.as_str())
        .filter(|id| !words.contains_key(*id))
        .collect();
    words.extend(
        tx.query(sql!("consolidation/words"), &[tenant, &others])
            .await?
            .iter()
            .map(distinct),
    );
    let close: Vec<(String, String)> = pairs
        .into_iter()
        .filter(|(a, b)| {
            kind(a) == kind(b)
                && words
                    .get(a)
                    .zip(words.get(b))
                    .is_some_and(|(a, b)| near(a, b))
        })
        .map(|(a, b)| if a > b { (a, b) } else { (b, a) })
        .collect();
    let kept_back = keep_back(run, tx, &close).await?;
    Ok(Did {
        processed: ids.len() as i64,
        affected: kept_back,
        details: vec![("duplicates", kept_back)],
        next: ids.last().filter(|_| ids.len() as i64 == BATCH).cloned(),
        ..Did::default()
    })
}

/// What was kept back for the sake of one that was deleted since is shown again.
async fn give_back(run: &Run, tx: &Tx) -> Result<()> {
    let rows = tx
        .query(
            sql!("consolidation/bereft"),
            &[&run.tenant, &BY, &run.began],
        )
        .await?;
    for row in rows {
        let (id, no_reason): (String, Option<&str>) = (row.get(0), None);
        let show = match kind(&id) {
            "sh" => sql!("edit/withhold_handoff"),
            _ => sql!("edit/withhold_note"),
        };
        for statement in [show, sql!("recall/withhold")] {
            tx.query(statement, &[&run.tenant, &id, &no_reason]).await?;
        }
    }
    Ok(())
}

/// Of each memory's words the rarest, in order: what nearly everything says would bring nearly everything together.
async fn rarest(
    tx: &Tx,
    tenant: &String,
    words: &HashMap<String, Vec<i64>>,
) -> Result<HashMap<String, Vec<i64>>> {
    let mut all: Vec<i64> = words.values().flatten().copied().collect();
    all.sort_unstable();
    all.dedup();
    let rows = tx.query(sql!("recall/statistics"), &[tenant, &all]).await?;
    let often: HashMap<Option<i64>, i64> =
        rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let rare = |terms: &Vec<i64>| {
        let mut terms = terms.clone();
        terms.sort_by_key(|term| (often.get(&Some(*term)).copied().unwrap_or(0), *term));
        terms.truncate(RAREST);
        terms.sort_unstable();
        terms
    };
    Ok(words
        .iter()
        .map(|(id, terms)| (id.clone(), rare(terms)))
        .collect())
}

/// Keeps the older of each pair (newer, older) back that says the same; a pinned note stays.
async fn keep_back(run: &Run, tx: &Tx, close: &[(String, String)]) -> Result<i64> {
    let ids: Vec<&str> = close
        .iter()
        .flat_map(|(a, b)| [a.as_str(), b.as_str()])
        .collect();
    let said: HashMap<String, (String, String, bool)> = tx
        .query(sql!("consolidation/said"), &[&run.tenant, &ids, &BY])
        .await?
        .iter()
        .map(|row| (row.get(0), (row.get(1), row.get(2), row.get(3))))
        .collect();
    let mut gone: HashSet<&str> = HashSet::new();
    for (newer, older) in close {
        let (Some((text, with, stays)), Some((old_text, old_with, old_stays))) =
            (said.get(newer), said.get(older))
        else {
            continue;
        };
        let loser = if *old_stays { newer } else { older };
        if (*stays && *old_stays)
            || with != old_with
            || !same(text, old_text)
            || gone.contains(newer.as_str())
            || !gone.insert(loser.as_str())
        {
            continue;
        }
        let loser = loser.as_str();
        let kept = if loser == older { newer } else { older };
        let (edit_id, at) = id::new("edt");
        let reason = format!("says the same as {kept}");
        let handoff = kind(loser) == "sh";
        let (target, withhold) = match handoff {
            true => ("handoff", sql!("edit/withhold_handoff")),
            false => ("knowledge", sql!("edit/withhold_note")),
        };
        tx.query(
            sql!("consolidation/duplicate"),
            &[&run.tenant, &edit_id, &target, &loser, &reason, &BY, &at],
        )
        .await?;
        tx.query(withhold, &[&run.tenant, &loser, &Some("blocked")])
            .await?;
        tx.query(
            sql!("recall/withhold"),
            &[&run.tenant, &loser, &Some("blocked")],
        )
        .await?;
        if handoff {
            tx.query(sql!("consolidation/unsay"), &[&run.tenant, &loser])
                .await?;
        }
    }
    Ok(gone.len() as i64)
}

/// A memory's id and its words, each once and in order.
fn distinct(row: &Row) -> (String, Vec<i64>) {
    let mut terms: Vec<i64> = row.get(1);
    terms.sort_unstable();
    terms.dedup();
    (row.get(0), terms)
}

fn kind(id: &str) -> &str {
    id.split('_').next().unwrap_or_default()
}
