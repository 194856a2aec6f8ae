//! `backup`: making, listing, verifying and restoring backups.

use super::backup_restore::Restore;
use super::open::{configure, must_exist, with_app};
use super::progress::Progress;
use crate::app::App;
use crate::backup::job::{BACKUP, VERIFY, by_hand};
use crate::backup::list::{Backup as Shown, shown};
use crate::backup::offsite::Store;
use crate::backup::{Repository, check, job, plain, previous};
use crate::config::Flags;
use crate::error::{Error, Result};
use crate::jobs::maintenance::size;
use crate::report::Report;
use clap::Subcommand;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;

/// Commands of `backup`.
#[derive(Subcommand)]
#[command(
    after_help = "Examples:\n  agent-memory backup create\n  agent-memory backup verify newest --deep\n  agent-memory backup restore newest --dry-run\n  agent-memory backup restore newest --tenant acme --as acme-before\n  agent-memory backup export-sql /backups/agent_memory_20260217_020000.sql.gz\n\nBackups are in BACKUP_DIR, and are made by the server itself as BACKUP_SCHEDULE says."
)]
pub enum Backup {
    /// Make a backup now.
    Create {
        /// Only of this tenant.
        #[arg(long)]
        tenant: Option<String>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// All backups, what is known of each, and why it is kept.
    List {
        /// Those in the off-site store instead.
        #[arg(long)]
        offsite: bool,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Read every byte of a backup and compare; exits with 70 at the first doubt.
    Verify {
        /// Its name, its id, or newest.
        #[arg(default_value = "newest")]
        backup: String,
        /// Restore it into a database of its own as well, and compare every row and text.
        #[arg(long)]
        deep: bool,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Restore a backup, an export, or a dump in SQL.
    Restore(Restore),
    /// Bring a backup back from the off-site store into BACKUP_DIR.
    Fetch {
        /// Its name.
        backup: String,
    },
    /// Databases that a restore replaced, which are kept until they are dropped.
    Previous {
        /// Drop this one.
        #[arg(long, value_name = "DATABASE")]
        drop: Option<String>,
        /// Put this one in place again; the present one is kept instead.
        #[arg(long, value_name = "DATABASE", conflicts_with = "drop")]
        back: Option<String>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write a dump that `gunzip < FILE | psql DATABASE` loads onto an existing database.
    ExportSql {
        /// The file; else agent_memory_DATE_TIME.sql.gz in BACKUP_DIR.
        file: Option<PathBuf>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

impl Backup {
    /// Runs the command.
    pub fn run(self, flags: &Flags) -> Result<()> {
        let config = configure(flags, true)?.config;
        let repository = Repository::new(config.backup_dir());
        match self {
            Self::Restore(restore) => restore.run(flags),
            Self::List {
                offsite: false,
                json,
            } => list(
                &shown(&config, &repository)?,
                &config.backup_dir().display().to_string(),
                json,
            ),
            // Bytes can be read without a database.
            Self::Verify {
                backup,
                deep: false,
                json,
            } => super::open::block_on(async {
                let report = Report::default();
                let following = Progress::of(&report);
                let set = repository.find(&backup)?;
                let _lock = repository.lock()?;
                let name = set.name.clone();
                let verified = check::verify(&repository, set, None, &report).await;
                drop(following);
                let verified = verified?;
                let value = json!({"backup": name, "verified": verified});
                tell(&value, json, &format!("{name}: {}", verified.what))
            }),
            other => {
                must_exist(&config)?;
                with_app(flags, async |app| other.with(&app, &repository).await)
            }
        }
    }

    async fn with(self, app: &Arc<App>, repository: &Repository) -> Result<()> {
        let report = Report::default();
        let following = Progress::of(&report);
        let (value, json, text) = match self {
            Self::Create { tenant, json } => {
                let tenant = tenant.unwrap_or_default();
                job::must_exist(app, &tenant).await?;
                let made = by_hand(app, BACKUP, &tenant, &report).await?;
                let text = format!(
                    "{} in {} ({}, {:.1} s). Next: agent-memory backup verify {} --deep",
                    made["summary"].as_str().unwrap_or_default(),
                    repository.dir.display(),
                    size(made["bytes"].as_i64().unwrap_or_default()),
                    made["seconds"].as_f64().unwrap_or_default(),
                    made["backup"].as_str().unwrap_or_default(),
                );
                (made, json, text)
            }
            Self::Verify { backup, json, .. } => {
                let name = repository.find(&backup)?.name;
                let verified = by_hand(app, VERIFY, &name, &report).await?;
                let text = verified["summary"].as_str().unwrap_or_default().to_owned();
                (verified, json, text)
            }
            Self::List { json, .. } => {
                let mut sets = store(app)?.sets().await?;
                sets.sort_by_key(|set| std::cmp::Reverse(set.created_at));
                let lines = sets
                    .iter()
                    .map(|set| format!("{:34} {:>10}", set.name, size(set.size() as i64)));
                let text = match sets.is_empty() {
                    true => format!("no backup is in {} yet", app.config.backup.offsite),
                    false => lines.collect::<Vec<_>>().join("\n"),
                };
                (json!({"backups": sets}), json, text)
            }
            Self::Fetch { backup } => {
                let _lock = repository.lock()?;
                store(app)?.fetch(repository, &backup, &report).await?;
                let manifest = repository.find(&backup)?.manifest?;
                check::bytes(repository.path(&backup), manifest, &report).await?;
                let text = format!(
                    "{backup} is here, every byte as it was written. Next: agent-memory backup restore {backup}"
                );
                (json!({"backup": backup}), false, text)
            }
            Self::Previous { drop, back, json } => before(app, drop, back, json).await?,
            Self::ExportSql { file, json } => {
                let file = file.unwrap_or_else(|| {
                    let date = crate::clock::now().format("%Y%m%d_%H%M%S");
                    repository.dir.join(format!("agent_memory_{date}.sql.gz"))
                });
                if let Some(parent) = file
                    .parent()
                    .filter(|parent| !parent.as_os_str().is_empty())
                {
                    crate::postgres::make_private(parent)?;
                }
                let bytes = plain::export(app, &file, &report).await?;
                let text = format!("{} ({})", file.display(), size(bytes as i64));
                (json!({"file": file, "bytes": bytes}), json, text)
            }
            Self::Restore(_) => return Err(Error::internal("restore has its own way")),
        };
        drop(following);
        tell(&value, json, &text)
    }
}

fn store(app: &App) -> Result<Store> {
    Store::open(&app.config)?.ok_or_else(|| {
        let message = "no off-site store is configured: set BACKUP_OFFSITE to s3://bucket/prefix or a directory";
        Error::invalid(message).field("backup.offsite")
    })
}

async fn before(
    app: &App,
    gone: Option<String>,
    back: Option<String>,
    json: bool,
) -> Result<(Value, bool, String)> {
    if let Some(name) = gone {
        previous::drop(app, &name).await?;
        return Ok((json!({"dropped": name}), json, format!("{name} is dropped")));
    }
    if let Some(name) = back {
        let kept = previous::put_back(app, &name).await?;
        let text = format!("{name} is in place again; what was there is kept as {kept}");
        return Ok((json!({"back": name, "previous": kept}), json, text));
    }
    let all = previous::all(app).await?;
    let lines = all
        .iter()
        .map(|one| format!("{:40} {:>10}", one.database, size(one.bytes)));
    let text = match all.is_empty() {
        true => "no database was replaced by a restore".to_owned(),
        false => lines.collect::<Vec<_>>().join("\n"),
    };
    Ok((json!({"previous": all}), json, text))
}

/// Prints a value as JSON, or a text for people.
pub fn tell(value: &Value, json: bool, text: &str) -> Result<()> {
    match json {
        true => super::print(&serde_json::to_string_pretty(value).map_err(Error::internal)?),
        false => super::print(text),
    }
}

fn list(backups: &[Shown], dir: &str, json: bool) -> Result<()> {
    if json {
        return tell(&json!({"backups": backups}), true, "");
    }
    if backups.is_empty() {
        return super::print(&format!(
            "no backup is in {dir} yet; agent-memory backup create makes one"
        ));
    }
    let line = |backup: &Shown| {
        let state = match (backup.ok, backup.restored_for_trial, backup.verified_at) {
            (false, ..) => "DAMAGED",
            (_, true, _) => "restored for trial",
            (_, _, Some(_)) => "bytes verified",
            _ => "not verified",
        };
        let what = match (&backup.tenant_id, backup.dump) {
            (Some(tenant), _) => format!("only {tenant}"),
            (None, true) => format!("{} tenants", backup.tenants),
            (None, false) => format!("{} tenants, exports only", backup.tenants),
        };
        let why = match (backup.ok, backup.kept.is_empty()) {
            (false, _) => backup.found.clone().unwrap_or_default(),
            (true, true) => "goes with the next backup".to_owned(),
            (true, false) => backup.kept.join(", "),
        };
        format!(
            "{:34} {:>10}  {state:18}  {what}\n{:34} {why}",
            backup.name,
            size(backup.bytes as i64),
            ""
        )
    };
    super::print(&backups.iter().map(line).collect::<Vec<_>>().join("\n"))
}
