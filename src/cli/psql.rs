//! `psql`: a shell on the database.

use super::open::{Database, block_on, configure, drop_root, must_exist};
use crate::config::{Flags, for_children};
use crate::error::{Error, Kind, Result};
use crate::postgres::{Paths, find};
use clap::Args;
use std::path::PathBuf;
use std::process::Command;

/// Options of `psql`.
#[derive(Args)]
pub struct Psql {
    /// The role: application (bound by the tenants' policies), owner or superuser.
    #[arg(long = "as", default_value = "owner", value_parser = ["application", "owner", "superuser"])]
    role: String,
    /// What psql itself takes: agent-memory psql -- -c "select count(*) from session_handoffs"
    #[arg(last = true)]
    words: Vec<String>,
}

impl Psql {
    /// Runs psql; a stopped database runs for the time.
    pub fn run(self, flags: &Flags) -> Result<()> {
        let config = configure(flags, true)?.config;
        must_exist(&config)?;
        drop_root(&config)?;
        block_on(async {
            let database = Database::open(&config, true).await?;
            let paths = Paths::new(config.data_dir());
            let program = find(&config.embedded, &paths, None)
                .ok()
                .flatten()
                .map(|found| found.program("psql"));
            let program = program
                .filter(|program| program.is_file())
                .unwrap_or_else(|| PathBuf::from("psql"));
            let user = match self.role.as_str() {
                "application" => database.roles.application.user(),
                "superuser" => "postgres",
                _ => database.roles.owner.user(),
            };
            let mut command = Command::new(&program);
            command
                .arg(database.roles.application.as_role(user, None).url())
                .args(&self.words)
                .envs(for_children(&program));
            if !config.is_external() {
                command.env("PGPASSFILE", &paths.passfile);
            }
            let status = tokio::task::spawn_blocking(move || command.status())
                .await
                .map_err(Error::internal)?;
            database.close().await;
            match status {
                Ok(status) if status.success() => Ok(()),
                Ok(status) => std::process::exit(status.code().unwrap_or(1)),
                Err(error) => {
                    let message = format!(
                        "psql cannot be run ({error}); install it with: apt-get install postgresql-client"
                    );
                    Err(Error::new(Kind::Unavailable, "psql_missing", message))
                }
            }
        })
    }
}
