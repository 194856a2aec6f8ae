//! `db`: the database's state, its address, stopping it.

use super::db_init::Init;
use super::open::{Database, block_on, configure, drop_root, must_exist};
use crate::config::Flags;
use crate::db::migrate;
use crate::error::{Error, Result};
use crate::postgres::Paths;
use clap::Subcommand;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::json;
use std::time::{Duration, Instant};

/// Commands of `db`.
#[derive(Subcommand)]
pub enum Db {
    /// Where the database is, what runs it, and its schema.
    Status {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// The database's address without a password, for psql and others.
    Url,
    /// Stop the server that looks after the embedded database.
    Stop,
    /// Make the roles and the database on an external PostgreSQL, under the guide's names; running it again changes nothing.
    Init(Init),
}

impl Db {
    /// Runs the command.
    pub fn run(self, flags: &Flags) -> Result<()> {
        let config = configure(flags, true)?.config;
        if let Self::Init(init) = self {
            return init.run(&config);
        }
        must_exist(&config)?;
        drop_root(&config)?;
        match self {
            Self::Init(_) => Ok(()),
            Self::Stop => stop(&Paths::new(config.data_dir())),
            Self::Url => block_on(async {
                let database = Database::open(&config, true).await?;
                let url = database.roles.application.url();
                database.close().await;
                super::print(&url)
            }),
            Self::Status { json } => block_on(async {
                let database = Database::open(&config, true).await?;
                let status = status(&config, &database).await;
                database.close().await;
                show(&status?, json)
            }),
        }
    }
}

/// Where the database is, and its schema.
pub async fn status(
    config: &crate::config::Config,
    database: &Database,
) -> Result<serde_json::Value> {
    let schema = migrate::status(&database.roles.owner).await?;
    let source =
        std::fs::read_to_string(config.data_dir().join("postgres-source")).unwrap_or_default();
    Ok(json!({
        "mode": if config.is_external() { "external" } else { "embedded" },
        "url": database.roles.application.url(),
        "data_dir": config.embedded.data_dir,
        "programs": if config.is_external() { "" } else { source.trim() },
        "server": if config.is_external() || database.embedded.is_none() { "running" } else { "stopped (started for this command)" },
        "schema_version": schema.applied.last().map_or(0, |(version, _)| *version),
        "pending_migrations": schema.pending.len(),
    }))
}

fn show(status: &serde_json::Value, json: bool) -> Result<()> {
    if json {
        return super::print(&serde_json::to_string_pretty(status).map_err(Error::internal)?);
    }
    let members = status.as_object().into_iter().flatten();
    let lines = members.map(|(name, value)| {
        format!(
            "{name:20} {}",
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        )
    });
    super::print(&lines.collect::<Vec<_>>().join("\n"))
}

/// Asks the process that holds the data directory to stop, and waits until it has.
fn stop(paths: &Paths) -> Result<()> {
    match paths.lock() {
        Ok(_) => return super::print("nothing runs here"),
        Err(error) if error.code() == "data_dir_in_use" => {}
        Err(error) => return Err(error),
    }
    let text = std::fs::read_to_string(&paths.lock).unwrap_or_default();
    let pid = text.trim().parse().ok().and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| Error::internal("the lock file names no process"))?;
    kill_process(pid, Signal::TERM)
        .map_err(|error| Error::internal(std::io::Error::from(error)))?;
    let asked = Instant::now();
    while test_kill_process(pid).is_ok() && paths.lock().is_err() {
        if asked.elapsed() > Duration::from_secs(90) {
            return Err(Error::unavailable(
                "still_running",
                format!("process {} did not stop within 90 s", pid.as_raw_nonzero()),
            ));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    super::print("stopped")
}
