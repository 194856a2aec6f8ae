//! A run's steps one after the other, and what each did.

use super::did::Report;
use super::{Settings, archive, compress, dedupe, forget, identity, reflect};
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::jobs::{Batch, Run};
use crate::recall::Item;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// A part of consolidation. What is said twice first, so that it counts once in what follows.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum JobType {
    /// Keeps back what says the same as a newer one; each an edit that can be taken back.
    Deduplication,
    /// Statements of becoming that say the same become one principle.
    IdentityConsolidation,
    /// Shorter forms of old handoffs.
    HandoffCompression,
    /// Takes decisions that were replaced or not used out of the active set.
    DecisionArchival,
    /// What a day, a week, a month was.
    Reflection,
    /// Puts into the trash what faded, where a threshold is set.
    Forgetting,
}

impl JobType {
    /// All, in the order in which they are done.
    pub const ALL: [Self; 6] = [
        Self::Deduplication,
        Self::IdentityConsolidation,
        Self::HandoffCompression,
        Self::DecisionArchival,
        Self::Reflection,
        Self::Forgetting,
    ];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deduplication => "deduplication",
            Self::IdentityConsolidation => "identity_consolidation",
            Self::HandoffCompression => "handoff_compression",
            Self::DecisionArchival => "decision_archival",
            Self::Reflection => "reflection",
            Self::Forgetting => "forgetting",
        }
    }

    fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == name)
    }
}

/// Where a run begins that does only some steps.
pub fn beginning(steps: &[JobType]) -> String {
    let names: Vec<&str> = steps.iter().map(|step| step.as_str()).collect();
    names.join(",")
}

/// A transaction takes up as many batches as go into so much time: where little is to be done, all of it is one.
const AT_ONCE: Duration = Duration::from_millis(100);

/// What a transaction does of a run.
pub async fn batch(run: &mut Run, tx: &Tx) -> Result<Batch> {
    if run.cursor.is_empty() {
        run.cursor = beginning(&JobType::ALL);
    }
    let began = Instant::now();
    let mut items = Vec::new();
    let mut report: Report = serde_json::from_str(&run.result).unwrap_or_default();
    while began.elapsed() < AT_ONCE && !run.cursor.is_empty() && run.place.record.exists {
        let did = go_on(run, tx, &mut report).await?;
        items.extend(did);
    }
    run.result = serde_json::to_string(&report).map_err(Error::internal)?;
    Ok(Batch {
        over: run.cursor.is_empty() || !run.place.record.exists,
        items,
    })
}

/// One batch of the step a run is at.
async fn go_on(run: &mut Run, tx: &Tx, report: &mut Report) -> Result<Vec<Item>> {
    let (names, at) = run.cursor.split_once(' ').unwrap_or((&run.cursor, ""));
    let steps: Vec<JobType> = names.split(',').filter_map(JobType::find).collect();
    let at = at.to_owned();
    let Some(step) = steps.first().copied() else {
        run.cursor.clear();
        return Ok(Vec::new());
    };
    let settings = Settings::of(
        &run.app.config.consolidation,
        &run.place.record.consolidation,
    );
    let began = Instant::now();
    let did = match step {
        JobType::Deduplication => dedupe::batch(run, tx, &at).await?,
        JobType::IdentityConsolidation => identity::batch(run, tx, &at).await?,
        JobType::HandoffCompression => compress::batch(run, tx, &settings).await?,
        JobType::DecisionArchival => archive::batch(run, tx, &settings).await?,
        JobType::Reflection => reflect::batch(run, tx, &at).await?,
        JobType::Forgetting => forget::batch(run, tx, &settings).await?,
    };
    let done = report.entry(step.as_str().to_owned()).or_default();
    done.processed += did.processed;
    done.affected += did.affected;
    done.tokens_saved += did.tokens_saved;
    done.seconds += began.elapsed().as_secs_f64();
    for (name, count) in did.details {
        *done.details.entry(name.to_owned()).or_default() += count;
    }
    run.done += did.processed;
    run.cursor = match did.next {
        Some(next) => format!("{} {next}", beginning(&steps)),
        None => {
            run.groups = None;
            beginning(&steps[1..])
        }
    };
    Ok(did.items)
}
