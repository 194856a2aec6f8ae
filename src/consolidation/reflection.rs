//! What a day, a week or a month was, of what its handoffs say. Pure.

use super::extract::{Part, ranked};
use crate::recall::terms_and_words;
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// How many points, people, themes or reminders a reflection names.
const MOST: usize = 5;
/// A theme is in at least so many handoffs, or parts of the period.
const THEME: u32 = 2;
/// So many themes of a part are carried on to what it is part of.
const CARRIED: usize = 40;

/// A stretch of time that is looked back on.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Period {
    /// A day, by UTC.
    Day,
    /// A week, from Monday on.
    Week,
    /// A calendar month.
    Month,
}

impl Period {
    /// All, each made of the one before it.
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The period a day belongs to: its first day, and the first one after it.
    pub fn around(self, day: NaiveDate) -> (NaiveDate, NaiveDate) {
        let start = match self {
            Self::Day => day,
            Self::Week => day - Days::new(day.weekday().num_days_from_monday().into()),
            Self::Month => day - Days::new(u64::from(day.day0())),
        };
        let end = match self {
            Self::Day => start + Days::new(1),
            Self::Week => start + Days::new(7),
            Self::Month => start + Months::new(1),
        };
        (start, end)
    }
}

/// What was said, and in which handoff.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ReflectionPoint")]
pub struct Point {
    /// A sentence.
    pub text: String,
    /// The handoff it stands in.
    pub handoff_id: String,
    /// How much it carries.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schemars(skip)]
    pub score: f64,
}

fn is_zero(score: &f64) -> bool {
    *score == 0.0
}

/// A name or word, and how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ReflectionTally")]
pub struct Tally {
    /// Whom, or which word.
    pub name: String,
    /// In how many handoffs.
    pub times: u32,
}

/// A reflection.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ReflectionContent")]
pub struct Content {
    /// Of how many handoffs.
    pub handoffs: u32,
    /// With whom, most often first.
    pub with_whom: Vec<Tally>,
    /// What was done.
    pub done: Vec<Point>,
    /// What was learned.
    pub learned: Vec<Point>,
    /// What came up again and again.
    pub themes: Vec<Tally>,
    /// What must not be forgotten, the most significant first.
    pub remember: Vec<Point>,
}

/// A handoff as a reflection reads it.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// Its id.
    pub handoff_id: String,
    /// Whom it was with.
    pub with_whom: String,
    /// 0 to 1.
    pub significance: f64,
    /// When.
    pub at: DateTime<Utc>,
    /// What happened: experienced, story.
    pub done: Vec<String>,
    /// What was understood: learned, noticed.
    pub learned: Vec<String>,
    /// What must be remembered.
    pub remember: Option<String>,
}

impl Content {
    /// The reflection on some handoffs; `idf` says how rare a word is.
    pub fn of(tenant: i32, said: &[Said], idf: impl Fn(i64) -> f64) -> Self {
        let mut people: BTreeMap<&str, u32> = BTreeMap::new();
        let mut themes: HashMap<i64, (u32, String)> = HashMap::new();
        let mut content = Self {
            handoffs: u32::try_from(said.len()).unwrap_or(u32::MAX),
            ..Self::default()
        };
        for one in said {
            *people.entry(&one.with_whom).or_default() += 1;
            let weight = 0.5 + one.significance;
            let best = |texts: &[String]| -> Option<Point> {
                let parts: Vec<Part<'_>> = texts.iter().map(|text| Part { text, weight }).collect();
                let best = ranked(tenant, &parts, &idf).into_iter().next()?;
                Some(Point {
                    text: best.text.to_owned(),
                    handoff_id: one.handoff_id.clone(),
                    score: best.score,
                })
            };
            content.done.extend(best(&one.done));
            content.learned.extend(best(&one.learned));
            content
                .remember
                .extend(one.remember.as_ref().map(|text| Point {
                    text: text.clone(),
                    handoff_id: one.handoff_id.clone(),
                    score: one.significance,
                }));
            let mut seen: HashMap<i64, String> = HashMap::new();
            for text in one.done.iter().chain(&one.learned) {
                terms_and_words(tenant, text, |term, word| {
                    seen.entry(term).or_insert_with(|| word.to_lowercase());
                });
            }
            for (term, word) in seen {
                themes.entry(term).or_insert((0, word)).0 += 1;
            }
        }
        content.with_whom = tallies(
            people
                .into_iter()
                .map(|(name, times)| (name.to_owned(), times)),
            MOST,
        );
        let mut themes: Vec<(f64, Tally)> = themes
            .into_iter()
            .filter(|(_, (times, _))| *times >= THEME)
            .map(|(term, (times, name))| (f64::from(times) * idf(term), Tally { name, times }))
            .collect();
        themes.sort_by(|(a, x), (b, y)| b.total_cmp(a).then_with(|| x.name.cmp(&y.name)));
        content.themes = themes
            .into_iter()
            .take(CARRIED)
            .map(|(_, theme)| theme)
            .collect();
        content.cut()
    }

