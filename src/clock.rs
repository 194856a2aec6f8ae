//! The only place that reads the time.

use chrono::{DateTime, TimeZone, Utc};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// The last instant that [`tick`] gave out, in microseconds since 1970.
static LAST: AtomicI64 = AtomicI64::new(0);

/// A clock that does not show the time: for rehearsals. When it was set, to what, and how much faster than time it goes.
static SET: OnceLock<(Instant, DateTime<Utc>, u32)> = OnceLock::new();

/// Sets this process's clock to an instant, from where it goes `rate` times as fast as time. Once: later calls change nothing.
pub fn set(at: DateTime<Utc>, rate: u32) {
    let _ = SET.set((Instant::now(), at, rate.max(1)));
}

/// How much faster than time the clock goes.
pub fn rate() -> u32 {
    SET.get().map_or(1, |(_, _, rate)| *rate)
}

/// How long something lasts that takes this long by the clock; not less than `least`.
pub fn lasting(by_the_clock: Duration, least: Duration) -> Duration {
    (by_the_clock / rate()).max(least.min(by_the_clock))
}

/// The present instant, in whole microseconds: PostgreSQL's resolution.
pub fn now() -> DateTime<Utc> {
    match SET.get() {
        None => from_micros(Utc::now().timestamp_micros()),
        Some((began, at, rate)) => from_micros(
            at.timestamp_micros() + began.elapsed().as_micros() as i64 * i64::from(*rate),
        ),
    }
}

/// The present instant, later than every instant this function gave before:
/// what is written later in this process also sorts later.
pub fn tick() -> DateTime<Utc> {
    let now = now().timestamp_micros();
    let before = LAST
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
            Some(now.max(last + 1))
        })
        .unwrap_or(now);
    from_micros(now.max(before + 1))
}

/// An instant from microseconds since 1970.
pub fn from_micros(micros: i64) -> DateTime<Utc> {
    Utc.timestamp_micros(micros).single().unwrap_or_default()
}
