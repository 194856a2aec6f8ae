//! Keeps the index: counts what was written, and works it in beside the writes.
//!
//! Counts need not be exact to the row, and must never be a row that writers wait for: they are added up here and written down once a
//! second. A crash loses at most a second of them, never an item.

use super::item::{Counts, Item};
use crate::db::Db;
use crate::error::Result;
use crate::sql;
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{RwLock, RwLockReadGuard};

/// Between two rounds of working in what waits.
pub const TIDY: Duration = Duration::from_millis(200);
/// Counts are written down in every so many rounds.
const FOLD: u32 = 5;

/// Whose uses are counted: handoffs', notes', decisions'.
const COUNTED: [&str; 3] = ["sh_", "kn_", "dec_"];

/// What one set of tables is waiting for.
#[derive(Default)]
struct Waiting {
    /// By tenant.
    counts: HashMap<String, Counts>,
    /// Those that are being written down.
    folding: HashMap<String, Counts>,
    /// What was shown, by tenant: how often, and when last.
    uses: HashMap<String, HashMap<String, (i64, DateTime<Utc>)>>,
    /// Of whom something was written since the last round.
    written: Option<String>,
}

/// The index of one set of tables: all tenants', or that of one with a schema of its own.
#[derive(Clone)]
pub struct Index {
    db: Db,
    waiting: Arc<Mutex<Waiting>>,
    /// Held by who reads counts here and in the database as one; what is written down moves from one to the other meanwhile.
    gate: Arc<RwLock<()>>,
    /// How often that began or ended: odd while it goes on.
    moves: Arc<AtomicU64>,
}

/// The indexes of all sets of tables, by the number of a schema.
#[derive(Default)]
pub struct Upkeep(Mutex<HashMap<Option<i32>, Index>>);