    /// The reflection on a longer period, of those on its days.
    pub fn joined(parts: &[Self]) -> Self {
        let mut people: BTreeMap<&str, u32> = BTreeMap::new();
        let mut themes: BTreeMap<&str, u32> = BTreeMap::new();
        let mut content = Self::default();
        for part in parts {
            content.handoffs += part.handoffs;
            content.done.extend_from_slice(&part.done);
            content.learned.extend_from_slice(&part.learned);
            content.remember.extend_from_slice(&part.remember);
            part.with_whom
                .iter()
                .for_each(|one| *people.entry(&one.name).or_default() += one.times);
            part.themes
                .iter()
                .for_each(|one| *themes.entry(&one.name).or_default() += one.times);
        }
        content.with_whom = tallies(
            people
                .into_iter()
                .map(|(name, times)| (name.to_owned(), times)),
            MOST,
        );
        content.themes = tallies(
            themes
                .into_iter()
                .map(|(name, times)| (name.to_owned(), times)),
            CARRIED,
        );
        content.cut()
    }

    /// The best of each, the same words once.
    fn cut(mut self) -> Self {
        for points in [&mut self.done, &mut self.learned, &mut self.remember] {
            points.sort_by(|a, b| {
                b.score
                    .total_cmp(&a.score)
                    .then_with(|| a.handoff_id.cmp(&b.handoff_id))
            });
            let mut said: Vec<String> = Vec::new();
            points.retain(|point| {
                let new = said.len() < MOST && !said.contains(&point.text);
                if new {
                    said.push(point.text.clone());
                }
                new
            });
        }
        self
    }

    /// As text, for people and models; `name` says which period.
    pub fn text(&self, name: &str) -> String {
        let list = |points: &[Point]| {
            points
                .iter()
                .map(|point| format!("\n- {}", point.text))
                .collect::<String>()
        };
        let names = |tallies: &[Tally]| {
            let names: Vec<String> = tallies
                .iter()
                .take(MOST)
                .map(|t| format!("{} ({})", t.name, t.times))
                .collect();
            names.join(", ")
        };
        let mut text = format!(
            "{name}: {} sessions with {}.",
            self.handoffs,
            names(&self.with_whom)
        );
        for (heading, said) in [
            ("Done", list(&self.done)),
            ("Learned", list(&self.learned)),
            ("Remember", list(&self.remember)),
        ] {
            if !said.is_empty() {
                text += &format!("\n{heading}{said}");
            }
        }
        if !self.themes.is_empty() {
            text += &format!("\nThemes: {}", names(&self.themes));
        }
        text
    }
}

fn tallies(all: impl Iterator<Item = (String, u32)>, most: usize) -> Vec<Tally> {
    let mut all: Vec<Tally> = all.map(|(name, times)| Tally { name, times }).collect();
    all.sort_by(|a, b| b.times.cmp(&a.times).then_with(|| a.name.cmp(&b.name)));
    all.truncate(most);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_hold_their_days() {
        let day = NaiveDate::from_ymd_opt(2028, 2, 29).expect("a leap year");
        for (period, start, end) in [
            (Period::Day, "2028-02-29", "2028-03-01"),
            (Period::Week, "2028-02-28", "2028-03-06"),
            (Period::Month, "2028-02-01", "2028-03-01"),
        ] {
            let (a, b) = period.around(day);
            assert_eq!(
                (a.to_string().as_str(), b.to_string().as_str()),
                (start, end)
            );
        }
    }

    #[test]
    fn a_week_tells_the_most_telling_of_its_days() {
        let said = |n: usize, with: &str, done: &str, significance| Said {
            handoff_id: format!("sh_{n}"),
            with_whom: with.into(),
            significance,
            done: vec![format!("Nothing much. {done}")],
            learned: vec![format!("The scheduler needs a lease, case {n}.")],
            remember: (n == 3).then(|| "Ask Ada for the certificate.".into()),
            ..Said::default()
        };
        let idf = |_| 3.0;
        let monday = Content::of(
            1,
            &[
                said(1, "Ada", "Moved the billing database to Frankfurt.", 0.9),
                said(2, "Ada", "Cleaned up.", 0.1),
            ],
            idf,
        );
        let tuesday = Content::of(1, &[said(3, "Bob", "Rewrote the scheduler.", 0.5)], idf);
        let week = Content::joined(&[monday, tuesday]);
        assert_eq!(
            (
                week.handoffs,
                week.with_whom[0].name.as_str(),
                week.with_whom[0].times
            ),
            (3, "Ada", 2)
        );
        assert_eq!(
            week.done[0].text,
            "Moved the billing database to Frankfurt."
        );
        assert_eq!(week.remember[0].handoff_id, "sh_3");
        assert!(
            week.themes.iter().any(|theme| theme.name == "scheduler"),
            "{:?}",
            week.themes
        );
        let text = week.text("Week of 2026-03-02");
        assert!(
            text.starts_with(
                "Week of 2026-03-02: 3 sessions with Ada (2), Bob (1).\nDone\n- Moved"
            ),
            "{text}"
        );
    }
}
