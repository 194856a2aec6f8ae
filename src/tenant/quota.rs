//! What a tenant may use, and how much of it is used.

use crate::db::{Db, Row};
use crate::error::{Error, Kind, Result};
use crate::{clock, id, sql};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use schemars::JsonSchema;
use serde::Serialize;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a count of what is stored holds.
const COUNTED: Duration = Duration::from_secs(10);
/// How long it holds when it says that there is no room: what was deleted since makes some.
const REFUSED: Duration = Duration::from_secs(1);

/// The most a tenant may use; null is no bound.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Quotas {
    /// Requests a second, by each server.
    pub requests_per_second: Option<i32>,
    /// Requests at once, by each server.
    pub concurrent_requests: Option<i32>,
    /// Events recorded a day (UTC).
    pub events_per_day: Option<i64>,
    /// Handoffs, notes, decisions and events together, what is in the trash included.
    pub max_rows: Option<i64>,
    /// Bytes of their texts and artifacts, as stored.
    pub max_bytes: Option<i64>,
}

impl Quotas {
    /// From a row of tenants.
    pub fn from_row(row: &Row) -> Self {
        Self {
            requests_per_second: row.get("requests_per_second"),
            concurrent_requests: row.get("concurrent_requests"),
            events_per_day: row.get("events_per_day"),
            max_rows: row.get("max_rows"),
            max_bytes: row.get("max_bytes"),
        }
    }

    fn bounds_storage(&self) -> bool {
        self.events_per_day.is_some() || self.max_rows.is_some() || self.max_bytes.is_some()
    }
}

/// What a write adds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Adds {
    /// Memories.
    pub rows: i64,
    /// Of these, events.
    pub events: i64,
    /// Bytes, as they were sent.
    pub bytes: i64,
}

impl Adds {
    /// So many memories more, whose bytes the call itself brought.
    pub fn rows(count: usize) -> Self {
        Self {
            rows: count as i64,
            ..Self::default()
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            rows: self.rows + other.rows,
            events: self.events + other.events,
            bytes: self.bytes + other.bytes,
        }
    }
}

/// How far a tenant is from its limit of requests: what the RateLimit headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests a second.
    pub limit: u32,
    /// How many more may come right now.
    pub remaining: u32,
    /// Seconds until all of them may come again.
    pub reset: u32,
}

type Requests = RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>;

/// A tenant's quotas at work in this process.
pub struct Limits {
    quotas: Quotas,
    requests: Option<Requests>,
    running: AtomicI64,
    /// Room that requests under way have been promised.
    promised: Mutex<Adds>,
    /// What was promised and has ended since the last count.
    since: Mutex<Adds>,
    usage: tokio::sync::Mutex<Usage>,
}

/// What was counted, and when.
#[derive(Default)]
struct Usage {
    counted: Option<(Instant, chrono::NaiveDate)>,
    stored: Adds,
}

/// A request that was let in; it counts as running until it is dropped.
pub struct Admitted(Arc<Limits>);

impl Drop for Admitted {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Room for a write; until it is dropped the write is under way.
pub struct Room {
    limits: Arc<Limits>,
    adds: Adds,
    unused: AtomicBool,
}

impl Room {
    /// Says that nothing was written.
    pub fn give_back(&self) {
        self.unused.store(true, Ordering::Relaxed);
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if !*self.unused.get_mut() {
            add(&self.limits.since, self.adds, 1);
        }
        add(&self.limits.promised, self.adds, -1);
    }
}

fn add(sum: &Mutex<Adds>, adds: Adds, times: i64) {
    let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
    sum.rows += times * adds.rows;
    sum.events += times * adds.events;
    sum.bytes += times * adds.bytes;
}

impl Limits {
    /// For these quotas.
    pub fn new(quotas: Quotas) -> Arc<Self> {
        let per_second = quotas
            .requests_per_second
            .and_then(|limit| NonZeroU32::new(limit.unsigned_abs()));
        Arc::new(Self {
            requests: per_second.map(|limit| {
                RateLimiter::direct(Quota::per_second(limit))
                    .with_middleware::<StateInformationMiddleware>()
            }),
            quotas,
            running: AtomicI64::new(0),
            promised: Mutex::default(),
            since: Mutex::default(),
            usage: tokio::sync::Mutex::default(),
        })
    }

    /// Which quotas these are.
    pub fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    /// Counts one request against the limit of requests a second; what the headers say either way.
    pub fn rate(&self) -> (Option<Rate>, Result<()>) {
        let Some(limiter) = &self.requests else {
            return (None, Ok(()));
        };
        let limit = self
            .quotas
            .requests_per_second
            .unwrap_or_default()
            .unsigned_abs();
        match limiter.check() {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let rate = Rate {
                    limit,
                    remaining,
                    reset: u32::from(remaining < limit),
                };
                (Some(rate), Ok(()))
            }
            Err(not_until) => {
                let wait = not_until.wait_time_from(DefaultClock::default().now());
                let seconds = wait.as_secs_f64().ceil().max(1.0) as u32;
                let rate = Rate {
                    limit,
                    remaining: 0,
                    reset: 1,
                };
                let error = limited("requests_per_second", i64::from(limit)).retry_after(seconds);
                (Some(rate), Err(error))
            }
        }
    }

