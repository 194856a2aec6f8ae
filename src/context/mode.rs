//! What a context is for, by its intent, and what each section may take of the budget.

use schemars::JsonSchema;
use serde::Serialize;

/// What somebody is up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schemars(inline)]
pub enum Mode {
    /// Getting something done.
    Task,
    /// Looking around.
    Exploration,
    /// Finding what is wrong.
    Debugging,
    /// Understanding something.
    Learning,
    /// Anything else.
    General,
}

/// Words that speak for a mode, by their beginnings.
const WORDS: [(Mode, &[&str]); 4] = [
    (
        Mode::Task,
        &[
            "implement",
            "build",
            "create",
            "add",
            "write",
            "finish",
            "complete",
            "deploy",
            "refactor",
            "migrate",
            "task",
            "ship",
            "make",
            "update",
            "change",
            "release",
            "continue",
            "execute",
            "do",
        ],
    ),
    (
        Mode::Exploration,
        &[
            "explor",
            "brainstorm",
            "discover",
            "idea",
            "survey",
            "compare",
            "option",
            "alternative",
            "research",
            "look",
            "browse",
            "wonder",
            "overview",
        ],
    ),
    (
        Mode::Debugging,
        &[
            "debug",
            "fix",
            "bug",
            "error",
            "fail",
            "crash",
            "broken",
            "exception",
            "trace",
            "diagnos",
            "wrong",
            "regression",
            "issue",
            "investigat",
            "troubleshoot",
            "panic",
        ],
    ),
    (
        Mode::Learning,
        &[
            "learn",
            "understand",
            "explain",
            "teach",
            "study",
            "why",
            "how",
            "what",
            "tutorial",
            "concept",
            "review",
            "remember",
            "summar",
        ],
    ),
];

/// The mode an intent speaks for, and how clearly, 0 to 1: the share of its words that speak for this mode among those that speak for any.
pub fn of(intent: &str) -> (Mode, f64) {
    let lower = intent.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let speaks = |stems: &[&str], word: &str| {
        // Short ones stand alone: "do" is in "document", "add" in "address".
        stems.iter().any(|stem| {
            if stem.len() > 3 {
                word.starts_with(stem)
            } else {
                word == *stem
            }
        })
    };
    let counts = WORDS.map(|(mode, stems)| {
        (
            mode,
            words.iter().filter(|word| speaks(stems, word)).count(),
        )
    });
    let all: usize = counts.iter().map(|(_, count)| count).sum();
    match counts.iter().rev().max_by_key(|(_, count)| *count) {
        Some((mode, count)) if *count > 0 => (*mode, *count as f64 / all as f64),
        _ => (Mode::General, 1.0),
    }
}

/// The size that the shares below are made for, in tokens.
const WHOLE: usize = 65_000;

impl Mode {
    /// What rules, task state, recent window, evidence, decisions and capsules may take, in tokens, of `max_tokens` in all.
    pub fn budgets(self, max_tokens: usize) -> [usize; 6] {
        let shares = match self {
            Self::Task => [10_000, 5_000, 2_000, 28_000, 4_000, 4_000],
            Self::Exploration => [3_000, 1_000, 15_000, 35_000, 6_000, 2_000],
            Self::Debugging => [5_000, 4_000, 12_000, 25_000, 3_000, 0],
            Self::Learning => [8_000, 0, 2_000, 40_000, 8_000, 2_000],
            Self::General => [6_000, 3_000, 8_000, 28_000, 4_000, 4_000],
        };
        shares.map(|share| share * max_tokens / WHOLE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_intent_says_what_it_is_for() {
        for (intent, mode) in [
            ("implement the login form", Mode::Task),
            ("fix the crash in the parser", Mode::Debugging),
            ("explore alternatives to Redis", Mode::Exploration),
            ("explain how the cache works", Mode::Learning),
            ("greetings", Mode::General),
            ("the address of a document", Mode::General),
        ] {
            assert_eq!(of(intent).0, mode, "{intent}");
        }
        let (mode, confidence) = of("debug the failing build");
        assert_eq!(mode, Mode::Debugging);
        assert!((0.6..0.7).contains(&confidence));
    }

    #[test]
    fn budgets_are_shares_of_the_whole() {
        for mode in [
            Mode::Task,
            Mode::Exploration,
            Mode::Debugging,
            Mode::Learning,
            Mode::General,
        ] {
            for max in [1000, 65_000, 200_000] {
                assert!(mode.budgets(max).iter().sum::<usize>() <= max);
            }
        }
        assert_eq!(Mode::Task.budgets(65_000)[3], 28_000);
        assert_eq!(Mode::Task.budgets(6_500)[0], 1_000);
    }
}
