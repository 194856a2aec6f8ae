//! `backup restore`.

use super::backup::tell;
use super::open::{Database, block_on, configure, drop_root};
use super::progress::Progress;
use crate::app::App;
use crate::backup::make::make;
use crate::backup::source::{Source, key_of};
use crate::backup::tenant::{Into, header, take};
use crate::backup::{Manifest, Repository, plain, restore};
use crate::config::Flags;
use crate::error::{Error, Result};
use crate::report::Report;
use clap::Args;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

/// Options of `backup restore`.
#[derive(Args)]
#[command(
    after_help = "Everything is restored into a new database, verified, and put in the place of the present one in one step; the present one is\nkept. A server may run meanwhile: for a moment it answers 503. With --tenant one tenant is restored while all others go on.\n\nExamples:\n  agent-memory backup restore newest --dry-run\n  agent-memory backup restore agent_memory_20260217_020000\n  agent-memory backup restore newest --tenant acme --as acme-before\n  agent-memory backup restore /backups/agent_memory_20260217_020000.sql.gz\n  agent-memory backup restore /backups/export_20260217_020000.json.gz --as copy"
)]
pub struct Restore {
    /// A backup's name, its id, newest, or its directory; an export; a dump in SQL.
    source: String,
    /// Do everything but the last step, and say what it would have been.
    #[arg(long)]
    dry_run: bool,
    /// Only this tenant's memories.
    #[arg(long)]
    tenant: Option<String>,
    /// Under this name.
    #[arg(long = "as", value_name = "TENANT")]
    under: Option<String>,
    /// In the place of the memories that the tenant has now.
    #[arg(long)]
    replace: bool,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

impl Restore {
    /// Runs the command.
    pub fn run(self, flags: &Flags) -> Result<()> {
        let config = configure(flags, true)?.config;
        drop_root(&config)?;
        let repository = Repository::new(config.backup_dir());
        block_on(async {
            let report = Report::default();
            let following = Progress::of(&report);
            // The bytes first: what is damaged costs no database anything.
            let _lock = repository.lock()?;
            let source = Source::find(&repository, &self.source, &report).await?;
            let mut database = Database::open(&config, true).await?;
            let restored = async {
                let app = database.app(config.clone())?;
                self.restore(&app, &database, source, &report).await
            };
            let result = restored.await;
            database.close().await;
            drop(following);
            let (value, text) = result?;
            tell(&value, self.json, &text)
        })
    }

    async fn restore(
        &self,
        app: &Arc<App>,
        database: &Database,
        source: Source,
        report: &Report,
    ) -> Result<(Value, String)> {
        let one = self.tenant.is_some() || self.under.is_some() || self.replace;
        match source {
            Source::Set(dir, manifest) => match (&self.tenant, &manifest.tenant) {
                (None, None) if one => Err(Error::invalid(
                    "--as and --replace are about one tenant: name it with --tenant",
                )
                .field("tenant")),
                (None, None) => {
                    whole(&restore::set(app, &dir, &manifest, self.dry_run, report).await?)
                }
                (wanted, only) => {
                    let name = wanted
                        .as_ref()
                        .or(only.as_ref())
                        .cloned()
                        .unwrap_or_default();
                    self.tenant(app, database, (&dir, &manifest), &name, report)
                        .await
                }
            },
            Source::Sql(_) if one => Err(Error::invalid(
                "a dump in SQL is restored whole: leave --tenant, --as and --replace out",
            )
            .field("tenant")),
            Source::Sql(file) => {
                let restored = plain::restore(app, &file, self.dry_run, report).await?;
                whole(&restored)
            }
            Source::Export(file) => {
                database.migrate().await?;
                let of = header(&file)?;
                if self.tenant.as_ref().is_some_and(|wanted| *wanted != of) {
                    let message = format!("{} is an export of {of}", file.display());
                    return Err(Error::invalid(message).field("tenant"));
                }
                self.export(app, &file, &of, None, report).await
            }
        }
    }

    async fn tenant(
        &self,
        app: &Arc<App>,
        database: &Database,
        (dir, manifest): (&Path, &Manifest),
        name: &str,
        report: &Report,
    ) -> Result<(Value, String)> {
        let Some(part) = manifest.tenant(name) else {
            let names: Vec<&str> = manifest
                .tenants
                .iter()
                .map(|tenant| tenant.tenant_id.as_str())
                .take(20)
                .collect();
            let message = format!(
                "there is no tenant {name} in {}; there are {}",
                manifest.name,
                names.join(", ")
            );
            return Err(Error::not_found(message).field("tenant"));
        };
        database.migrate().await?;
        let key = key_of(app, part)?;
        self.export(app, &dir.join(&part.file), name, key, report)
            .await
    }

    async fn export(
        &self,
        app: &Arc<App>,
        file: &Path,
        name: &str,
        key: Option<Arc<crate::seal::DataKey>>,
        report: &Report,
    ) -> Result<(Value, String)> {
        let under = self.under.as_deref().unwrap_or(name);
        let into = if self.replace {
            Into::InsteadOf
        } else {
            Into::Empty
        };
        let kept = match self.replace && !self.dry_run {
            // There is a way back from everything.
            true => {
                let repository = Repository::new(app.config.backup_dir());
                Some(make(app, &repository, Some(under), report).await?.name)
            }
            false => None,
        };
        let taken = take(app, file, under, into, key, self.dry_run, report).await?;
        let value = json!({"from": file, "tenant_id": under, "dry_run": self.dry_run, "imported": taken.imported, "skipped": taken.skipped, "kept": kept});
        let done = if self.dry_run {
            "would be restored (nothing was changed)"
        } else {
            "are restored"
        };
        let text = format!(
            "{} memories of {name} {done} as {under}",
            taken.imported.all()
        );
        let text = match kept {
            Some(kept) => {
                format!("{text}; those it had until now are kept as the backup {kept}")
            }
            None => text,
        };
        Ok((value, text))
    }
}

fn whole(restored: &restore::Restored) -> Result<(Value, String)> {
    let text = match &restored.previous {
        None => format!(
            "{} can be restored: {} ({:.1} s); nothing was changed",
            restored.from, restored.verified, restored.seconds
        ),
        Some(previous) => format!(
            "restored from {} in {:.1} s: {}.\nThe database before is kept as {previous}. Back to it: agent-memory backup previous --back {previous}\nNo longer needed: agent-memory backup previous --drop {previous}",
            restored.from, restored.seconds, restored.verified
        ),
    };
    Ok((
        serde_json::to_value(restored).map_err(Error::internal)?,
        text,
    ))
}
