//! consolidation_jobs

use super::JOB;
use super::report::Job;
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::page::{Cursor, page};
use crate::sql;
use crate::types::Int;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What consolidation did, newest run first, step by step.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ConsolidationJobsInput")]
pub struct Input {
    /// How many runs at most; each has up to six steps.
    #[serde(default)]
    limit: Int<1, 100, 10>,
    /// Where the page before ended.
    cursor: Option<Cursor>,
}

/// Steps of runs.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ConsolidationJobs")]
pub struct Output {
    tenant_id: String,
    jobs: Vec<Job>,
    /// Ask with this for the next page; null on the last.
    next_cursor: Option<String>,
}

/// Lists what was done.
pub struct Jobs;

impl Operation for Jobs {
    const NAME: &'static str = "consolidation_jobs";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/consolidation/jobs";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let limit = input.limit.get();
        let before = input.cursor.map(|cursor| cursor.at);
        let mut rows = ctx
            .read(
                sql!("consolidation/jobs"),
                &[&JOB, &before, &i64::from(limit + 1)],
            )
            .await?;
        let next_cursor = page(&mut rows, limit, |last| Cursor {
            at: last.get::<_, DateTime<Utc>>("scheduled_at"),
            id: last.get::<_, Option<String>>("run_id").unwrap_or_default(),
        });
        Ok(Output {
            tenant_id: ctx.tenant.clone(),
            jobs: rows.iter().flat_map(Job::of_run).collect(),
            next_cursor,
        })
    }
}
