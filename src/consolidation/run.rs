//! consolidation_run

use super::JOB;
use super::report::{Job, Results};
use super::step::{JobType, beginning};
use crate::error::{Error, Result};
use crate::jobs::run::under_way;
use crate::operation::{Access, Context, Method, Operation};
use crate::write::Begun;
use crate::{clock, id, jobs, sql};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Consolidates the tenant's memory now, and answers when it is done: shorter forms of old handoffs, principles, reflections, archived
/// decisions, what was said twice. A second run does nothing.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ConsolidationRunInput")]
pub struct Input {
    /// Which step; all unless said otherwise.
    #[serde(default)]
    job_type: Which,
}

/// Which steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Which {
    /// All, in their order.
    #[default]
    All,
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

impl Which {
    fn steps(self) -> Vec<JobType> {
        match self {
            Self::All => JobType::ALL.to_vec(),
            Self::Deduplication => vec![JobType::Deduplication],
            Self::IdentityConsolidation => vec![JobType::IdentityConsolidation],
            Self::HandoffCompression => vec![JobType::HandoffCompression],
            Self::DecisionArchival => vec![JobType::DecisionArchival],
            Self::Reflection => vec![JobType::Reflection],
            Self::Forgetting => vec![JobType::Forgetting],
        }
    }
}

/// What was done.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Consolidated")]
pub struct Output {
    /// Whether the run is done.
    success: bool,
    tenant_id: String,
    /// The run's id, `cj_…`.
    run_id: String,
    /// Step by step, in the documented form.
    results: Results,
    /// Step by step, in full.
    jobs: Vec<Job>,
    /// When it was done.
    timestamp: DateTime<Utc>,
    /// A sentence for people.
    message: String,
}

/// Consolidates now.
pub struct Run;

impl Operation for Run {
    const NAME: &'static str = "consolidation_run";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/consolidation/run";
    const ACCESS: Access = Access::Write;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let run_id = match ctx.begin().await? {
            Begun::Replay(ids) => ids.into_iter().next().unwrap_or_default(),
            Begun::Fresh(write) => {
                let run_id = id::new("cj").0;
                let steps = beginning(&input.job_type.steps());
                let rows = write
                    .query(sql!("jobs/begin"), &[&JOB, &clock::now(), &run_id, &steps])
                    .await
                    .map_err(under_way)?;
                write.commit(std::slice::from_ref(&run_id)).await?;
                let row = rows
                    .first()
                    .ok_or_else(|| Error::internal("the run did not begin"))?;
                let mut run = jobs::Run::from_row(&ctx.app, row).await?;
                // Should the caller go away meanwhile, a server takes the run up where it is.
                loop {
                    match jobs::step(&mut run).await {
                        Ok(true) => {}
                        Ok(false) => break,
                        Err(error) => {
                            run.fail(&error).await?;
                            return Err(error);
                        }
                    }
                }
                run_id
            }
        };
        let row = ctx
            .first(sql!("consolidation/run_get"), &[&run_id])
            .await?
            .ok_or_else(crate::write::gone)?;
        let jobs = Job::of_run(&row);
        let state: &str = row.get("state");
        let changed: i64 = jobs.iter().map(|job| job.items_affected).sum();
        Ok(Output {
            success: state == "done",
            tenant_id: ctx.tenant.clone(),
            results: Results::of(&jobs),
            timestamp: row
                .get::<_, Option<DateTime<Utc>>>("ended_at")
                .unwrap_or(ctx.at),
            message: match (state, changed) {
                ("done", 0) => "Nothing to do: this memory is consolidated.".to_owned(),
                ("done", changed) => format!("Done: {changed} memories were changed or made."),
                _ => format!("The run is {state}; consolidation_jobs shows how far it is."),
            },
            run_id,
            jobs,
        })
    }
}
