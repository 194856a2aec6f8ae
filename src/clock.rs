//! The only place that reads the time.

use chrono::{DateTime, TimeZone, Utc};
use std::sync::atomic::{AtomicI64, Ordering};

/// The last instant that [`tick`] gave out, in microseconds since 1970.
static LAST: AtomicI64 = AtomicI64::new(0);

/// The present instant, in whole microseconds: PostgreSQL's resolution.
pub fn now() -> DateTime<Utc> {
    from_micros(Utc::now().timestamp_micros())
}

/// The present instant, later than every instant this function gave before:
/// what is written later in this process also sorts later.
pub fn tick() -> DateTime<Utc> {
    let now = Utc::now().timestamp_micros();
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
