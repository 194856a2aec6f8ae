//! consolidation_status

use super::JOB;
use super::report::Job;
use crate::error::Result;
use crate::jobs::Schedule;
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether and when the tenant's memory is consolidated, and how that went.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ConsolidationStatusInput")]
pub struct Input {}

/// How it stands.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ConsolidationStatus")]
pub struct Output {
    tenant_id: String,
    /// Whether it is done by schedule.
    enabled: bool,
    /// minute hour day month weekday.
    schedule: Option<String>,
    timezone: String,
    /// When it is due next.
    next_run: Option<DateTime<Utc>>,
    /// When a run last ended well.
    last_success: Option<DateTime<Utc>>,
    /// idle, waiting, running or failed.
    state: String,
    /// The newest run's steps.
    last_run: Vec<Job>,
    /// Why the newest run failed.
    error: Option<String>,
}

/// Shows how it stands.
pub struct Status;

impl Operation for Status {
    const NAME: &'static str = "consolidation_status";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/consolidation/status";
    const ALSO: &'static [(Method, &'static str)] = &[(Method::Get, "/metrics/consolidation")];
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, _: Input) -> Result<Output> {
        let of_all = &ctx.app.config.consolidation;
        let own = &ctx.place.record.consolidation;
        let schedule = own.schedule(of_all).filter(|_| of_all.enabled);
        let none: Option<DateTime<Utc>> = None;
        let mut rows = ctx
            .place
            .db
            .read_all(
                &ctx.tenant,
                &[
                    (sql!("consolidation/jobs"), &[&JOB, &none, &1i64]),
                    (sql!("consolidation/last_success"), &[&JOB]),
                ],
            )
            .await?;
        let last_success = rows
            .pop()
            .and_then(|rows| rows.first().and_then(|row| row.get(0)));
        let newest = rows.pop().unwrap_or_default();
        let newest = newest.first();
        let state = newest.map_or("idle", |row| match row.get("state") {
            "done" => "idle",
            state => state,
        });
        Ok(Output {
            tenant_id: ctx.tenant.clone(),
            enabled: schedule.is_some(),
            schedule: schedule.map(str::to_owned),
            timezone: of_all.timezone.clone(),
            next_run: schedule
                .and_then(|schedule| Schedule::parse(schedule, &of_all.timezone).ok())
                .and_then(|schedule| schedule.next(ctx.at)),
            last_success,
            state: state.to_owned(),
            last_run: newest.map(Job::of_run).unwrap_or_default(),
            error: newest.and_then(|row| row.get("error")),
        })
    }
}
