//! reflection: what each day, week and month was, once it is over; made again where its handoffs are others than those it was made of.

use super::did::Did;
use super::rarity::rarity;
use super::reflection::{Content, Period, Said, Tally};
use crate::db::{Row, Tx};
use crate::error::{Error, Result};
use crate::jobs::Run;
use crate::sql;
use chrono::{DateTime, Utc};

/// Periods of a batch.
const BATCH: i64 = 16;
/// Of a day's handoffs so many are read, the most significant; all are counted.
const READ: i64 = 100;

/// One batch: days first, then what is made of them.
pub async fn batch(run: &Run, tx: &Tx, at: &str) -> Result<Did> {
    let period = Period::ALL
        .into_iter()
        .find(|period| period.as_str() == at)
        .unwrap_or(Period::Day);
    let due = tx
        .query(
            sql!("consolidation/reflect_due"),
            &[&run.tenant, &period.as_str(), &run.began, &BATCH],
        )
        .await?;
    let mut made = 0;
    for row in &due {
        let starts_at: DateTime<Utc> = row.get(0);
        let (start, end) = period.around(starts_at.date_naive());
        let [start, end] = [start, end].map(|day| day.and_time(chrono::NaiveTime::MIN).and_utc());
        let handoffs: i32 = row.get(1);
        if handoffs == 0 {
            tx.query(
                sql!("consolidation/reflect_forget"),
                &[&run.tenant, &period.as_str(), &starts_at],
            )
            .await?;
            continue;
        }
        let content = match period {
            Period::Day => of_day(run, tx, start, end, handoffs).await?,
            _ => of_days(run, tx, start, end).await?,
        };
        let content = serde_json::to_string(&content).map_err(Error::internal)?;
        tx.query(
            sql!("consolidation/reflect"),
            &[
                &run.tenant,
                &period.as_str(),
                &start,
                &end,
                &handoffs,
                &content,
            ],
        )
        .await?;
        made += 1;
    }
    let next = match (due.len() as i64 == BATCH, period) {
        (true, period) => Some(period),
        (false, Period::Day) => Some(Period::Week),
        (false, Period::Week) => Some(Period::Month),
        (false, Period::Month) => None,
    };
    let named = match period {
        Period::Day => "days",
        Period::Week => "weeks",
        Period::Month => "months",
    };
    Ok(Did {
        processed: due.len() as i64,
        affected: due.len() as i64,
        details: vec![(named, made)],
        next: next.map(|period| period.as_str().to_owned()),
        ..Did::default()
    })
}

async fn of_day(
    run: &Run,
    tx: &Tx,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    handoffs: i32,
) -> Result<Content> {
    let rows = tx
        .query(
            sql!("consolidation/reflect_day"),
            &[&run.tenant, &start, &end, &READ],
        )
        .await?;
    let said: Vec<Said> = rows.iter().map(said).collect();
    let number = run.place.record.number;
    let texts: Vec<&str> = said
        .iter()
        .flat_map(|said| said.done.iter().chain(&said.learned))
        .map(String::as_str)
        .collect();
    let idf = rarity(tx, &run.tenant, number, &texts).await?;
    // Beside the requests, not in their way.
    let made = tokio::task::spawn_blocking(move || Content::of(number, &said, |term| idf.of(term)));
    let content = made.await.map_err(Error::internal)?;
    let people = tx
        .query(
            sql!("consolidation/reflect_people"),
            &[&run.tenant, &start, &end],
        )
        .await?;
    let tally = |row: &Row| Tally {
        name: row.get(0),
        times: u32::try_from(row.get::<_, i64>(1)).unwrap_or(u32::MAX),
    };
    Ok(Content {
        handoffs: u32::try_from(handoffs).unwrap_or_default(),
        with_whom: people.iter().map(tally).collect(),
        ..content
    })
}

async fn of_days(run: &Run, tx: &Tx, start: DateTime<Utc>, end: DateTime<Utc>) -> Result<Content> {
    let rows = tx
        .query(
            sql!("consolidation/reflect_days"),
            &[&run.tenant, &start, &end],
        )
        .await?;
    let days: Vec<Content> = rows
        .iter()
        .filter_map(|row| serde_json::from_str(row.get(0)).ok())
        .collect();
    Ok(Content::joined(&days))
}

fn said(row: &Row) -> Said {
    let texts = |names: [&str; 2]| {
        names
            .iter()
            .filter_map(|name| row.get::<_, Option<String>>(*name))
            .collect()
    };
    Said {
        handoff_id: row.get("handoff_id"),
        with_whom: row.get("with_whom"),
        significance: row.get("significance"),
        at: row.get("created_at"),
        done: texts(["story", "experienced"]),
        learned: texts(["learned", "noticed"]),
        remember: row.get("remember"),
    }
}