    /// Lets a request in, unless as many as may be are running.
    pub fn admit(self: &Arc<Self>) -> Result<Admitted> {
        let running = self.running.fetch_add(1, Ordering::Relaxed);
        let admitted = Admitted(self.clone());
        match self.quotas.concurrent_requests {
            Some(most) if running >= i64::from(most) => {
                Err(limited("concurrent_requests", i64::from(most)).retry_after(1))
            }
            _ => Ok(admitted),
        }
    }

    /// Promises room for a write, counting what is stored when the last count is too old.
    pub async fn room(self: &Arc<Self>, db: &Db, tenant: &str, adds: Adds) -> Result<Option<Room>> {
        if !self.quotas.bounds_storage() {
            return Ok(None);
        }
        let mut usage = self.usage.lock().await;
        let today = clock::now().date_naive();
        let age = |usage: &Usage| match usage.counted {
            Some((at, day)) if day == today => at.elapsed(),
            _ => Duration::MAX,
        };
        if age(&usage) > COUNTED {
            self.count(&mut usage, db, tenant).await?;
        }
        if let Err(refusal) = self.fits(&usage, adds) {
            if age(&usage) <= REFUSED {
                return Err(refusal);
            }
            self.count(&mut usage, db, tenant).await?;
            self.fits(&usage, adds)?;
        }
        add(&self.promised, adds, 1);
        Ok(Some(Room {
            limits: self.clone(),
            adds,
            unused: AtomicBool::new(false),
        }))
    }

    async fn count(&self, usage: &mut Usage, db: &Db, tenant: &str) -> Result<()> {
        // Before the count: what ends while it runs may be in it or not, and counts once too often rather than not at all.
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = Adds::default();
        usage.stored = stored(db, tenant).await?;
        usage.counted = Some((Instant::now(), clock::now().date_naive()));
        Ok(())
    }

    fn fits(&self, usage: &Usage, adds: Adds) -> Result<()> {
        let of = |sum: &Mutex<Adds>| *sum.lock().unwrap_or_else(PoisonError::into_inner);
        let all = usage
            .stored
            .plus(of(&self.since))
            .plus(of(&self.promised))
            .plus(adds);
        let over =
            |most: Option<i64>, used: i64, adds: i64| most.filter(|most| adds > 0 && used > *most);
        if let Some(most) = over(self.quotas.max_rows, all.rows, adds.rows) {
            return Err(full("max_rows", most));
        }
        if let Some(most) = over(self.quotas.max_bytes, all.bytes, adds.bytes) {
            return Err(full("max_bytes", most));
        }
        if let Some(most) = over(self.quotas.events_per_day, all.events, adds.events) {
            let now = clock::now();
            let tomorrow = now.date_naive() + chrono::Days::new(1);
            let left = tomorrow.and_time(chrono::NaiveTime::MIN).and_utc() - now;
            let seconds = u32::try_from(left.num_seconds()).unwrap_or(1).max(1);
            return Err(limited("events_per_day", most).retry_after(seconds));
        }
        Ok(())
    }
}

/// What a tenant has stored, and how many of today's events.
pub async fn stored(db: &Db, tenant: &str) -> Result<Adds> {
    let midnight = clock::now().date_naive().and_time(chrono::NaiveTime::MIN);
    let first = id::at_instant("evt", midnight.and_utc());
    // The random part of an id comes after its time, 48 bits in hex.
    let rows = db
        .read(
            tenant,
            sql!("tenant/usage"),
            &[&&first[.."evt_".len() + 12]],
        )
        .await?;
    let row = rows
        .first()
        .ok_or_else(|| Error::internal("a count without a row"))?;
    Ok(Adds {
        rows: row.get(0),
        bytes: row.get(1),
        events: row.get(2),
    })
}

fn limited(quota: &'static str, most: i64) -> Error {
    let message = format!("this tenant's quota {quota} = {most} is used up for now");
    Error::new(Kind::Limited, "quota_exceeded", message).field(quota)
}

fn full(quota: &'static str, most: i64) -> Error {
    let message = format!(
        "this tenant's quota {quota} = {most} is used up: erase what is not needed, or have the quota raised"
    );
    Error::new(Kind::StorageFull, "quota_exceeded", message).field(quota)
}

#[cfg(test)]
mod tests {
    use super::{Limits, Quotas};

    #[test]
    fn a_limit_of_requests_lets_as_many_through_and_says_how_many_are_left() {
        let limits = Limits::new(Quotas {
            requests_per_second: Some(3),
            concurrent_requests: Some(2),
            ..Quotas::default()
        });
        let left: Vec<u32> = (0..3)
            .map(|_| limits.rate().0.expect("a limit").remaining)
            .collect();
        assert_eq!(left, [2, 1, 0]);
        let (rate, refused) = limits.rate();
        let error = refused.expect_err("the fourth");
        assert_eq!(
            (rate.expect("a limit").remaining, error.at_field()),
            (0, Some("requests_per_second"))
        );
        assert_eq!(error.retry_after_seconds(), Some(1));
        let (a, b) = (limits.admit(), limits.admit());
        assert!(a.is_ok() && b.is_ok());
        assert_eq!(
            limits
                .admit()
                .err()
                .and_then(|e| e.at_field().map(str::to_owned)),
            Some("concurrent_requests".to_owned())
        );
        drop(a);
        assert!(limits.admit().is_ok());
        let free = Limits::new(Quotas::default());
        assert!((0..1000).all(|_| free.rate().1.is_ok()));
    }
}
