//! The jobs: a backup each night, what is too old goes; and each week the newest is restored for trial.

use super::check::verify;
use super::manifest::Manifest;
use super::repository::{Repository, Set};
use super::retention::{self, Decision, Kept, Policy};
use super::{make, offsite};
use crate::app::App;
use crate::clock;
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::jobs::{Batch, Run, Task};
use crate::report::Report;
use crate::tenant::INSTALLATION;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The job that makes backups.
pub const BACKUP: &str = "backup";
/// The job that restores the newest for trial.
pub const VERIFY: &str = "verify_backup";
/// Between two notes of how far a run is, by the clock: a fraction of what makes it lost.
const BEAT: Duration = Duration::from_secs(5);

/// The work of a run: the server, what it was asked for, how far it is.
type Work = fn(Arc<App>, String, Report) -> futures_util::future::BoxFuture<'static, Result<Value>>;

/// A batch of the job that makes backups; the run's cursor names the one tenant it is for.
pub async fn backup(run: &mut Run) -> Result<Batch> {
    beside(run, |app, tenant, report| {
        Box::pin(async move {
            let tenant = Some(tenant).filter(|tenant| !tenant.is_empty());
            backup_and_rotate(&app, tenant.as_deref(), &report).await
        })
    })
    .await
}

/// A batch of the job that restores a set for trial; the run's cursor names the set, else it is the newest.
pub async fn drill(run: &mut Run) -> Result<Batch> {
    beside(run, |app, name, report| {
        Box::pin(async move { restore_for_trial(&app, &name, &report).await })
    })
    .await
}

/// Refuses a backup of a tenant that is not there, before a run of it begins.
pub async fn must_exist(app: &App, tenant: &str) -> Result<()> {
    if tenant.is_empty() || app.places.of(tenant).await?.record.exists {
        return Ok(());
    }
    let message =
        format!("no tenant is called {tenant:?}; agent-memory tenants list names them all");
    Err(Error::not_found(message).field("tenant_id"))
}

/// Runs a job to its end by hand; `report` is told how far it is.
///
/// # Errors
/// Another run of it is under way, or it failed: that is in its history then.
pub async fn by_hand(
    app: &Arc<App>,
    job: &'static str,
    argument: &str,
    report: &Report,
) -> Result<Value> {
    let mut run = Run::by_hand(app, job, INSTALLATION, argument).await?;
    run.report = report.clone();
    drive(run).await
}

/// Goes on with a run to its end.
pub async fn drive(mut run: Run) -> Result<Value> {
    loop {
        match run.step().await {
            Ok(true) => {}
            Ok(false) => return serde_json::from_str(&run.result).map_err(Error::internal),
            Err(error) => {
                run.end_with(&error).await?;
                return Err(error);
            }
        }
    }
}

/// Does the work on a task of its own, and waits a while for its end.
async fn beside(run: &mut Run, work: Work) -> Result<Batch> {
    let mut task = run.task.take().unwrap_or_else(|| {
        let working = work(run.app.clone(), run.cursor.clone(), run.report.clone());
        Task::start(async move { Ok(working.await?.to_string()) })
    });
    let ended = task
        .wait(clock::lasting(BEAT, Duration::from_millis(500)))
        .await;
    let (_, done, total) = run.report.now();
    (run.done, run.total) = (done as i64, total as i64);
    match ended {
        Some(result) => {
            run.result = result?;
            Ok(Batch {
                over: true,
                ..Batch::default()
            })
        }
        None => {
            run.task = Some(task);
            Ok(Batch::default())
        }
    }
}

