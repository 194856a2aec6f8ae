//! `install` and `uninstall`: our hooks and our MCP server in the settings of the programs that agents run in.

use crate::config::{Flags, load};
use crate::error::{Error, Kind, Result};
use crate::file::io;
use crate::hook::Host;
use crate::install::record::{Record, lock, read, undone, write};
use crate::install::{Place, Target, targets, with};
use clap::Args;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

/// Options of `install` and `uninstall`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  agent-memory install claude-code            for every project of yours\n  agent-memory install cursor --project       for the project here alone\n  agent-memory install codex --dry-run        only show what would change\n  agent-memory uninstall claude-code          the files as they were, to the byte"
)]
pub struct Settings {
    /// claude-code, codex or cursor.
    host: String,
    /// For this project alone: this directory, or the one that is named.
    #[arg(long, value_name = "DIRECTORY", num_args = 0..=1, default_missing_value = ".")]
    project: Option<PathBuf>,
    /// Show what would change, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Change it without asking.
    #[arg(long)]
    yes: bool,
}

/// A file, what it is, and what it shall be.
struct Plan {
    target: Target,
    now: Option<String>,
    then: Option<String>,
    exact: bool,
}

impl Settings {
    /// Puts ours in.
    pub fn install(self, flags: &Flags) -> Result<()> {
        let program = std::env::current_exe().map_err(Error::internal)?;
        let program = program.display().to_string();
        let plan = |target: Target, _: &Record| {
            let now = read(&target.path)?;
            let then = with(target.part, now.as_deref().unwrap_or_default(), &program).map_err(
                |error| Error::invalid(format!("{}: {}", target.path.display(), error.message())),
            )?;
            Ok(Plan {
                target,
                now,
                then: Some(then),
                exact: true,
            })
        };
        self.change(
            flags,
            "installed; start a new session to use it",
            plan,
            |record, plan| {
                if let Some(then) = &plan.then {
                    record.note(&plan.target.path, plan.now.as_deref(), then);
                }
            },
        )
    }

    /// Takes ours out.
    pub fn uninstall(self, flags: &Flags) -> Result<()> {
        let plan = |target: Target, record: &Record| {
            let now = read(&target.path)?;
            let (then, exact) = undone(&target, now.as_deref(), record.of(&target.path))?;
            Ok(Plan {
                target,
                now,
                then,
                exact,
            })
        };
        // Written down until it is done: told again, it is the same again.
        self.change(flags, "removed", plan, |_, _| {})
    }

    fn change(
        self,
        flags: &Flags,
        done: &str,
        plan: impl Fn(Target, &Record) -> Result<Plan>,
        note: impl Fn(&mut Record, &Plan),
    ) -> Result<()> {
        let host = Host::find(&self.host).ok_or_else(|| {
            let message = format!(
                "no host is called {}; there are claude-code, codex and cursor",
                self.host
            );
            Error::invalid(message).field("host")
        })?;
        let loaded = load(flags)?;
        let home = loaded.home;
        let project = self.project.as_deref().map(std::path::absolute).transpose();
        let project = project.map_err(Error::internal)?;
        if let Some(project) = project.as_ref().filter(|project| !project.is_dir()) {
            let message = format!("there is no directory {}", project.display());
            return Err(Error::not_found(message).field("project"));
        }
        let place = Place {
            home: &home,
            project: project.as_deref(),
        };
        let records = Path::new(&loaded.config.client.hook_dir).join("installed.json");
        let record = Record::load(&records)?;
        let mut plans = Vec::new();
        for target in targets(host, &place) {
            plans.push(plan(target, &record)?);
        }
        plans.retain(|plan| plan.now != plan.then);
        if plans.is_empty() {
            return super::print("nothing to change");
        }
        for plan in &plans {
            super::print(&shown(plan))?;
        }
        if self.dry_run {
            return super::print("nothing was changed");
        }
        if !self.yes && !asked()? {
            return super::print("nothing was changed");
        }
        // Hosts write their settings themselves, also while somebody thinks about an answer.
        let _lock = lock(&records)?;
        let mut record = Record::load(&records)?;
        for plan in &plans {
            if read(&plan.target.path)? != plan.now {
                let message = format!(
                    "{} has changed meanwhile; nothing was changed, run this again",
                    plan.target.path.display()
                );
                return Err(Error::new(Kind::Conflict, "settings_changed", message));
            }
            note(&mut record, plan);
        }
        // Before the files: who is killed in between can be made good.
        record.save(&records)?;
        for plan in &plans {
            match &plan.then {
                Some(text) => write(&plan.target.path, text)?,
                None => remove(&plan.target.path)?,
            }
        }
        super::print(done)
    }
}

/// Removes a file that was not there before us, and its directory if there is nothing else in it.
fn remove(path: &Path) -> Result<()> {
    std::fs::remove_file(path).map_err(|error| io("remove", path, error))?;
    // A host's own directory, not a project's.
    let own = |parent: &&Path| {
        parent
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
    };
    if let Some(parent) = path.parent().filter(own) {
        let _ = std::fs::remove_dir(parent);
    }
    Ok(())
}

fn asked() -> Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Err(
            Error::invalid("say --yes to change these files without being asked").field("yes"),
        );
    }
    let mut out = std::io::stdout().lock();
    write!(out, "Change this? [y/N] ")
        .and_then(|()| out.flush())
        .map_err(Error::internal)?;
    let mut answer = String::new();
    std::io::stdin()
        .read_line(&mut answer)
        .map_err(Error::internal)?;
    Ok(["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str()))
}

/// A file's change, line by line, without what is the same before and behind it.
fn shown(plan: &Plan) -> String {
    let path = plan.target.path.display();
    let lines = |text: &Option<String>| -> Vec<String> {
        text.iter()
            .flat_map(|text| text.lines())
            .map(str::to_owned)
            .collect()
    };
    let (now, then) = (lines(&plan.now), lines(&plan.then));
    let same = now.iter().zip(&then).take_while(|(a, b)| a == b).count();
    let rest = now.len().min(then.len()) - same;
    let tail = now
        .iter()
        .rev()
        .zip(then.iter().rev())
        .take(rest)
        .take_while(|(a, b)| a == b)
        .count();
    let mut text = match (&plan.now, &plan.then) {
        (None, _) => format!("{path} (new)\n"),
        (_, None) => format!("{path} (goes)\n"),
        _ if !plan.exact => format!("{path} (changed by others since: only ours goes)\n"),
        _ => format!("{path}, line {}\n", same + 1),
    };
    for line in &now[same..now.len() - tail] {
        text.push_str(&format!("  - {line}\n"));
    }
    for line in &then[same..then.len() - tail] {
        text.push_str(&format!("  + {line}\n"));
    }
    text
}