impl Index {
    /// Notes what was written.
    pub fn wrote<'a>(&self, tenant: &str, number: i32, items: impl IntoIterator<Item = &'a Item>) {
        let mut counts = Counts::default();
        items.into_iter().for_each(|item| counts.add(number, item));
        self.counted(tenant, &counts);
    }

    /// Notes what was written and counted.
    pub fn counted(&self, tenant: &str, counts: &Counts) {
        if counts.items == 0 {
            return;
        }
        let mut waiting = self.waiting();
        waiting
            .counts
            .entry(tenant.to_owned())
            .or_default()
            .merge(counts);
        waiting.written = Some(tenant.to_owned());
    }

    /// What is not written down yet of a tenant: all there is, and how many more texts have each of some terms.
    pub fn pending(&self, tenant: &str, terms: &[i64]) -> Counts {
        let waiting = self.waiting();
        let mut sum = Counts::default();
        for counts in [waiting.counts.get(tenant), waiting.folding.get(tenant)]
            .into_iter()
            .flatten()
        {
            sum.items += counts.items;
            sum.passages += counts.passages;
            sum.words += counts.words;
            for term in terms {
                *sum.texts_with.entry(*term).or_default() +=
                    counts.texts_with.get(term).copied().unwrap_or(0);
            }
        }
        sum
    }

    /// Notes that memories were shown: what is used stays strong.
    pub fn used<'a>(&self, tenant: &str, ids: impl Iterator<Item = &'a str>, at: DateTime<Utc>) {
        let mut waiting = self.waiting();
        let uses = waiting.uses.entry(tenant.to_owned()).or_default();
        for id in ids.filter(|id| COUNTED.iter().any(|prefix| id.starts_with(prefix))) {
            let (times, last) = uses.entry(id.to_owned()).or_insert((0, at));
            *times += 1;
            *last = at.max(*last);
        }
    }

    /// Writes down what was shown. A crash loses a second of it.
    async fn note_uses(&self) -> Result<()> {
        let uses = std::mem::take(&mut self.waiting().uses);
        for (tenant, uses) in uses {
            let mut rows: Vec<(String, i64, DateTime<Utc>)> = uses
                .into_iter()
                .map(|(id, (times, at))| (id, times, at))
                .collect();
            // In one order everywhere, as counts are.
            rows.sort_unstable();
            let ids: Vec<&str> = rows.iter().map(|row| row.0.as_str()).collect();
            let times: Vec<i64> = rows.iter().map(|row| row.1).collect();
            let at: Vec<DateTime<Utc>> = rows.iter().map(|row| row.2).collect();
            if !ids.is_empty() {
                let tx = self.db.begin(&tenant).await?;
                tx.query(sql!("recall/uses"), &[&tenant, &ids, &times, &at])
                    .await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }

    /// How often counts began or ended to move: what was read while it stayed the same, and even, was read as one.
    pub fn moves(&self) -> u64 {
        self.moves.load(Ordering::SeqCst)
    }

    /// Counts do not move while this is held.
    pub async fn still(&self) -> RwLockReadGuard<'_, ()> {
        self.gate.read().await
    }

    /// Works in what was written since the last round.
    async fn tidy(&self) -> Result<()> {
        let written = self.waiting().written.take();
        let Some(tenant) = written else { return Ok(()) };
        let tx = self.db.begin(&tenant).await?;
        tx.query(sql!("recall/tidy"), &[&tenant]).await?;
        tx.commit().await
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down what was counted; what cannot be is kept for the next round.
    async fn fold(&self) -> Result<()> {
        let counts = {
            let mut waiting = self.waiting();
            let counts = std::mem::take(&mut waiting.counts);
            waiting.folding.clone_from(&counts);
            counts
        };
        let mut result = Ok(());
        for (tenant, counts) in counts {
            if let Err(error) = self.write(&tenant, &counts).await {
                let mut waiting = self.waiting();
                waiting.folding.remove(&tenant);
                waiting.counts.entry(tenant).or_default().merge(&counts);
                result = Err(error);
            }
        }
        result
    }

    async fn write(&self, tenant: &str, counts: &Counts) -> Result<()> {
        // In one order everywhere: two servers that count the same words never wait for each other in a circle.
        let mut terms: Vec<(i64, i64)> = counts
            .texts_with
            .iter()
            .map(|(term, texts)| (*term, *texts))
            .collect();
        terms.sort_unstable();
        let (terms, texts): (Vec<i64>, Vec<i64>) = terms.into_iter().unzip();
        let tx = self.db.begin(tenant).await?;
        let there = tx.query(sql!("tenant/hold_shared"), &[&tenant]).await?;
        if there.first().is_some_and(|row| row.get(0)) {
            tx.query(
                sql!("recall/count_items"),
                &[&tenant, &counts.items, &counts.passages, &counts.words],
            )
            .await?;
            tx.query(sql!("recall/count_terms"), &[&tenant, &terms, &texts])
                .await?;
        }
        // One that was erased meanwhile, or is on its way to be, counts no more.
        let _gate = self.gate.write().await;
        self.moves.fetch_add(1, Ordering::SeqCst);
        let committed = tx.commit().await;
        if committed.is_ok() {
            self.waiting().folding.remove(tenant);
        }
        self.moves.fetch_add(1, Ordering::SeqCst);
        committed
    }
}

impl Upkeep {
    /// The index of a set of tables, reached through `db`.
    pub fn index(&self, schema: Option<i32>, db: &Db) -> Index {
        let mut indexes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = indexes.entry(schema).or_insert_with(|| Index {
            db: db.clone(),
            waiting: Arc::default(),
            gate: Arc::default(),
            moves: Arc::default(),
        });
        known.db = db.clone();
        known.clone()
    }

    /// Forgets what was counted: it was of a database that another took the place of.
    pub fn reset(&self) {
        let indexes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for index in indexes.values() {
            *index.waiting() = Waiting::default();
        }
    }

    /// One round over all indexes; the `round`th since the server began.
    pub async fn round(&self, round: u32) {
        let indexes: Vec<Index> = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect();
        for index in indexes {
            let mut result = index.tidy().await;
            if round.is_multiple_of(FOLD) {
                result = result.and(index.fold().await).and(index.note_uses().await);
            }
            if let Err(error) = result {
                log::warn!(
                    "the index of recall is kept in the next round: {}",
                    error.causes()
                );
            }
        }
    }

    /// Writes down all counts: the server stops.
    pub async fn close(&self) {
        self.round(0).await;
    }
}
