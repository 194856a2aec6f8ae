//! `migrate`: the database's schema.

use super::open::{Database, block_on, configure, drop_root, must_exist};
use crate::config::Flags;
use crate::db::migrate;
use crate::error::Result;
use clap::Subcommand;

/// Commands of `migrate`.
#[derive(Subcommand)]
pub enum Migrate {
    /// Which migrations were applied, and which are missing.
    Status,
    /// The SQL that `up` would run.
    Plan,
    /// Bring the schema up to date. `serve` does it by itself.
    Up,
}

impl Migrate {
    /// Runs the command.
    pub fn run(self, flags: &Flags) -> Result<()> {
        let config = configure(flags, true)?.config;
        must_exist(&config)?;
        drop_root(&config)?;
        block_on(async {
            let database = Database::open(&config, true).await?;
            let text = match self {
                Self::Up => database
                    .migrate()
                    .await
                    .map(|done| format!("{done} migrations applied")),
                Self::Status => migrate::status(&database.roles.owner).await.map(|status| {
                    let applied = status
                        .applied
                        .iter()
                        .map(|(version, name)| format!("{version:04} {name}: applied"));
                    let pending = status
                        .pending
                        .iter()
                        .map(|step| format!("{:04} {}: missing", step.version, step.name));
                    applied.chain(pending).collect::<Vec<_>>().join("\n")
                }),
                Self::Plan => migrate::status(&database.roles.owner).await.map(|status| {
                    status
                        .pending
                        .iter()
                        .map(|step| step.text.as_str())
                        .collect::<Vec<_>>()
                        .join("\n")
                }),
            };
            database.close().await;
            super::print(&text?)
        })
    }
}
