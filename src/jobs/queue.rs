//! Puts what is due into the queue. Every server does; a run is there once.

use super::owner::Owner;
use super::{JOBS, Job, Schedule, Work};
use crate::app::App;
use crate::config::Consolidation;
use crate::consolidation::Overrides;
use crate::error::Result;
use crate::tenant::INSTALLATION;
use crate::{clock, id, sql};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the list of tenants holds, by the clock. One that came into being within it has its turn at the next instant.
const LISTED: Duration = Duration::from_secs(30);
/// Where the clock went so much further than time did, the machine slept: what was missed is made up for once, as after any downtime.
const SLEPT: chrono::Duration = chrono::Duration::minutes(10);

/// What this server has put into the queue.
pub struct Queue {
    owner: Arc<Owner>,
    /// Until when everything was; by the clock, and by time.
    seen: Option<(DateTime<Utc>, Instant)>,
    tenants: Option<(Instant, Arc<[Tenant]>)>,
    /// Since when the database is there.
    born: Option<DateTime<Utc>>,
    /// Which database it is.
    oid: Option<i64>,
}

/// A tenant with what is its own of the schedule.
struct Tenant {
    name: String,
    created_at: DateTime<Utc>,
    own: Overrides,
}

impl Queue {
    /// A server's, before its first tick.
    pub fn new(owner: Arc<Owner>) -> Self {
        Self {
            owner,
            seen: None,
            tenants: None,
            born: None,
            oid: None,
        }
    }

    /// Puts in what came due since the last tick; what cannot be now is with the next.
    pub async fn tick(&mut self, app: &App) {
        let (now, at_now) = (clock::now(), Instant::now());
        // At the start, and after a sleep, only the latest instant is made up for.
        let since = self.seen.and_then(|(seen, at)| {
            let passed =
                chrono::Duration::from_std((at_now - at) * clock::rate()).unwrap_or_default();
            ((now - seen) - passed < SLEPT).then_some(seen)
        });
        match self.put(app, since, now).await {
            Ok(()) => self.seen = Some((now, at_now)),
            Err(error) => {
                log::debug!(
                    "what is due is put into the queue a moment later: {}",
                    error.causes()
                );
            }
        }
    }

    async fn put(
        &mut self,
        app: &App,
        since: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.look_for_a_restore(app).await?;
        let settings = &app.config.consolidation;
        let born = self.born(app).await?;
        for job in JOBS {
            let Some(schedule) = (job.schedule)(&app.config) else {
                // Turned off for all: nobody's own schedule turns it on.
                continue;
            };
            match job.work {
                Work::Installation(_) => {
                    let schedule = Schedule::parse(schedule, &settings.timezone)?;
                    let due = due(&schedule, since, now).into_iter();
                    for at in due.filter(|at| *at >= born) {
                        self.enqueue(app, job, at, &[(INSTALLATION, at)]).await?;
                    }
                }
                Work::Tenant(_) => self.tenants_runs(app, job, settings, since, now).await?,
            }
        }
        Ok(())
    }

    /// A run for each tenant, by its own schedule or by that of all.
    async fn tenants_runs(
        &mut self,
        app: &App,
        job: &Job,
        settings: &Consolidation,
        since: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut by_schedule: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let tenants = self.tenants(app).await?;
        for (place, tenant) in tenants.iter().enumerate() {
            if let Some(schedule) = tenant.own.schedule(settings) {
                by_schedule
                    .entry(schedule.to_owned())
                    .or_default()
                    .push(place);
            }
        }
        for (text, places) in by_schedule {
            let schedule = Schedule::parse(&text, &settings.timezone)?;
            for at in due(&schedule, since, now) {
                let theirs = places.iter().map(|place| &tenants[*place]);
                let runs: Vec<(&str, DateTime<Utc>)> = theirs
                    .filter(|tenant| tenant.created_at <= at)
                    .map(|tenant| (tenant.name.as_str(), at + schedule.delay(&tenant.name, at)))
                    .collect();
                self.enqueue(app, job, at, &runs).await?;
            }
        }
        Ok(())
    }

    async fn enqueue(
        &mut self,
        app: &App,
        job: &Job,
        at: DateTime<Utc>,
        runs: &[(&str, DateTime<Utc>)],
    ) -> Result<()> {
        let owner = self.owner.connection(app).await?;
        for some in runs.chunks(1000) {
            let (names, starts): (Vec<&str>, Vec<DateTime<Utc>>) = some.iter().copied().unzip();
            let ids: Vec<String> = names.iter().map(|_| id::new("cj").0).collect();
            owner
                .query(
                    sql!("system/runs_enqueue"),
                    &[&job.name, &at, &names, &ids, &starts],
                )
                .await?;
        }
        Ok(())
    }

    /// After a restore the database is another one of the same name: nothing that is known of the one before holds.
    async fn look_for_a_restore(&mut self, app: &App) -> Result<()> {
        let owner = self.owner.connection(app).await?;
        let rows = owner.query(sql!("system/database_oid"), &[]).await?;
        let oid = rows.first().map(|row| row.get(0));
        if self.oid.is_some() && self.oid != oid {
            log::info!("the database was replaced by a restore: everything is looked up anew");
            app.places.reset();
            app.keys.forget();
            (self.tenants, self.born) = (None, None);
        }
        self.oid = oid;
        Ok(())
    }

    async fn born(&mut self, app: &App) -> Result<DateTime<Utc>> {
        if let Some(born) = self.born {
            return Ok(born);
        }
        let owner = self.owner.connection(app).await?;
        let rows = owner.query(sql!("system/born"), &[]).await?;
        let born = rows.first().and_then(|row| row.get(0)).unwrap_or_default();
        Ok(*self.born.insert(born))
    }

    async fn tenants(&mut self, app: &App) -> Result<Arc<[Tenant]>> {
        let fresh = clock::lasting(LISTED, Duration::from_secs(1));
        if let Some((_, list)) = self.tenants.as_ref().filter(|(at, _)| at.elapsed() < fresh) {
            return Ok(list.clone());
        }
        let asked = Instant::now();
        let owner = self.owner.connection(app).await?;
        let rows = owner.query(sql!("system/tenants"), &[]).await?;
        let alive = rows
            .iter()
            .filter(|row| row.get::<_, Option<DateTime<Utc>>>("deleted_at").is_none());
        let list: Arc<[Tenant]> = alive
            .map(|row| Tenant {
                name: row.get("tenant_id"),
                created_at: row.get("created_at"),
                own: Overrides::read(row.get("consolidation")),
            })
            .collect();
        self.tenants = Some((asked, list.clone()));
        Ok(list)
    }
}

/// What came due: everything since a tick, or at a start the latest alone.
fn due(
    schedule: &Schedule,
    since: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Vec<DateTime<Utc>> {
    match since {
        Some(since) => schedule.between(since, now),
        None => schedule.latest(now).into_iter().collect(),
    }
}
