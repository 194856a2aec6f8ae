//! Dates that a question names, as intervals of days.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};

/// Days from the first to the one after the last; with no year given, of any year.
#[derive(Clone, Debug, PartialEq)]
pub struct Interval {
    from: NaiveDate,
    to: NaiveDate,
    every_year: bool,
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];
/// Seasons of the northern hemisphere by their first month.
const SEASONS: [(&str, u32); 5] = [
    ("spring", 3),
    ("summer", 6),
    ("autumn", 9),
    ("fall", 9),
    ("winter", 12),
];
const COUNTS: [&str; 11] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
];

impl Interval {
    fn days(from: Option<NaiveDate>, days: u64) -> Option<Self> {
        let from = from?;
        Some(Self {
            from,
            to: from.checked_add_days(Days::new(days))?,
            every_year: false,
        })
    }
    fn months(from: Option<NaiveDate>, months: u32) -> Option<Self> {
        let from = from?;
        Some(Self {
            from,
            to: from.checked_add_months(Months::new(months))?,
            every_year: false,
        })
    }
    fn in_year(self, year: Option<i32>) -> Self {
        Self {
            every_year: year.is_none(),
            ..self
        }
    }

    /// Days between an instant and the interval; 0 within it.
    pub fn distance(&self, at: DateTime<Utc>) -> i64 {
        let day = at.date_naive();
        let shift = |date: NaiveDate, years: i32| {
            date.checked_add_signed(chrono::Duration::days(i64::from(years) * 1461 / 4))
        };
        let years = if self.every_year {
            day.year() - self.from.year()
        } else {
            0
        };
        let near = if self.every_year {
            years - 1..=years + 1
        } else {
            0..=0
        };
        let away = |years: i32| {
            let (from, to) = (shift(self.from, years)?, shift(self.to, years)?);
            Some(
                (from - day)
                    .num_days()
                    .max((day - to).num_days() + 1)
                    .max(0),
            )
        };
        near.filter_map(away).min().unwrap_or(i64::MAX)
    }
}

/// The intervals a question names: days, months, seasons, years, and words like "last week" as seen from `now`.
pub fn named(question: &str, now: DateTime<Utc>) -> Vec<Interval> {
    let words: Vec<&str> = question
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let mut found = Vec::new();
    let mut place = 0;
    while place < words.len() {
        let (taken, interval) = at(&words, place, now.date_naive()).unwrap_or((1, None));
        found.extend(interval);
        place += taken;
    }
    found
}

/// What begins at a place: how many words it takes, and what they name.
fn at(words: &[&str], place: usize, today: NaiveDate) -> Option<(usize, Option<Interval>)> {
    let word = |offset: usize| words.get(place + offset).copied().unwrap_or("");
    let lower = |offset: usize| word(offset).to_lowercase();
    if let (Some(year), Some(month), Some(day)) = (year(word(0)), number(word(1)), number(word(2)))
    {
        return Some((
            3,
            Interval::days(NaiveDate::from_ymd_opt(year, month, day), 1),
        ));
    }
    // 7 May 2023, 7th of May
    let of = usize::from(lower(1) == "of");
    if let (Some(day), Some(month)) = (day(word(0)), month(word(1 + of))) {
        let year = year(word(2 + of));
        return Some((
            2 + of + usize::from(year.is_some()),
            on(year, month, day, today),
        ));
    }
    if let Some(month) = month(word(0)) {
        // May 7, 2023
        if let Some(day) = day(word(1)) {
            let year = year(word(2));
            return Some((2 + usize::from(year.is_some()), on(year, month, day, today)));
        }
        let year = year(word(1));
        // "may" and "march" are also other words: with a capital or a year they are months.
        if year.is_none()
            && !word(0).starts_with(char::is_uppercase)
            && ["may", "march"].contains(&word(0))
        {
            return None;
        }
        let from = NaiveDate::from_ymd_opt(year.unwrap_or(today.year()), month, 1);
        return Some((
            1 + usize::from(year.is_some()),
            Interval::months(from, 1).map(|i| i.in_year(year)),
        ));
    }
    if let Some((_, first)) = SEASONS.iter().find(|(name, _)| *name == lower(0)) {
        let of = usize::from(lower(1) == "of");
        let year = year(word(1 + of));
        let from = NaiveDate::from_ymd_opt(year.unwrap_or(today.year()), *first, 1);
        let taken = if year.is_some() { 2 + of } else { 1 };
        return Some((taken, Interval::months(from, 3).map(|i| i.in_year(year))));
    }
    if let Some(year) = year(word(0)) {
        return Some((1, Interval::months(NaiveDate::from_ymd_opt(year, 1, 1), 12)));
    }
    relative(&lower, today)
}

