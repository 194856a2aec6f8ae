//! backup_verify

use super::check::verify;
use super::repository::{Repository, Verified};
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation, Scope};
use crate::report::Report;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Verifies a backup: every byte against its manifest, and, when asked, by restoring it into a database of its own.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "BackupVerifyInput")]
pub struct Input {
    /// Its id, its name, or `newest`.
    id: String,
    /// Whether it is restored for trial and compared.
    #[serde(default)]
    deep: bool,
}

/// A backup that holds; one that does not is an error (409) that says what is wrong.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "BackupVerified")]
pub struct Output {
    /// Always true.
    ok: bool,
    /// The backup's name.
    name: String,
    /// What was found.
    found: String,
    /// Whether it was restored for trial.
    restored_for_trial: bool,
    /// How long that took, in seconds.
    restore_seconds: Option<f64>,
    /// When it was verified.
    verified_at: DateTime<Utc>,
}

/// Verifies a backup.
pub struct Verify;

impl Operation for Verify {
    const NAME: &'static str = "backup_verify";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/backups/{id}/verify";
    const ACCESS: Access = Access::Admin;
    const SCOPE: Scope = Scope::Installation;
    const AUDITED: bool = false;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let repository = Repository::new(ctx.app.config.backup_dir());
        let set = repository.find(&input.id)?;
        let _lock = repository.lock()?;
        let name = set.name.clone();
        let deep = input.deep.then_some(&ctx.app);
        let Verified {
            at,
            deep,
            ok,
            what,
            restore_seconds,
        } = verify(&repository, set, deep, &Report::default()).await?;
        Ok(Output {
            ok,
            name,
            found: what,
            restored_for_trial: deep,
            restore_seconds,
            verified_at: at,
        })
    }
}
