//! What steps tell of what they did.

use crate::recall::Item;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a batch of a step did.
#[derive(Default)]
pub struct Did {
    /// Memories looked at.
    pub processed: i64,
    /// Memories changed, or made.
    pub affected: i64,
    /// Tokens by which what is shown grew smaller.
    pub tokens_saved: i64,
    /// What is counted besides.
    pub details: Vec<(&'static str, i64)>,
    /// Where the next batch goes on; none when the step is done.
    pub next: Option<String>,
    /// What recall has to count.
    pub items: Vec<Item>,
}

/// What a step did in a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Done {
    /// Memories looked at.
    pub processed: i64,
    /// Memories changed, or made.
    pub affected: i64,
    /// Tokens by which what is shown grew smaller.
    pub tokens_saved: i64,
    /// How long it took.
    pub seconds: f64,
    /// What is counted besides.
    pub details: BTreeMap<String, i64>,
}

/// What a run did, step by step.
pub type Report = BTreeMap<String, Done>;
