//! Maintenance: what a guide lists for each day, week and month, done and told.

use super::{Batch, JOBS, Run};
use crate::app::App;
use crate::backup::state::{Trouble, state};
use crate::backup::{Repository, check};
use crate::db::Connection;
use crate::doctor::{self, Level};
use crate::error::{Error, Result};
use crate::report::Report;
use crate::{clock, sql};
use chrono::{DateTime, Datelike, Duration, Utc};
use serde::Serialize;

/// A table is vacuumed weekly when more than one row of so many is dead, and there are at least so many.
const DEAD: (f64, i64) = (10.0, 1000);

/// How much is looked after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// Health, errors, consolidation.
    Daily,
    /// Growth and slow queries besides; vacuums where it pays.
    Weekly,
    /// Everything: a full vacuum analyze, ages of secrets, performance, updates.
    Monthly,
}

/// One thing that was looked at or done.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// ok, warn or fail.
    pub level: &'static str,
    /// What it is about.
    pub about: &'static str,
    /// What was found or done.
    pub what: String,
    /// The command that mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

impl Line {
    fn ok(about: &'static str, what: impl Into<String>) -> Self {
        Self {
            level: "ok",
            about,
            what: what.into(),
            mend: None,
        }
    }

    fn warn(about: &'static str, what: impl Into<String>, mend: &str) -> Self {
        Self {
            level: "warn",
            about,
            what: what.into(),
            mend: Some(mend.to_owned()),
        }
    }
}

/// The job: does it, writes the sample of the day down and the report into the run.
pub async fn batch(run: &mut Run, extent: Extent) -> Result<Batch> {
    let lines = maintain(&run.app, extent, &mut |_| ()).await?;
    for line in lines.iter().filter(|line| line.level != "ok") {
        log::warn!("maintenance, {}: {}", line.about, line.what);
    }
    run.result =
        serde_json::to_string(&serde_json::json!({"lines": lines})).map_err(Error::internal)?;
    run.done = lines.len() as i64;
    Ok(Batch {
        over: true,
        ..Batch::default()
    })
}

/// Looks after the database; each line is told as soon as it is known.
pub async fn maintain(
    app: &App,
    extent: Extent,
    told: &mut (dyn FnMut(&Line) + Send),
) -> Result<Vec<Line>> {
    let owner = app.owner.connect().await?;
    let mut lines = Vec::new();
    let mut tell = |lines: &mut Vec<Line>, line: Line| {
        told(&line);
        lines.push(line);
    };
    for line in health(app, &owner).await? {
        tell(&mut lines, line);
    }
    for line in runs(&owner, clock::now()).await? {
        tell(&mut lines, line);
    }
    if extent >= Extent::Weekly {
        tell(&mut lines, growth(&owner).await?);
        for line in slow(&owner).await? {
            tell(&mut lines, line);
        }
        for line in vacuum(&owner, extent == Extent::Monthly).await? {
            tell(&mut lines, line);
        }
        for line in backups(app, &owner).await? {
            tell(&mut lines, line);
        }
    }
    if extent == Extent::Monthly {
        for finding in doctor::ages_and_modes(&app.config, clock::now()) {
            let level = if finding.level == Level::Ok {
                "ok"
            } else {
                "warn"
            };
            tell(
                &mut lines,
                Line {
                    level,
                    about: "secrets",
                    what: finding.what,
                    mend: finding.mend,
                },
            );
        }
        for line in performance(&owner).await? {
            tell(&mut lines, line);
        }
        tell(&mut lines, updates(&owner).await?);
    }
    Ok(lines)
}

async fn health(app: &App, owner: &Connection) -> Result<Vec<Line>> {
    let row = one(owner, sql!("system/database_size"), &[]).await?;
    let bytes: i64 = row.get(0);
    let today = clock::now().date_naive();
    owner
        .query(
            sql!("system/sample_storage"),
            &[
                &format!(
                    "{:04}-{:02}-{:02}",
                    today.year(),
                    today.month(),
                    today.day()
                ),
                &bytes,
            ],
        )
        .await?;
    let (ok, refused, failed) = app.metrics.totals();
    let requests = format!(
        "{ok} requests answered, {refused} refused, {failed} failed since this process began"
    );
    Ok(vec![
        Line::ok(
            "health",
            format!("the database answers; it takes {}", size(bytes)),
        ),
        match failed {
            0 => Line::ok("errors", requests),
            _ => Line::warn("errors", requests, "look for ERROR in the server's log"),
        },
    ])
}

