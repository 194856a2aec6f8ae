//! A run of a job: a row that one server takes, works on batch by batch, and ends. A tenant's batch and what is
//! written down of it are one transaction; a server that lost its run to another finds that out there, and nothing of that batch stays.

use super::{JOBS, Job, Task, Work};
use crate::app::App;
use crate::consolidation::Groups;
use crate::db::{Connection, Row, Tx};
use crate::error::{Error, Kind, Result};
use crate::recall::Item;
use crate::report::Report;
use crate::tenant::{INSTALLATION, Place};
use crate::{clock, id, sql};
use chrono::{DateTime, Duration, Utc};
use std::sync::Arc;

/// After so many failures in a row a run is given up.
const TRIES: i32 = 5;

/// A run on its way, and what its job knows.
pub struct Run {
    /// The server.
    pub app: Arc<App>,
    /// Where the tenant's rows are; the installation's own place for its own jobs.
    pub place: Arc<Place>,
    /// Whose memory; `*` for the installation.
    pub tenant: String,
    /// Its id, `cj_…`.
    pub run_id: String,
    /// The instant it was due.
    pub scheduled_at: DateTime<Utc>,
    /// When it began: what "now" means to the job, however long it takes.
    pub began: DateTime<Utc>,
    /// Where it is.
    pub cursor: String,
    /// What was looked at.
    pub done: i64,
    /// How much there is to look at, where that is known.
    pub total: i64,
    /// What came of it, as JSON.
    pub result: String,
    /// What the grouping of statements remembers between two batches.
    pub groups: Option<Groups>,
    /// Work that goes on beside the batches.
    pub task: Option<Task>,
    /// How far that work is.
    pub report: Report,
    job: &'static Job,
    attempt: i32,
    failures: i32,
}

/// What one batch did.
#[derive(Default)]
pub struct Batch {
    /// Whether there is nothing left.
    pub over: bool,
    /// What recall has to count once the batch is on disk.
    pub items: Vec<Item>,
}

/// What a run that could not begin is told: of a tenant one run of a job goes at a time.
pub fn under_way(error: Error) -> Error {
    match error.kind() {
        Kind::Conflict => {
            let message =
                "a run of this job is under way; agent-memory jobs history shows how far it is";
            Error::new(Kind::Conflict, "run_under_way", message).retry_after(5)
        }
        _ => error,
    }
}

impl Run {
    /// Takes the next run that waits, or that its server has not been heard of in `lost`; none when there is none.
    pub async fn take(
        app: &Arc<App>,
        owner: &Connection,
        lost: std::time::Duration,
    ) -> Result<Option<Self>> {
        let names: Vec<&str> = JOBS.iter().map(|job| job.name).collect();
        let rows = owner
            .query(
                sql!("system/runs_take"),
                &[&names, &clock::now(), &lost.as_secs_f64()],
            )
            .await;
        match rows {
            Ok(rows) => match rows.first() {
                Some(row) => Self::from_row(app, row).await.map(Some),
                None => Ok(None),
            },
            // Another server took a run of the same job and tenant in the same moment.
            Err(error) if error.kind() == Kind::Conflict => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Begins a run by hand; `cursor` says where, or with what.
    ///
    /// # Errors
    /// Another run of the job is under way for this tenant.
    pub async fn by_hand(app: &Arc<App>, job: &str, tenant: &str, cursor: &str) -> Result<Self> {
        let owner = app.owner.connect().await?;
        let run_id = id::new("cj").0;
        let rows = owner
            .query(
                sql!("jobs/begin"),
                &[&tenant, &job, &clock::now(), &run_id, &cursor],
            )
            .await
            .map_err(under_way)?;
        let row = rows
            .first()
            .ok_or_else(|| Error::internal("the run did not begin"))?;
        Self::from_row(app, row).await
    }

    /// From a row that jobs/take or jobs/begin gave.
    pub async fn from_row(app: &Arc<App>, row: &Row) -> Result<Self> {
        let (tenant, name): (String, &str) = (row.get("tenant_id"), row.get("job"));
        let job = super::find(name)?;
        Ok(Self {
            place: app.places.of(&tenant).await?,
            app: app.clone(),
            run_id: row.get::<_, Option<String>>("run_id").unwrap_or_default(),
            scheduled_at: row.get("scheduled_at"),
            began: row.get("started_at"),
            cursor: row.get("cursor"),
            done: row.get("done"),
            total: row.get("total"),
            result: row.get("result"),
            attempt: row.get("attempt"),
            failures: row.get("failures"),
            groups: None,
            task: None,
            report: Report::default(),
            tenant,
            job,
        })
    }

    /// One batch; whether there is more to do.
    pub async fn step(&mut self) -> Result<bool> {
        let (tx, batch) = match self.job.work {
            Work::Tenant(work) => {
                let tx = self.begin().await?;
                let batch = work(self, &tx).await?;
                (tx, batch)
            }
            Work::Installation(work) => {
                let batch = work(self).await?;
                (self.begin().await?, batch)
            }
        };
        self.record(&tx, if batch.over { "done" } else { "running" }, None)
            .await?;
        tx.commit().await?;
        self.failures = 0;
        self.app.cache.clear();
        self.place
            .index
            .wrote(&self.tenant, self.place.record.number, &batch.items);
        Ok(!batch.over)
    }

    /// Gives the run back: whoever is next goes on with it.
    pub async fn release(&self) -> Result<()> {
        let tx = self.begin().await?;
        self.record(&tx, "waiting", None).await?;
        tx.commit().await
    }

    /// Writes down that it failed: tried again a little later, given up after some times.
    pub async fn fail(&mut self, error: &Error) -> Result<()> {
        self.failures += 1;
        let state = if self.failures >= TRIES {
            "failed"
        } else {
            "waiting"
        };
        let tx = self.begin().await?;
        self.record(&tx, state, Some(error.causes())).await?;
        tx.commit().await
    }

    /// Writes down that it failed for good: whoever asked for it is told, and asks again if he likes.
    pub async fn end_with(&mut self, error: &Error) -> Result<()> {
        self.failures = TRIES;
        self.fail(error).await
    }

    async fn begin(&self) -> Result<Tx> {
        match self.job.work {
            Work::Tenant(_) => self.place.db.begin(&self.tenant).await,
            Work::Installation(_) => Tx::of_owner(&self.app.owner, INSTALLATION).await,
        }
    }

    async fn record(&self, tx: &Tx, state: &str, error: Option<String>) -> Result<()> {
        let now = clock::now();
        let wait = Duration::seconds(10 * i64::from(self.failures * self.failures));
        let ended = ["done", "failed"].contains(&state).then_some(now);
        let held = tx
            .query(
                sql!("jobs/record"),
                &[
                    &self.tenant,
                    &self.job.name,
                    &self.scheduled_at,
                    &self.attempt,
                    &state,
                    &self.done,
                    &self.total,
                    &self.cursor,
                    &self.result,
                    &error,
                    &(now + wait),
                    &self.failures,
                    &ended,
                ],
            )
            .await?;
        match held.is_empty() {
            true => Err(Error::new(
                Kind::Conflict,
                "run_lost",
                "another server has taken this run over",
            )),
            false => Ok(()),
        }
    }

    /// Its job's name.
    pub fn job(&self) -> &'static str {
        self.job.name
    }
}
