use super::{Decision, Kept, Policy, decide};
use chrono::{DateTime, Duration, TimeZone, Utc};

fn day(n: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 1, 2, 30, 0)
        .single()
        .expect("an instant")
        + Duration::days(n)
}

fn set(n: i64) -> Kept {
    Kept {
        name: format!("{n:03}"),
        at: day(n),
        good: true,
        proven: false,
    }
}

fn kept(policy: Policy, sets: &[Kept], now: DateTime<Utc>) -> String {
    let decided = decide(policy, sets, now);
    let lines = decided
        .iter()
        .filter(|decision| !decision.reasons.is_empty())
        .map(|Decision { name, reasons }| format!("{name} {}\n", reasons.join(", ")));
    lines.collect()
}

const DAYS: Policy = Policy {
    days: 3,
    weeks: 0,
    months: 0,
    minimum: 1,
};

#[test]
fn golden() {
    let sets: Vec<Kept> = (0..100).map(set).collect();
    let now = day(99) + Duration::hours(1);
    assert_eq!(
        kept(DAYS, &sets, now),
        "099 its days are not over, the newest, one of the fewest that are kept, nothing good is newer\n\
         098 its days are not over\n\
         097 its days are not over\n"
    );
    let policy = Policy {
        days: 2,
        weeks: 3,
        months: 3,
        minimum: 4,
    };
    let mut proven = sets.clone();
    proven[50].proven = true;
    proven[60].proven = true;
    assert_eq!(
        kept(policy, &proven, now),
        "099 its days are not over, the newest, one of the fewest that are kept, the last of its week, the last of its month, nothing good is newer\n\
         098 its days are not over, one of the fewest that are kept\n\
         097 one of the fewest that are kept\n\
         096 one of the fewest that are kept\n\
         094 the last of its week\n\
         089 the last of its month\n\
         087 the last of its week\n\
         060 the last that was restored for trial\n\
         058 the last of its month\n"
    );
}

#[test]
fn nothing_goes_for_a_newer_one_that_is_damaged() {
    let mut sets: Vec<Kept> = (0..10).map(set).collect();
    for set in &mut sets[5..] {
        set.good = false;
    }
    let now = day(200);
    // The newest good one stays, however old, and so do the damaged ones after it: nothing good is newer.
    assert_eq!(
        kept(DAYS, &sets, now),
        "009 nothing good is newer\n008 nothing good is newer\n007 nothing good is newer\n006 nothing good is newer\n\
         005 nothing good is newer\n004 the newest, one of the fewest that are kept, nothing good is newer\n"
    );
    assert_eq!(decide(DAYS, &[], now), []);
}

/// 400 days under 200 patterns of failure: days without a backup, damaged ones, trials that fail, a clock that jumps.
#[test]
fn what_retention_promises_holds_over_400_days_of_200_patterns() {
    for pattern in 0..200u64 {
        let mut state = pattern.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut random = |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        };
        let policy = Policy {
            days: 1 + random(40) as u32,
            weeks: random(6) as u32,
            months: random(6) as u32,
            minimum: random(5) as u32,
        };
        let (fails, damaged, trials) = (random(60), random(60), 1 + random(20));
        let mut sets: Vec<Kept> = Vec::new();
        let mut made: Vec<(i64, DateTime<Utc>)> = Vec::new();
        for n in 0..400 {
            let now = day(n) + Duration::minutes(random(60) as i64);
            if random(100) >= fails {
                let skew = if random(50) == 0 {
                    Duration::hours(random(40) as i64 - 20)
                } else {
                    Duration::zero()
                };
                sets.push(Kept {
                    at: now + skew,
                    good: random(100) >= damaged,
                    ..set(n)
                });
                made.push((n, now + skew));
            }
            if random(trials) == 0
                && let Some(newest) = sets
                    .iter_mut()
                    .filter(|set| set.good)
                    .max_by_key(|set| set.at)
            {
                match random(10) {
                    0 => (newest.good, newest.proven) = (false, false),
                    _ => newest.proven = true,
                }
            }
            let before = sets.clone();
            let decided = decide(policy, &sets, now);
            sets.retain(|set| {
                decided
                    .iter()
                    .any(|one| one.name == set.name && !one.reasons.is_empty())
            });
            let good = |sets: &[Kept]| sets.iter().filter(|set| set.good).count();
            // What was good and in its days is there; the newest good one; the last proven one; never fewer than the minimum.
            let there = |name: &str| sets.iter().any(|set| set.name == name);
            for set in before.iter().filter(|set| set.good) {
                assert!(
                    there(&set.name) || now - set.at >= Duration::days(i64::from(policy.days)),
                    "{pattern} {n}"
                );
            }
            let newest = before
                .iter()
                .filter(|set| set.good)
                .max_by_key(|set| (set.at, set.name.clone()));
            assert!(
                newest.is_none_or(|newest| there(&newest.name)),
                "{pattern} {n}"
            );
            let proven = before
                .iter()
                .filter(|set| set.good && set.proven)
                .max_by_key(|set| (set.at, set.name.clone()));
            assert!(
                proven.is_none_or(|proven| there(&proven.name)),
                "{pattern} {n}"
            );
            assert!(
                good(&sets) >= good(&before).min(policy.minimum.max(1) as usize),
                "{pattern} {n}"
            );
            // And it does remove: no more than each rule keeps.
            let young = before
                .iter()
                .filter(|set| now - set.at < Duration::days(i64::from(policy.days)))
                .count();
            let most = young + (policy.weeks + policy.months + policy.minimum.max(1) + 2) as usize;
            let damaged_newest = before
                .iter()
                .filter(|set| newest.is_none_or(|newest| set.at >= newest.at))
                .count();
            assert!(
                sets.len() <= most + damaged_newest,
                "{pattern} {n}: {} of {most}",
                sets.len()
            );
        }
        assert!(!made.is_empty());
    }
}
