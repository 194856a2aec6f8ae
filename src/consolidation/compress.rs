//! handoff_compression: old handoffs get shorter forms, step by step as they grow old. Their texts stay as they were.

use super::did::Did;
use super::extract::{Part, ranked, within};
use super::rarity::{Rarity, rarity};
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::handoff::Handoff;
use crate::jobs::Run;
use crate::sql;
use crate::text::tokens;
use chrono::{DateTime, Duration, Utc};

/// Handoffs of a batch.
const BATCH: i64 = 250;
/// The levels after full.
pub const LEVELS: [&str; 3] = ["summary", "quick_ref", "integrated"];
/// The share of all tokens that each level keeps, in percent, and the tokens it keeps at the most.
const KEEPS: [(usize, usize); 3] = [(40, 400), (15, 120), (5, 40)];
/// How much the texts count, in the order of the contract: what was understood more; less what stands elsewhere in a wake-up too, who the
/// agent is becoming and what must be remembered.
const WEIGHTS: [f64; 6] = [1.0, 1.0, 1.3, 1.2, 0.4, 0.7];

/// What stands for a handoff at each level, by how rare its words are.
pub fn forms(tenant: i32, handoff: &Handoff, idf: impl Fn(i64) -> f64) -> [String; 3] {
    let said = handoff.said();
    let parts: Vec<Part<'_>> = said
        .iter()
        .zip(WEIGHTS)
        .filter_map(|((_, text), weight)| {
            Some(Part {
                text: (*text)?,
                weight,
            })
        })
        .collect();
    let whole: usize = parts.iter().map(|part| tokens(part.text)).sum();
    let ranked = ranked(tenant, &parts, idf);
    KEEPS.map(|(percent, most)| within(&ranked, (whole * percent / 100).min(most)))
}

/// One batch.
pub async fn batch(run: &Run, tx: &Tx, settings: &super::Settings) -> Result<Did> {
    let due = settings
        .levels
        .map(|days| run.began - Duration::days(days.into()));
    let rows = tx
        .query(
            sql!("consolidation/aged"),
            &[&run.tenant, &due[0], &due[1], &due[2], &BATCH],
        )
        .await?;
    let handoffs: Vec<Handoff> = rows.iter().map(Handoff::from_row).collect();
    let number = run.place.record.number;
    let all: Vec<&str> = handoffs
        .iter()
        .flat_map(Handoff::said)
        .filter_map(|(_, text)| text)
        .collect();
    let idf = rarity(tx, &run.tenant, number, &all).await?;
    // Beside the requests, not in their way.
    let made = tokio::task::spawn_blocking(move || shorten(number, &handoffs, &due, &idf));
    let Made {
        ids,
        levels,
        texts,
        passed,
        saved,
    } = made.await.map_err(Error::internal)?;
    tx.query(
        sql!("consolidation/compress"),
        &[&run.tenant, &ids, &levels, &texts],
    )
    .await?;
    Ok(Did {
        processed: ids.len() as i64,
        affected: ids.len() as i64,
        tokens_saved: saved,
        details: vec![
            ("affected_30", passed[0]),
            ("affected_90", passed[1]),
            ("affected_180", passed[2]),
        ],
        next: (ids.len() as i64 == BATCH).then(String::new),
        ..Did::default()
    })
}

/// What stands for some handoffs from now on.
#[derive(Default)]
struct Made {
    ids: Vec<String>,
    levels: Vec<&'static str>,
    texts: Vec<String>,
    /// How many passed each threshold.
    passed: [i64; 3],
    /// Tokens.
    saved: i64,
}

fn shorten(number: i32, handoffs: &[Handoff], due: &[DateTime<Utc>; 3], idf: &Rarity) -> Made {
    let mut made = Made::default();
    for handoff in handoffs {
        let had = LEVELS
            .iter()
            .position(|level| *level == handoff.compression_level)
            .map_or(0, |at| at + 1);
        let reached = due.iter().filter(|due| handoff.created_at < **due).count();
        let form = forms(number, handoff, |term| idf.of(term))
            .into_iter()
            .nth(reached.saturating_sub(1))
            .unwrap_or_default();
        let said = handoff
            .said()
            .iter()
            .filter_map(|(_, text)| *text)
            .map(tokens)
            .sum();
        let took = handoff.compressed.as_deref().map_or(said, tokens);
        made.saved += took as i64 - tokens(&form) as i64;
        made.passed[had..reached]
            .iter_mut()
            .for_each(|passed| *passed += 1);
        made.ids.push(handoff.handoff_id.clone());
        made.levels.push(LEVELS[reached.max(1) - 1]);
        made.texts.push(form);
    }
    made
}
