//! `doctor`: what is wrong, or could be, and the command that mends it.

use super::open::{Database, block_on, drop_root, must_exist};
use crate::config::{Flags, load};
use crate::doctor::{self, Finding, Level};
use crate::error::{Error, Kind, Result};
use clap::Args;

/// Options of `doctor`.
#[derive(Args)]
#[command(
    after_help = "Exits with 78 when something fails, with 0 when there are only warnings.\n\nExamples:\n  agent-memory doctor\n  agent-memory doctor agents\n  agent-memory doctor --json | jq '.[] | select(.level != \"ok\")'"
)]
pub struct Doctor {
    /// agents: whether hooks and tools are in the settings of the programs that agents run in, and a memory goes all the way round.
    #[arg(value_parser = ["agents"])]
    about: Option<String>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

impl Doctor {
    /// Runs the command.
    pub fn run(self, flags: &Flags) -> Result<()> {
        let found = match self.about {
            None => examine(flags),
            Some(_) => of_agents(flags)?,
        };
        let text = match self.json {
            true => serde_json::to_string_pretty(&found).map_err(Error::internal)?,
            false => found.iter().map(line).collect::<Vec<_>>().join("\n"),
        };
        super::print(&text)?;
        let failed = found
            .iter()
            .filter(|finding| finding.level == Level::Fail)
            .count();
        match failed {
            0 => Ok(()),
            n => {
                let message = format!("{n} of {} checks failed", found.len());
                Err(Error::new(Kind::Conflict, "doctor", message))
            }
        }
    }
}

fn of_agents(flags: &Flags) -> Result<Vec<Finding>> {
    let loaded = load(flags)?;
    let program = std::env::current_exe().map_err(Error::internal)?;
    let here = std::env::current_dir().map_err(Error::internal)?;
    let program = program.display().to_string();
    Ok(doctor::agents(
        &loaded.config,
        &loaded.home,
        &here,
        &program,
    ))
}

/// All checks.
pub fn examine(flags: &Flags) -> Vec<Finding> {
    let loaded = match load(flags) {
        Ok(loaded) => loaded,
        Err(error) => {
            let field = error
                .at_field()
                .map_or_else(String::new, |field| format!(" [{field}]"));
            let said = format!("the configuration cannot be used: {error}{field}");
            return vec![Finding::fail(
                "configuration",
                said,
                "agent-memory config check",
            )];
        }
    };
    let config = loaded.config;
    let mut found = vec![Finding::ok("configuration", "can be used")];
    if let Err(error) = drop_root(&config) {
        found.push(Finding::fail("user", error.to_string(), "see --run-as"));
        return found;
    }
    found.extend(doctor::machine(&config, &loaded.warnings));
    found.extend(doctor::host(&config));
    if !config.is_external() {
        found.extend(doctor::cluster(&config));
    }
    if let Err(error) = must_exist(&config) {
        found.push(Finding::warn(
            "database",
            error.to_string(),
            "agent-memory serve",
        ));
        return found;
    }
    let checked = block_on(async {
        let database = match Database::open(&config, true).await {
            Ok(database) => database,
            Err(error) => {
                let said = format!("it does not open: {}", error.causes());
                let mut found = vec![Finding::fail(
                    "database",
                    said,
                    "agent-memory serve says more in its log",
                )];
                found.extend(doctor::backups(&config, None).await?);
                return Ok(found);
            }
        };
        let roles = &database.roles;
        let mut found = doctor::database(&config, &roles.application, &roles.owner).await;
        found.extend(doctor::helpers(&config, roles.replica.as_ref()).await);
        database.close().await;
        Ok(found)
    });
    match checked {
        Ok(more) => found.extend(more),
        Err(error) => found.push(Finding::fail(
            "database",
            error.causes(),
            "agent-memory db status",
        )),
    }
    found
}

fn line(finding: &Finding) -> String {
    let level = match finding.level {
        Level::Ok => "ok  ",
        Level::Warn => "warn",
        Level::Fail => "FAIL",
    };
    let mend = finding
        .mend
        .as_ref()
        .map_or_else(String::new, |mend| format!("\n       {mend}"));
    format!("{level}   {:22} {}{mend}", finding.code, finding.what)
}
