//! Fills sections within their budgets: what does not fit is left out and named, and what a section leaves goes to the next.

use crate::text::tokens;
use schemars::JsonSchema;
use serde::Serialize;

/// A part of a context.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ContextSection")]
pub struct Section {
    /// rules, task_state, recent_window, evidence, decisions or capsules.
    pub name: &'static str,
    /// What is in it.
    pub items: Vec<Item>,
    /// Its size in tokens.
    pub token_est: usize,
}

/// One memory in a context.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "ContextItem")]
pub struct Item {
    /// rule, task, event, handoff, knowledge, decision, principle, finding or capsule.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it says.
    pub text: String,
    /// The ids of the memories it is made of.
    pub refs: Vec<String>,
    /// When it happened or was stored.
    pub at: Option<chrono::DateTime<chrono::Utc>>,
    /// Who said it.
    pub actor: Option<String>,
    /// Of evidence: how well it fits what was asked.
    pub score: Option<f64>,
}

/// What was left out, and why.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "ContextOmission")]
pub struct Omission {
    /// The section it belongs to.
    pub section: &'static str,
    /// budget: it did not fit. sensitivity: this channel does not show it. more: there was more than is looked at.
    pub reason: &'static str,
    /// How many.
    pub count: usize,
    /// The ids of the first of them.
    pub refs: Vec<String>,
}

/// The most ids that an omission names.
const NAMED: usize = 20;

/// What was found for a section, the most important first.
pub struct Found {
    /// The section.
    pub name: &'static str,
    /// What may be shown.
    pub items: Vec<Item>,
    /// What this channel does not show.
    pub hidden: Vec<Vec<String>>,
    /// Whether there is more than was looked at.
    pub more: bool,
    /// Whether it is shown in the order of time.
    pub by_time: bool,
}

/// Fills the sections.
pub fn pack(found: Vec<Found>, budgets: [usize; 6]) -> (Vec<Section>, Vec<Omission>) {
    let (mut sections, mut omissions) = (Vec::new(), Vec::new());
    let mut left = 0;
    for (found, budget) in found.into_iter().zip(budgets) {
        left += budget;
        let mut section = Section {
            name: found.name,
            items: Vec::new(),
            token_est: 0,
        };
        let mut too_large = Vec::new();
        for item in found.items {
            let size = tokens(&item.text);
            if size > left {
                too_large.push(item.refs);
                continue;
            }
            left -= size;
            section.token_est += size;
            section.items.push(item);
        }
        if found.by_time {
            section
                .items
                .sort_by(|a, b| (a.at, &a.refs).cmp(&(b.at, &b.refs)));
        }
        let mut omit = |reason, left_out: Vec<Vec<String>>| {
            if !left_out.is_empty() {
                omissions.push(Omission {
                    section: found.name,
                    reason,
                    count: left_out.len(),
                    refs: left_out.into_iter().flatten().take(NAMED).collect(),
                });
            }
        };
        omit("budget", too_large);
        omit("sensitivity", found.hidden);
        omit(
            "more",
            if found.more {
                vec![Vec::new()]
            } else {
                Vec::new()
            },
        );
        sections.push(section);
    }
    (sections, omissions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &'static str, sizes: &[usize]) -> Found {
        let item = |size: &usize| Item {
            kind: "event".into(),
            text: "word ".repeat(*size),
            refs: vec![format!("{name}{size}")],
            at: None,
            actor: None,
            score: None,
        };
        Found {
            name,
            items: sizes.iter().map(item).collect(),
            hidden: Vec::new(),
            more: false,
            by_time: false,
        }
    }

    #[test]
    fn what_does_not_fit_is_skipped_and_what_is_left_goes_on() {
        let size = |n: usize| tokens(&"word ".repeat(n));
        let all = vec![
            found("rules", &[2]),
            found("task_state", &[]),
            found("recent_window", &[40, 3]),
            found("evidence", &[9]),
        ];
        let (sections, omissions) = pack(all, [size(2) + size(3), 0, 0, size(9), 0, 0]);
        assert_eq!(
            sections.iter().map(|s| s.items.len()).collect::<Vec<_>>(),
            [1, 0, 1, 1]
        );
        assert_eq!(omissions.len(), 1);
        assert_eq!(
            (omissions[0].reason, omissions[0].refs[0].as_str()),
            ("budget", "recent_window40")
        );
        assert_eq!(
            sections.iter().map(|s| s.token_est).sum::<usize>(),
            size(2) + size(3) + size(9)
        );
    }
}
