//! Which sets are kept, and why. Pure: it decides, and removes nothing.

use chrono::{DateTime, Datelike, Duration, Utc};
use std::collections::BTreeSet;

/// How long sets are kept.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Every set of so many days.
    pub days: u32,
    /// The last one of each of so many weeks, Monday to Sunday.
    pub weeks: u32,
    /// The last one of each of so many months.
    pub months: u32,
    /// Never fewer than this.
    pub minimum: u32,
}

/// A set as the policy sees it.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its name.
    pub name: String,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// Whether it can be read, and no verification failed.
    pub good: bool,
    /// Whether it was restored for trial.
    pub proven: bool,
}

/// What becomes of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The set.
    pub name: String,
    /// Why it is kept; empty: it goes.
    pub reasons: Vec<&'static str>,
}

/// Decides over all sets, the newest first. One that is damaged counts as no success: nothing goes on its account, and it goes itself
/// when its days are over and a good one is newer.
pub fn decide(policy: Policy, sets: &[Kept], now: DateTime<Utc>) -> Vec<Decision> {
    let mut order: Vec<&Kept> = sets.iter().collect();
    order.sort_by(|a, b| (b.at, &b.name).cmp(&(a.at, &a.name)));
    let good = || order.iter().filter(|set| set.good);
    let newest = good().next().map(|set| &set.name);
    let proven = good().find(|set| set.proven).map(|set| &set.name);
    let minimum: BTreeSet<&String> = good()
        .take(policy.minimum.max(1) as usize)
        .map(|set| &set.name)
        .collect();
    let weekly = last_of_each(good().copied(), policy.weeks, |at| {
        let week = at.iso_week();
        (week.year(), week.week())
    });
    let monthly = last_of_each(good().copied(), policy.months, |at| (at.year(), at.month()));
    let decide = |set: &&Kept| {
        let mut reasons = Vec::new();
        let mut because = |holds: bool, reason| {
            if holds {
                reasons.push(reason);
            }
        };
        because(
            now - set.at < Duration::days(i64::from(policy.days)),
            "its days are not over",
        );
        because(newest == Some(&set.name), "the newest");
        because(
            minimum.contains(&set.name),
            "one of the fewest that are kept",
        );
        because(
            proven == Some(&set.name),
            "the last that was restored for trial",
        );
        because(weekly.contains(&set.name), "the last of its week");
        because(monthly.contains(&set.name), "the last of its month");
        because(
            !order.iter().any(|other| other.good && other.at > set.at),
            "nothing good is newer",
        );
        Decision {
            name: set.name.clone(),
            reasons,
        }
    };
    order.iter().map(decide).collect()
}

/// The last set of each of the newest `count` periods that have one.
fn last_of_each<'a, K: PartialEq>(
    newest_first: impl Iterator<Item = &'a Kept>,
    count: u32,
    period: impl Fn(DateTime<Utc>) -> K,
) -> BTreeSet<&'a String> {
    let (mut seen, mut last) = (Vec::new(), BTreeSet::new());
    for set in newest_first {
        let period = period(set.at);
        if !seen.contains(&period) {
            if seen.len() >= count as usize {
                break;
            }
            seen.push(period);
            last.insert(&set.name);
        }
    }
    last
}

#[cfg(test)]
mod tests;
