//! When a job is due. Pure.

use crate::error::{Error, Result};
use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use croner::Cron;
use std::hash::Hasher;

/// The longest that a run waits behind its instant, so that not everything of one instant begins at once.
const SPREAD: Duration = Duration::minutes(10);

/// Five fields of cron in a time zone: minute, hour, day, month, weekday. Where clocks are set forward, a time that does not exist is due
/// at the next that does; where they are set back, a fixed time is due once (as Vixie cron has it; croner).
#[derive(Clone, Debug)]
pub struct Schedule {
    cron: Cron,
    zone: Tz,
}

impl Schedule {
    /// Reads it.
    ///
    /// # Errors
    /// Anything but five fields, a field out of its range, a zone that is not in IANA's database.
    pub fn parse(text: &str, zone: &str) -> Result<Self> {
        let invalid = |why: String| Error::invalid(format!("{text:?} is no schedule: {why}"));
        let fields = text.split_whitespace().count();
        if fields != 5 {
            return Err(invalid(format!(
                "it has {fields} fields; minute hour day month weekday, such as 0 2 * * *"
            )));
        }
        let cron: Cron = text.parse().map_err(|error| invalid(format!("{error}")))?;
        let zone = zone.parse().map_err(|_| {
            Error::invalid(format!(
                "{zone:?} is no time zone; one of IANA's, such as UTC or Europe/Berlin"
            ))
            .field("consolidation.timezone")
        })?;
        let schedule = Self { cron, zone };
        match schedule.next(DateTime::UNIX_EPOCH) {
            Some(_) => Ok(schedule),
            None => Err(invalid("it is never due".to_owned())),
        }
    }

    /// The first due instant after one.
    pub fn next(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let next = self
            .cron
            .find_next_occurrence(&after.with_timezone(&self.zone), false);
        next.ok().map(|at| at.with_timezone(&Utc))
    }

    /// The last due instant up to one.
    pub fn latest(&self, until: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let latest = self
            .cron
            .find_previous_occurrence(&until.with_timezone(&self.zone), true);
        latest.ok().map(|at| at.with_timezone(&Utc))
    }

    /// The due instants after one and up to another, at most a thousand.
    pub fn between(&self, after: DateTime<Utc>, until: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        std::iter::successors(self.next(after), |at| self.next(*at))
            .take_while(|at| *at <= until)
            .take(1000)
            .collect()
    }

    /// How long a tenant's run waits behind its instant: the same each time, at most ten minutes or a quarter of the time to the next.
    pub fn delay(&self, tenant: &str, at: DateTime<Utc>) -> Duration {
        let gap = self
            .next(at)
            .map_or(SPREAD, |next| (next - at) / 4)
            .min(SPREAD);
        let mut hasher = fnv::FnvHasher::default();
        hasher.write(tenant.as_bytes());
        // FNV's high bits hardly change with the last byte; its low ones do.
        Duration::milliseconds(
            (hasher.finish() % 1_000_003) as i64 * gap.num_milliseconds() / 1_000_003,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    fn due(schedule: &str, zone: &str, after: &str, until: &str) -> Vec<String> {
        let schedule = Schedule::parse(schedule, zone).expect("a schedule");
        let all = schedule.between(at(after), at(until));
        all.iter()
            .map(|at| at.format("%m-%dT%H:%M").to_string())
            .collect()
    }

    #[test]
    fn clocks_that_are_set_forward_or_back_neither_skip_nor_double_a_night() {
        let night = |from, to| due("30 2 * * *", "Europe/Berlin", from, to);
        assert_eq!(
            night("2027-03-27T00:00:00Z", "2027-03-30T00:00:00Z"),
            ["03-27T01:30", "03-28T01:00", "03-29T00:30"]
        );
        assert_eq!(
            night("2027-10-30T00:00:00Z", "2027-11-02T00:00:00Z"),
            ["10-30T00:30", "10-31T00:30", "11-01T01:30"]
        );
        let quarters = |from, to| due("*/15 * * * *", "America/New_York", from, to).len();
        assert_eq!(quarters("2027-03-14T00:00:00Z", "2027-03-15T00:00:00Z"), 96);
        assert_eq!(quarters("2027-11-07T00:00:00Z", "2027-11-08T00:00:00Z"), 96);
    }

    #[test]
    fn the_latest_is_the_last_that_was_due() {
        let schedule = Schedule::parse("0 2 * * *", "UTC").expect("a schedule");
        assert_eq!(
            schedule.latest(at("2026-11-26T18:00:00Z")),
            Some(at("2026-11-26T02:00:00Z"))
        );
        assert_eq!(
            schedule.latest(at("2026-11-26T02:00:00Z")),
            Some(at("2026-11-26T02:00:00Z"))
        );
        assert_eq!(
            schedule.latest(at("2026-11-26T01:59:59Z")),
            Some(at("2026-11-25T02:00:00Z"))
        );
    }

    #[test]
    fn tenants_do_not_begin_at_once() {
        let schedule = Schedule::parse("0 2 * * *", "UTC").expect("a schedule");
        let delays: Vec<i64> = (0..200)
            .map(|n| {
                schedule
                    .delay(&format!("t{n}"), at("2026-11-26T02:00:00Z"))
                    .num_seconds()
            })
            .collect();
        assert!(delays.iter().all(|delay| (0..600).contains(delay)));
        let minutes: std::collections::HashSet<i64> =
            delays.iter().map(|delay| delay / 60).collect();
        assert!(minutes.len() >= 9, "{minutes:?}");
        let often = Schedule::parse("* * * * *", "UTC").expect("a schedule");
        assert!(often.delay("acme", at("2026-11-26T02:00:00Z")) <= Duration::seconds(15));
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for (text, zone) in [
            ("0 2 * *", "UTC"),
            ("* * * * * *", "UTC"),
            ("61 2 * * *", "UTC"),
            ("0 2 * * *", "Berlin"),
        ] {
            assert!(Schedule::parse(text, zone).is_err(), "{text} {zone}");
        }
    }
}