/// Runs of the last day that failed, and those that are late.
async fn runs(owner: &Connection, now: DateTime<Utc>) -> Result<Vec<Line>> {
    let names: Vec<&str> = JOBS.iter().map(|job| job.name).collect();
    let row = one(
        owner,
        sql!("system/runs_summary"),
        &[
            &names,
            &(now - Duration::days(1)),
            &(now - Duration::hours(1)),
        ],
    )
    .await?;
    let (done, failed, late): (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
    let what = format!(
        "{done} runs of jobs ended well within a day, {failed} failed, {late} wait since more than an hour"
    );
    Ok(vec![match failed + late {
        0 => Line::ok("jobs", what),
        _ => Line::warn("jobs", what, "agent-memory jobs history --failed"),
    }])
}

/// How much the database grew in the last weeks.
pub async fn growth(owner: &Connection) -> Result<Line> {
    let rows = owner.query(sql!("system/growth"), &[]).await?;
    let Some(row) = rows.first() else {
        return Ok(Line::ok("growth", "no samples yet: one is taken a day"));
    };
    let (days, grew): (i32, i64) = (row.get(0), row.get(1));
    Ok(match days {
        0 => Line::ok("growth", "one sample so far: one is taken a day"),
        _ => Line::ok(
            "growth",
            format!(
                "{} in {days} days, {} a day",
                size(grew),
                size(grew / i64::from(days))
            ),
        ),
    })
}

/// The statements that took longest, where PostgreSQL counts them.
pub async fn slow(owner: &Connection) -> Result<Vec<Line>> {
    if owner
        .query(sql!("system/statements_there"), &[])
        .await?
        .is_empty()
    {
        let what = "pg_stat_statements is not there: slow queries are not known";
        return Ok(vec![Line::ok("slow queries", what)]);
    }
    let rows = owner.query(sql!("system/slow"), &[&3i64]).await?;
    let line = |row: &crate::db::Row| {
        let (name, calls, mean): (String, i64, f64) = (row.get(0), row.get(1), row.get(2));
        Line::ok(
            "slow queries",
            format!(
                "{mean:.1} ms on average, {calls} times: {}",
                name.chars().take(80).collect::<String>()
            ),
        )
    };
    Ok(rows.iter().map(line).collect())
}

async fn vacuum(owner: &Connection, all: bool) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for row in owner.query(sql!("system/dead_rows"), &[]).await? {
        let (name, dead, live): (String, i64, i64) = (row.get(0), row.get(1), row.get(2));
        if all || (dead >= DEAD.1 && dead as f64 * DEAD.0 > live as f64) {
            owner.batch(&format!("vacuum (analyze) {name}")).await?;
            lines.push(Line::ok(
                "vacuum",
                format!("{name}: {dead} dead rows beside {live}, vacuumed and analysed"),
            ));
        }
    }
    if lines.is_empty() {
        lines.push(Line::ok("vacuum", "nothing that would pay"));
    }
    Ok(lines)
}

/// How it stands with backups, and whether every byte of the newest is as it was written.
async fn backups(app: &App, owner: &Connection) -> Result<Vec<Line>> {
    let state = state(&app.config, Some(owner)).await?;
    let (what, mend) = state.told();
    let mut lines = vec![match state.trouble() {
        Trouble::None => Line::ok("backups", what),
        _ => Line::warn("backups", what, mend),
    }];
    let repository = Repository::new(app.config.backup_dir());
    if let Some(set) = repository.sets()?.into_iter().next() {
        let name = set.name.clone();
        let checked = check::verify(&repository, set, None, &Report::default()).await;
        lines.push(match checked {
            Ok(verified) => Line::ok("backups", format!("{name}: {}", verified.what)),
            Err(error) => Line::warn("backups", error.message(), "agent-memory backup create"),
        });
    }
    Ok(lines)
}

async fn performance(owner: &Connection) -> Result<Vec<Line>> {
    let row = one(owner, sql!("system/performance"), &[]).await?;
    let (hits, idle): (f64, i64) = (row.get(0), row.get(1));
    let cache = format!("{:.1} % of all pages were found in memory", hits * 100.0);
    let unused = format!("{idle} indexes were never read since the statistics began");
    Ok(vec![
        match hits < 0.9 {
            false => Line::ok("performance", cache),
            true => Line::warn("performance", cache, "give PostgreSQL more shared_buffers"),
        },
        Line::ok("performance", unused),
    ])
}

async fn updates(owner: &Connection) -> Result<Line> {
    let version: String = one(owner, sql!("system/version"), &[]).await?.get(0);
    let ours = env!("CARGO_PKG_VERSION");
    Ok(Line::ok(
        "updates",
        format!(
            "this is agent-memory {ours} on PostgreSQL {version}; newer minor versions of either are at their publishers (apt-get upgrade, where they came by it)"
        ),
    ))
}

async fn one(
    owner: &Connection,
    sql: &'static crate::db::Sql,
    params: &[&dyn crate::db::Value],
) -> Result<crate::db::Row> {
    let rows = owner.query(sql, params).await?;
    rows.into_iter()
        .next()
        .ok_or_else(|| Error::internal(format!("sql/{}.sql gave no row", sql.name)))
}

/// Bytes for people.
pub fn size(bytes: i64) -> String {
    match bytes.abs() {
        0..10_240 => format!("{bytes} B"),
        10_240..10_485_760 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}