/// Words that mean a time as seen from today.
fn relative(
    lower: &impl Fn(usize) -> String,
    today: NaiveDate,
) -> Option<(usize, Option<Interval>)> {
    let back = |days: u64| today.checked_sub_days(Days::new(days));
    let monday = back(u64::from(today.weekday().num_days_from_monday()));
    let first = today.with_day(1);
    match (lower(0).as_str(), lower(1).as_str()) {
        ("today" | "tonight", _) => Some((1, Interval::days(Some(today), 1))),
        ("yesterday", _) => Some((1, Interval::days(back(1), 1))),
        ("tomorrow", _) => Some((1, Interval::days(today.checked_add_days(Days::new(1)), 1))),
        ("this", "week") => Some((2, Interval::days(monday, 7))),
        ("this", "month") => Some((2, Interval::months(first, 1))),
        ("this", "year") => Some((2, Interval::months(today.with_ordinal(1), 12))),
        ("last", "week") => Some((
            2,
            Interval::days(monday.and_then(|m| m.checked_sub_days(Days::new(7))), 7),
        )),
        ("last", "weekend") => Some((
            2,
            Interval::days(monday.and_then(|m| m.checked_sub_days(Days::new(2))), 2),
        )),
        ("last", "month") => Some((
            2,
            Interval::months(first.and_then(|d| d.checked_sub_months(Months::new(1))), 1),
        )),
        ("last", "year") => Some((
            2,
            Interval::months(NaiveDate::from_ymd_opt(today.year() - 1, 1, 1), 12),
        )),
        ("last", day) if WEEKDAYS.contains(&day) => {
            let wanted = WEEKDAYS.iter().position(|name| *name == day)? as u64;
            let ago = (u64::from(today.weekday().num_days_from_monday()) + 7 - wanted - 1) % 7 + 1;
            Some((2, Interval::days(back(ago), 1)))
        }
        (count, unit) if lower(2) == "ago" => {
            let count = number(count).or_else(|| counted(count))?;
            let interval = match unit.trim_end_matches('s') {
                "day" => Interval::days(back(u64::from(count)), 1),
                "week" => Interval::days(back(u64::from(count) * 7 + 3), 7),
                "month" => Interval::months(
                    today
                        .checked_sub_months(Months::new(count))
                        .and_then(|d| d.with_day(1)),
                    1,
                ),
                "year" => Interval::months(
                    NaiveDate::from_ymd_opt(today.year() - i32::try_from(count).ok()?, 1, 1),
                    12,
                ),
                _ => return None,
            };
            Some((3, interval))
        }
        _ => None,
    }
}

fn on(year: Option<i32>, month: u32, day: u32, today: NaiveDate) -> Option<Interval> {
    let date = NaiveDate::from_ymd_opt(year.unwrap_or(today.year()), month, day);
    Interval::days(date, 1).map(|interval| interval.in_year(year))
}

fn counted(word: &str) -> Option<u32> {
    match word {
        "a" | "an" => Some(1),
        "couple" => Some(2),
        "few" => Some(3),
        _ => COUNTS
            .iter()
            .position(|name| *name == word)
            .and_then(|n| u32::try_from(n).ok()),
    }
}

fn number(word: &str) -> Option<u32> {
    word.parse().ok().filter(|n| *n <= 1000)
}

fn day(word: &str) -> Option<u32> {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let suffix = &word[digits.len()..];
    let ordinal = ["", "st", "nd", "rd", "th"].contains(&suffix);
    digits
        .parse()
        .ok()
        .filter(|n| ordinal && (1..=31).contains(n))
}

/// A month by its name or its first three letters.
fn month(word: &str) -> Option<u32> {
    let word = word.to_lowercase();
    let fits = |name: &str| {
        word == name
            || (word.len() == 3 && name.starts_with(&word))
            || (word == "sept" && name == "september")
    };
    MONTHS
        .iter()
        .position(|name| fits(name))
        .and_then(|n| u32::try_from(n + 1).ok())
}

fn year(word: &str) -> Option<i32> {
    word.parse()
        .ok()
        .filter(|n| word.len() == 4 && (1900..2100).contains(n))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    #[test]
    fn dates_are_read_as_people_write_them() {
        let now = Utc
            .with_ymd_and_hms(2024, 3, 15, 12, 0, 0)
            .single()
            .expect("a date");
        let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
        for (question, from, to) in [
            ("What did she do on 7 May 2023?", "2023-05-07", "2023-05-08"),
            ("on the 7th of May, 2023", "2023-05-07", "2023-05-08"),
            ("on May 7th, 2023", "2023-05-07", "2023-05-08"),
            ("on 2023-05-07", "2023-05-07", "2023-05-08"),
            ("in May 2023", "2023-05-01", "2023-06-01"),
            ("in the summer of 2022", "2022-06-01", "2022-09-01"),
            ("in 2022", "2022-01-01", "2023-01-01"),
            ("yesterday", "2024-03-14", "2024-03-15"),
            ("last Friday", "2024-03-08", "2024-03-09"),
            ("last week", "2024-03-04", "2024-03-11"),
            ("two weeks ago", "2024-02-27", "2024-03-05"),
            ("3 months ago", "2023-12-01", "2024-01-01"),
        ] {
            let named = named(question, now);
            assert_eq!(
                named,
                [Interval {
                    from: day(from),
                    to: day(to),
                    every_year: false
                }],
                "{question}"
            );
        }
        for plain in [
            "may I ask what happened",
            "a march of 3 people",
            "version 12 of it",
            "",
        ] {
            assert_eq!(named(plain, now), [], "{plain}");
        }
    }

    #[test]
    fn a_month_without_a_year_is_any_year_s() {
        let now = Utc
            .with_ymd_and_hms(2024, 3, 15, 12, 0, 0)
            .single()
            .expect("a date");
        let at = |year, month, day| {
            Utc.with_ymd_and_hms(year, month, day, 8, 0, 0)
                .single()
                .expect("a date")
        };
        let june = &named("in June", now)[0];
        assert_eq!(june.distance(at(2021, 6, 20)), 0);
        assert!((9..=12).contains(&june.distance(at(2021, 7, 10))));
        assert_eq!(named("7 May 2023", now)[0].distance(at(2023, 5, 1)), 6);
        assert_eq!(named("7 May 2023", now)[0].distance(at(2023, 5, 9)), 2);
    }
}
