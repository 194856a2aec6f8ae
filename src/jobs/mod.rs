//! What the server does by itself: clokwerk ticks, each job is idempotent and does one batch at a time.
//!
//! What is due is put into a queue, a row a run; whoever puts it there first wins, whatever its clock says. Servers take runs from the
//! queue one by one ([`run`]), work for a while, and give back what is not done: a tenant of a million memories keeps none of the others
//! waiting.

mod housekeeping;
pub mod maintenance;
mod owner;
mod queue;
pub mod recall_index;
pub mod run;
pub mod schedule;
mod sweep;
mod task;
mod worker;

pub use maintenance::Extent;
pub use run::{Batch, Run};
pub use schedule::Schedule;
pub use task::Task;
pub use worker::step;

use crate::app::App;
use crate::backup;
use crate::config::Config;
use crate::consolidation;
use crate::db::Tx;
use crate::error::{Error, Kind, Result};
use crate::recall::TIDY;
use crate::stop::Stopper;
use clokwerk::{AsyncScheduler, TimeUnits};
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;

/// Does a batch in the transaction in which it is written down.
type OfTenant = for<'a> fn(&'a mut Run, &'a Tx) -> BoxFuture<'a, Result<Batch>>;
/// Does a batch on connections of its own.
type OfInstallation = for<'a> fn(&'a mut Run) -> BoxFuture<'a, Result<Batch>>;

/// How a job does a batch, and so whose affairs it is about.
pub enum Work {
    /// Each tenant's, one run a tenant.
    Tenant(OfTenant),
    /// The installation's. No transaction is open meanwhile: behind a pooler, jobs that hold one connection and wait for another
    /// could wait for each other.
    Installation(OfInstallation),
}

/// Something the server does by itself.
pub struct Job {
    /// Its name.
    pub name: &'static str,
    /// What it does, for people.
    pub about: &'static str,
    /// When it is due, five fields of cron; none when something else calls for it, or it is turned off.
    pub schedule: fn(&Config) -> Option<&str>,
    /// Does a batch.
    pub work: Work,
}

/// All jobs.
pub static JOBS: &[Job] = &[
    Job {
        name: consolidation::JOB,
        about: "makes a tenant's memory wiser: shorter forms of old handoffs, principles, reflections, what is said twice",
        schedule: |config| {
            config
                .consolidation
                .enabled
                .then_some(config.consolidation.schedule.as_str())
        },
        work: Work::Tenant(|run, tx| Box::pin(consolidation::batch(run, tx))),
    },
    Job {
        name: "recall_index",
        about: "indexes what was stored before there was an index",
        schedule: |_| None,
        work: Work::Tenant(|run, tx| Box::pin(recall_index::batch(run, tx))),
    },
    Job {
        name: backup::job::BACKUP,
        about: "makes a backup of everything, and removes those that are over",
        schedule: |config| {
            config
                .backup
                .enabled
                .then_some(config.backup.schedule.as_str())
        },
        work: Work::Installation(|run| Box::pin(backup::job::backup(run))),
    },
    Job {
        name: backup::job::VERIFY,
        about: "restores the newest backup for trial, into a database of its own",
        schedule: |config| {
            config
                .backup
                .enabled
                .then_some(config.backup.verify_schedule.as_str())
        },
        work: Work::Installation(|run| Box::pin(backup::job::drill(run))),
    },
    Job {
        name: "housekeeping",
        about: "empties the trash after 30 days, forgets old idempotency keys and runs",
        schedule: |_| Some("17 * * * *"),
        work: Work::Installation(|run| Box::pin(housekeeping::batch(run))),
    },
    Job {
        name: "sweep_sessions",
        about: "ends sessions that nothing was heard of for half an hour, with a handoff made of their events",
        schedule: |_| Some("*/10 * * * *"),
        work: Work::Installation(|run| Box::pin(sweep::batch(run))),
    },
    Job {
        name: "maintain_daily",
        about: "notes how large the database is, looks for failed and missed runs",
        schedule: |_| Some("10 3 * * *"),
        work: Work::Installation(|run| Box::pin(maintenance::batch(run, Extent::Daily))),
    },
    Job {
        name: "maintain_weekly",
        about: "growth, slow queries; vacuums and analyses where it pays",
        schedule: |_| Some("20 3 * * 0"),
        work: Work::Installation(|run| Box::pin(maintenance::batch(run, Extent::Weekly))),
    },
    Job {
        name: "maintain_monthly",
        about: "vacuums and analyses everything, ages of secrets, what may be updated",
        schedule: |_| Some("40 3 1 * *"),
        work: Work::Installation(|run| Box::pin(maintenance::batch(run, Extent::Monthly))),
    },
];

/// The job of this name.
pub fn find(name: &str) -> Result<&'static Job> {
    JOBS.iter().find(|job| job.name == name).ok_or_else(|| {
        let names: Vec<&str> = JOBS.iter().map(|job| job.name).collect();
        let message = format!("no job is called {name:?}; there are {}", names.join(", "));
        Error::new(Kind::NotFound, "unknown_job", message).field("job")
    })
}

/// Runs the jobs until the server stops.
pub async fn run(app: Arc<App>, stopper: Stopper) {
    let owner = Arc::new(owner::Owner::default());
    let keeping = tokio::spawn(keep_index(app.clone(), stopper.clone()));
    let working = tokio::spawn(worker::run(app.clone(), owner.clone(), stopper.clone()));
    let queue = Arc::new(tokio::sync::Mutex::new(queue::Queue::new(owner)));
    let mut scheduler = AsyncScheduler::with_tz(chrono::Utc);
    let shared = app.clone();
    scheduler.every(1.seconds()).run(move || {
        let (app, queue) = (shared.clone(), queue.clone());
        async move {
            app.disk.look();
            // Beside the clock, not in its way; a round that is late takes what the ones after it would have.
            tokio::spawn(async move {
                if let Ok(mut queue) = queue.try_lock() {
                    queue.tick(&app).await;
                }
            });
        }
    });
    let shared = app.clone();
    scheduler.every(30.seconds()).run(move || {
        let app = shared.clone();
        async move {
            app.places.sweep();
            note_use(&app).await;
        }
    });
    loop {
        tokio::select! {
            () = stopper.stopped() => break,
            () = tokio::time::sleep(Duration::from_millis(250)) => scheduler.run_pending().await,
        }
    }
    note_use(&app).await;
    for task in [working, keeping] {
        if let Err(error) = task.await {
            log::error!("a task of the server's own ended badly: {error}");
        }
    }
}

/// Works what was written into recall's index, beside the writes and without their waiting for it.
async fn keep_index(app: Arc<App>, stopper: Stopper) {
    for round in 1.. {
        tokio::select! {
            () = stopper.stopped() => break,
            () = tokio::time::sleep(TIDY) => app.places.upkeep.round(round).await,
        }
    }
    app.places.upkeep.close().await;
}

async fn note_use(app: &App) {
    if let Err(error) = app.keys.note_use(&app.db).await {
        log::warn!(
            "when keys were used could not be written down, their next use will be: {}",
            error.causes()
        );
    }
}
