//! backup_list

use super::job::decide;
use super::repository::{Repository, Set, Verified};
use crate::config::Config;
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation, Scope};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The backups in this server's directory, the newest first, with what is known of each and why it is kept.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "BackupListInput")]
pub struct Input {}

/// The backups.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Backups")]
pub struct Output {
    /// How many there are.
    pub count: usize,
    /// The backups.
    pub backups: Vec<Backup>,
}

/// A backup.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Backup {
    /// Its id, `bak_…`; null where it cannot be read.
    pub backup_id: Option<String>,
    /// Its directory's name.
    pub name: String,
    /// The instant it shows.
    pub created_at: Option<DateTime<Utc>>,
    /// Its size.
    pub bytes: u64,
    /// The one tenant it is of; null: the whole installation.
    pub tenant_id: Option<String>,
    /// How many tenants are in it.
    pub tenants: usize,
    /// Whether it has a dump of the database beside the exports.
    pub dump: bool,
    /// Why not.
    pub no_dump: Option<String>,
    /// When it was last verified.
    pub verified_at: Option<DateTime<Utc>>,
    /// Whether it was restored for trial then.
    pub restored_for_trial: bool,
    /// Whether it holds, as far as is known.
    pub ok: bool,
    /// What is wrong with it, or what the verification found.
    pub found: Option<String>,
    /// Why it is kept; empty: it goes with the next backup.
    pub kept: Vec<&'static str>,
}

/// Lists backups.
pub struct List;

impl Operation for List {
    const NAME: &'static str = "backup_list";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/backups";
    const ACCESS: Access = Access::Admin;
    const SCOPE: Scope = Scope::Installation;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, _: Input) -> Result<Output> {
        let repository = Repository::new(ctx.app.config.backup_dir());
        let backups = shown(&ctx.app.config, &repository)?;
        Ok(Output {
            count: backups.len(),
            backups,
        })
    }
}

/// The sets of a repository, as they are shown.
pub fn shown(config: &Config, repository: &Repository) -> Result<Vec<Backup>> {
    let sets = repository.sets()?;
    let decided = decide(config, &sets);
    let show = |set: &Set| {
        let reasons = decided.iter().find(|decision| decision.name == set.name);
        let verified: Option<&Verified> = set.verified.as_ref();
        let manifest = set.manifest.as_ref();
        let known = manifest.as_ref().ok();
        Backup {
            backup_id: known.map(|manifest| manifest.backup_id.clone()),
            name: set.name.clone(),
            created_at: known.map(|manifest| manifest.created_at),
            bytes: known.map_or(0, |manifest| manifest.size()),
            tenant_id: known.and_then(|manifest| manifest.tenant.clone()),
            tenants: known.map_or(0, |manifest| manifest.tenants.len()),
            dump: known.is_some_and(|manifest| manifest.dump.is_some()),
            no_dump: known.and_then(|manifest| manifest.no_dump.clone()),
            verified_at: verified.map(|verified| verified.at),
            restored_for_trial: verified.is_some_and(|verified| verified.deep),
            ok: manifest.is_ok() && verified.is_none_or(|verified| verified.ok),
            found: match &manifest {
                Err(error) => Some(error.message().to_owned()),
                Ok(_) => verified.map(|verified| verified.what.clone()),
            },
            kept: match reasons {
                Some(decision) => decision.reasons.clone(),
                None => vec!["the operator's own"],
            },
        }
    };
    Ok(sets.iter().map(show).collect())
}
