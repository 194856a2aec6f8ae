//! What a run did, as clients see it.

use super::did::Report;
use super::step::JobType;
use crate::db::Row;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// A step of a run.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "ConsolidationJob")]
pub struct Job {
    /// The run it belongs to, `cj_…`.
    pub job_id: String,
    /// Which step.
    pub job_type: String,
    /// waiting, running, done or failed: of the run.
    pub status: String,
    /// schedule, or manual.
    pub trigger: String,
    /// When it was due.
    pub scheduled_at: DateTime<Utc>,
    /// When the run began.
    pub started_at: Option<DateTime<Utc>>,
    /// When the run ended.
    pub completed_at: Option<DateTime<Utc>>,
    /// How long the step worked, in seconds.
    pub duration_seconds: f64,
    /// Memories looked at.
    pub items_processed: i64,
    /// Memories changed, or made.
    pub items_affected: i64,
    /// Tokens by which what is shown grew smaller; counted.
    pub tokens_saved: i64,
    /// What is counted besides.
    pub details: BTreeMap<String, i64>,
    /// Why the run's last try failed.
    pub error: Option<String>,
}

impl Job {
    /// The steps of a run that began, in their order; of one that did nothing yet, none.
    pub fn of_run(row: &Row) -> Vec<Self> {
        let report: Report = serde_json::from_str(row.get("result")).unwrap_or_default();
        let step = |step: JobType| {
            let done = report.get(step.as_str())?.clone();
            Some(Self {
                job_id: row.get::<_, Option<String>>("run_id").unwrap_or_default(),
                job_type: step.as_str().to_owned(),
                status: row.get("state"),
                trigger: row.get("trigger"),
                scheduled_at: row.get("scheduled_at"),
                started_at: row.get("started_at"),
                completed_at: row.get("ended_at"),
                duration_seconds: (done.seconds * 1000.0).round() / 1000.0,
                items_processed: done.processed,
                items_affected: done.affected,
                tokens_saved: done.tokens_saved,
                details: done.details,
                error: row.get("error"),
            })
        };
        JobType::ALL.into_iter().filter_map(step).collect()
    }
}

/// What each step did; those that were not asked for are missing.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "ConsolidationResults")]
pub struct Results {
    /// Statements of becoming.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity_consolidation: Option<Identity>,
    /// Old handoffs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handoff_compression: Option<Compression>,
    /// Decisions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision_archival: Option<Archival>,
    /// Days, weeks, months.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reflection: Option<Reflections>,
    /// What faded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forgetting: Option<Forgotten>,
    /// What was said twice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deduplication: Option<Duplicates>,
}

/// What came of statements of becoming.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "IdentityConsolidated")]
pub struct Identity {
    /// Statements that were grouped.
    pub affected: i64,
    /// Statements that the principles rest on which were stated or stated anew.
    pub consolidated: i64,
    /// Principles that were stated or stated anew.
    pub principles: i64,
}

/// How many handoffs passed a threshold.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HandoffsCompressed")]
pub struct Compression {
    /// To a summary.
    pub affected_30: i64,
    /// To a few sentences.
    pub affected_90: i64,
    /// To their most telling sentence.
    pub affected_180: i64,
}

/// What left the active set.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DecisionsArchived")]
pub struct Archival {
    /// Decisions that left it.
    pub archived: i64,
    /// Decisions that came back, as they were used.
    pub restored: i64,
}

/// What was reflected on.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PeriodsReflected")]
pub struct Reflections {
    /// Days.
    pub days: i64,
    /// Weeks.
    pub weeks: i64,
    /// Months.
    pub months: i64,
}

/// What was forgotten.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MemoriesForgotten")]
pub struct Forgotten {
    /// Memories that went into the trash.
    pub forgotten: i64,
}

/// What was said twice.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DuplicatesFound")]
pub struct Duplicates {
    /// Memories that are kept back.
    pub duplicates: i64,
}

impl Results {
    /// From the steps of a run.
    pub fn of(jobs: &[Job]) -> Self {
        let step = |step: JobType| jobs.iter().find(|job| job.job_type == step.as_str());
        let count = |job: &Job, name: &str| job.details.get(name).copied().unwrap_or(0);
        Self {
            identity_consolidation: step(JobType::IdentityConsolidation).map(|job| Identity {
                affected: count(job, "statements"),
                consolidated: count(job, "consolidated"),
                principles: count(job, "principles"),
            }),
            handoff_compression: step(JobType::HandoffCompression).map(|job| Compression {
                affected_30: count(job, "affected_30"),
                affected_90: count(job, "affected_90"),
                affected_180: count(job, "affected_180"),
            }),
            decision_archival: step(JobType::DecisionArchival).map(|job| Archival {
                archived: count(job, "archived"),
                restored: count(job, "restored"),
            }),
            reflection: step(JobType::Reflection).map(|job| Reflections {
                days: count(job, "days"),
                weeks: count(job, "weeks"),
                months: count(job, "months"),
            }),
            forgetting: step(JobType::Forgetting).map(|job| Forgotten {
                forgotten: count(job, "forgotten"),
            }),
            deduplication: step(JobType::Deduplication).map(|job| Duplicates {
                duplicates: count(job, "duplicates"),
            }),
        }
    }
}
