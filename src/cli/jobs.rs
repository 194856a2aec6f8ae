//! `jobs`: what the server does by itself: when, how it went, and now.

use super::open::{configure, must_exist, with_app};
use super::progress::Progress;
use crate::app::App;
use crate::config::Flags;
use crate::db::Row;
use crate::error::{Error, Result};
use crate::jobs::{self, JOBS, Schedule, Work};
use crate::tenant::INSTALLATION;
use crate::{clock, sql};
use chrono::{DateTime, Utc};
use clap::Subcommand;
use serde_json::{Value, json};
use std::sync::Arc;

/// Commands of `jobs`.
#[derive(Subcommand)]
#[command(
    after_help = "Examples:\n  agent-memory jobs list\n  agent-memory jobs run consolidation --tenant acme\n  agent-memory jobs history --failed --json"
)]
pub enum Jobs {
    /// All jobs: when they are due, and how their last run went.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Run a job now, for one tenant or for all.
    Run {
        /// The job.
        name: String,
        /// Only for this tenant.
        #[arg(long)]
        tenant: Option<String>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Runs, the newest first.
    History {
        /// Only of this job.
        name: Option<String>,
        /// Only of this tenant.
        #[arg(long)]
        tenant: Option<String>,
        /// Only those that failed.
        #[arg(long)]
        failed: bool,
        /// How many at most.
        #[arg(long, default_value_t = 20)]
        limit: u16,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

impl Jobs {
    /// Runs the command.
    pub fn run(self, flags: &Flags) -> Result<()> {
        must_exist(&configure(flags, true)?.config)?;
        with_app(flags, async |app| match self {
            Self::List { json } => list(&app, json).await,
            Self::Run { name, tenant, json } => run(&app, &name, tenant.as_deref(), json).await,
            Self::History {
                name,
                tenant,
                failed,
                limit,
                json,
            } => {
                if let Some(name) = &name {
                    jobs::find(name)?;
                }
                history(
                    &app,
                    name.as_deref(),
                    tenant.as_deref(),
                    failed,
                    i64::from(limit),
                    json,
                )
                .await
            }
        })
    }
}

async fn list(app: &App, as_json: bool) -> Result<()> {
    let owner = app.owner.connect().await?;
    let zone = &app.config.consolidation.timezone;
    let mut all: Vec<Value> = Vec::new();
    for job in JOBS {
        let schedule = (job.schedule)(&app.config);
        let next = schedule
            .and_then(|text| Schedule::parse(text, zone).ok())
            .and_then(|schedule| schedule.next(clock::now()));
        let newest = owner
            .query(
                sql!("system/runs_history"),
                &[&Some(job.name), &None::<&str>, &false, &1i64],
            )
            .await?;
        all.push(json!({
            "job": job.name, "about": job.about, "schedule": schedule, "timezone": zone, "next": next,
            "last": newest.first().map(run_as_json).transpose()?,
        }));
    }
    if as_json {
        return super::print(&pretty(&json!({"jobs": all}))?);
    }
    let lines = all.iter().map(|job| {
        let text = |name: &str| job[name].as_str().unwrap_or("-").to_owned();
        let last = match job["last"].as_object() {
            None => "never ran".to_owned(),
            Some(last) => format!(
                "{} {}",
                last["state"].as_str().unwrap_or_default(),
                last["scheduled_at"].as_str().map_or("", short)
            ),
        };
        let next = job["next"]
            .as_str()
            .map_or("when called for".to_owned(), |at| short(at).to_owned());
        format!(
            "{:17} {:12} next {next:17} last: {last}\n{:17} {}",
            text("job"),
            text("schedule"),
            "",
            text("about")
        )
    });
    super::print(&lines.collect::<Vec<_>>().join("\n"))
}

/// A run of each tenant that is asked for, one after the other.
async fn run(app: &Arc<App>, name: &str, tenant: Option<&str>, as_json: bool) -> Result<()> {
    let job = jobs::find(name)?;
    let owner = app.owner.connect().await?;
    let tenants: Vec<String> = match (&job.work, tenant) {
        (Work::Installation(_), None) => vec![INSTALLATION.to_owned()],
        (Work::Installation(_), Some(_)) => {
            return Err(Error::invalid(format!(
                "{name} is about the whole installation: leave --tenant out"
            ))
            .field("tenant"));
        }
        (Work::Tenant(_), Some(tenant)) => {
            if !app.places.of(tenant).await?.record.exists {
                return Err(Error::not_found(
                    "no tenant by that name; agent-memory tenants list names them all",
                )
                .field("tenant"));
            }
            vec![tenant.to_owned()]
        }
        (Work::Tenant(_), None) => {
            let rows = owner.query(sql!("system/tenants"), &[]).await?;
            let alive = rows
                .iter()
                .filter(|row| row.get::<_, Option<DateTime<Utc>>>("deleted_at").is_none());
            alive.map(|row| row.get("tenant_id")).collect()
        }
    };
    let progress = Progress::new(tenants.len() as u64, name);
    let mut done = Vec::new();
    for tenant in &tenants {
        progress.about(tenant);
        let mut run = jobs::Run::by_hand(app, job.name, tenant, "").await?;
        loop {
            match run.step().await {
                Ok(true) => progress.about(&format!("{tenant}, {} looked at", run.done)),
                Ok(false) => break,
                Err(error) => {
                    run.fail(&error).await?;
                    return Err(error);
                }
            }
        }
        progress.one_more();
        done.push(json!({"tenant_id": tenant, "run_id": run.run_id, "looked_at": run.done, "result": parsed(&run.result)?}));
    }
    progress.end();
    if as_json {
        return super::print(&pretty(&json!({"job": name, "runs": done}))?);
    }
    let lines = done.iter().map(|run| {
        format!(
            "{}: {}",
            run["tenant_id"].as_str().unwrap_or_default(),
            told(&run["result"])
        )
    });
    super::print(&lines.collect::<Vec<_>>().join("\n"))
}

async fn history(
    app: &App,
    name: Option<&str>,
    tenant: Option<&str>,
    failed: bool,
    limit: i64,
    as_json: bool,
) -> Result<()> {
    let owner = app.owner.connect().await?;
    let rows = owner
        .query(
            sql!("system/runs_history"),
            &[&name, &tenant, &failed, &limit],
        )
        .await?;
    let runs: Vec<Value> = rows.iter().map(run_as_json).collect::<Result<_>>()?;
    if as_json {
        return super::print(&pretty(&json!({"runs": runs}))?);
    }
    if runs.is_empty() {
        return super::print("no such run yet");
    }
    let line = |run: &Value| {
        let text = |name: &str| run[name].as_str().unwrap_or_default().to_owned();
        let took = run["seconds"]
            .as_f64()
            .map_or(String::new(), |seconds| format!("{seconds:.1} s"));
        let outcome = match (run["error"].as_str(), text("state").as_str()) {
            (Some(error), _) => error.to_owned(),
            (None, "waiting" | "running") => format!("{} looked at so far", run["looked_at"]),
            (None, _) => told(&run["result"]),
        };
        format!(
            "{:17} {:8} {:17} {:16} {took:>8}  {outcome}",
            short(&text("scheduled_at")),
            text("state"),
            text("job"),
            text("tenant_id")
        )
    };
    super::print(&runs.iter().map(line).collect::<Vec<_>>().join("\n"))
}

fn run_as_json(row: &Row) -> Result<Value> {
    let (began, ended): (Option<DateTime<Utc>>, Option<DateTime<Utc>>) =
        (row.get("started_at"), row.get("ended_at"));
    Ok(json!({
        "run_id": row.get::<_, Option<String>>("run_id"), "tenant_id": row.get::<_, String>("tenant_id"), "job": row.get::<_, String>("job"),
        "scheduled_at": row.get::<_, DateTime<Utc>>("scheduled_at"), "trigger": row.get::<_, String>("trigger"),
        "state": row.get::<_, String>("state"), "started_at": began, "ended_at": ended,
        "seconds": began.zip(ended).map(|(began, ended)| (ended - began).num_milliseconds() as f64 / 1000.0),
        "looked_at": row.get::<_, i64>("done"), "total": row.get::<_, i64>("total"),
        "result": parsed(row.get("result"))?, "error": row.get::<_, Option<String>>("error"),
    }))
}

/// What a run's result says in a line.
fn told(result: &Value) -> String {
    let Some(members) = result.as_object().filter(|members| !members.is_empty()) else {
        return "done".to_owned();
    };
    if let Some(lines) = members.get("lines").and_then(Value::as_array) {
        let warned = lines.iter().filter(|line| line["level"] != "ok").count();
        return format!("{} things looked at, {warned} to look after", lines.len());
    }
    let steps: Vec<String> = members
        .iter()
        .filter(|(_, step)| step["affected"].as_i64().unwrap_or(0) > 0)
        .map(|(name, step)| format!("{name} {}", step["affected"]))
        .collect();
    if steps.is_empty() {
        "nothing to do".to_owned()
    } else {
        steps.join(", ")
    }
}

fn parsed(text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(Error::internal)
}

fn pretty(value: &Value) -> Result<String> {
    serde_json::to_string_pretty(value).map_err(Error::internal)
}

/// An instant to the minute.
fn short(at: &str) -> &str {
    at.get(..16).unwrap_or(at)
}