async fn backup_and_rotate(app: &Arc<App>, tenant: Option<&str>, report: &Report) -> Result<Value> {
    let began = Instant::now();
    let repository = Repository::new(app.config.backup_dir());
    let _lock = repository.wait(report).await?;
    let manifest = make::make(app, &repository, tenant, report).await?;
    // What is over here goes whatever becomes of the copy elsewhere: a store that is away must not fill this disk.
    let decided = rotate(&app.config, &repository, &manifest.name)?;
    let away = match offsite::Store::open(&app.config)? {
        Some(store) => {
            store.put(&repository, &manifest, report).await?;
            let here = repository.sets()?.into_iter().map(|set| set.name);
            let decided = store.rotate(&app.config, &here.collect::<Vec<_>>()).await?;
            json!({"to": app.config.backup.offsite, "removed": removed(&decided)})
        }
        None => Value::Null,
    };
    let gone = removed(&decided);
    let what = match &manifest.no_dump {
        Some(why) if tenant.is_none() => format!("exports only: {why}"),
        _ => "whole".to_owned(),
    };
    let there = away["removed"].as_array().map_or(String::new(), |gone| {
        format!(", {} removed off-site", gone.len())
    });
    let summary = format!("{} ({what}), {} removed{there}", manifest.name, gone.len());
    Ok(json!({
        "summary": summary, "backup": manifest.name, "backup_id": manifest.backup_id, "created_at": manifest.created_at,
        "bytes": manifest.size(), "dump": manifest.dump.is_some(), "no_dump": manifest.no_dump, "tenant_id": manifest.tenant,
        "seconds": began.elapsed().as_secs_f64(), "removed": gone, "offsite": away,
    }))
}

fn removed(decided: &[Decision]) -> Vec<&str> {
    let gone = decided
        .iter()
        .filter(|decision| decision.reasons.is_empty());
    gone.map(|decision| decision.name.as_str()).collect()
}

/// Removes what the policy keeps no longer; sets of one tenant are the operator's own and stay.
fn rotate(config: &Config, repository: &Repository, made: &str) -> Result<Vec<Decision>> {
    let mut decided = decide(config, &repository.sets()?);
    // Whatever a clock that was wrong once says of the others.
    decided.retain(|decision| decision.name != made);
    for decision in decided
        .iter()
        .filter(|decision| decision.reasons.is_empty())
    {
        repository.remove(&decision.name)?;
        log::info!("the backup {} is over and gone", decision.name);
    }
    Ok(decided)
}

/// What the policy says of these sets.
pub fn decide(config: &Config, sets: &[Set]) -> Vec<Decision> {
    let kept: Vec<Kept> = sets
        .iter()
        .filter_map(|set| {
            let manifest: Option<&Manifest> = set.manifest.as_ref().ok();
            let verified = set.verified.as_ref();
            Some(Kept {
                name: set.name.clone(),
                // One that cannot be read at all is left to the operator.
                at: manifest
                    .filter(|manifest| manifest.tenant.is_none())?
                    .created_at,
                good: verified.is_none_or(|verified| verified.ok),
                proven: verified.is_some_and(|verified| verified.ok && verified.deep),
            })
        })
        .collect();
    retention::decide(policy(config), &kept, clock::now())
}

/// The configuration's policy.
pub fn policy(config: &Config) -> Policy {
    Policy {
        days: config.backup.keep_days,
        weeks: config.backup.keep_weeks,
        months: config.backup.keep_months,
        minimum: config.backup.keep_minimum,
    }
}

async fn restore_for_trial(app: &Arc<App>, name: &str, report: &Report) -> Result<Value> {
    let repository = Repository::new(app.config.backup_dir());
    let _lock = repository.wait(report).await?;
    let set = match repository.find(if name.is_empty() { "newest" } else { name }) {
        Err(error) if name.is_empty() && error.kind() == Kind::NotFound => {
            return Ok(json!({"summary": "no backup is there yet"}));
        }
        set => set?,
    };
    let name = set.name.clone();
    let verified = verify(&repository, set, Some(app), report).await?;
    let verified_as_json = serde_json::to_value(&verified).map_err(Error::internal)?;
    Ok(
        json!({"summary": format!("{name}: {}", verified.what), "backup": name, "verified": verified_as_json}),
    )
}
