//! How it stands with backups: what /health/detailed, the metrics, doctor and maintenance say.

use super::repository::Repository;
use crate::config::Config;
use crate::db::Connection;
use crate::error::Result;
use crate::{clock, sql};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

/// What is known, from this server's directory and from every server's runs.
#[derive(Clone, Debug, Serialize)]
pub struct State {
    /// Whether the server makes backups by itself.
    pub enabled: bool,
    /// The instant of the newest backup that is whole.
    pub last_success: Option<DateTime<Utc>>,
    /// Its name.
    pub last_backup: Option<String>,
    /// Its size.
    pub bytes: u64,
    /// Whether it has a dump beside the exports.
    pub dump: bool,
    /// When one was last verified, in any way.
    pub last_verified: Option<DateTime<Utc>>,
    /// When one was last restored for trial.
    pub last_restored_for_trial: Option<DateTime<Utc>>,
    /// How long that took, in seconds: the RTO as measured.
    pub rto_seconds: Option<f64>,
    /// What it should be.
    pub rto_target_seconds: u64,
    /// How old the newest backup is, in seconds: the RPO as it is now.
    pub rpo_seconds: Option<f64>,
    /// What it should be.
    pub rpo_target_seconds: u64,
    /// Why the last run of either job failed, where none has succeeded since.
    #[serde(skip)]
    pub error: Option<String>,
    /// Sets that are damaged.
    pub damaged: Vec<String>,
}

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing.
    None,
    /// The server makes none.
    Off,
    /// None was made yet.
    Never,
    /// The last run failed.
    Failed,
    /// A set is damaged.
    Damaged,
    /// The newest has exports alone.
    ExportsOnly,
    /// The newest is older than the RPO's target.
    Old,
    /// None was restored for trial within two weeks.
    Unverified,
    /// The last trial took longer than the RTO's target.
    Slow,
}

/// A trial is due each week: after two, one was missed.
const TRIALS: chrono::Duration = chrono::Duration::days(15);

/// Looks at the directory, and at the jobs' history where the database can be asked.
pub async fn state(config: &Config, owner: Option<&Connection>) -> Result<State> {
    let (rto, rpo) = config.recovery_targets()?;
    let mut state = State {
        enabled: config.backup.enabled,
        last_success: None,
        last_backup: None,
        bytes: 0,
        dump: false,
        last_verified: None,
        last_restored_for_trial: None,
        rto_seconds: None,
        rto_target_seconds: rto.as_secs(),
        rpo_seconds: None,
        rpo_target_seconds: rpo.as_secs(),
        error: None,
        damaged: Vec::new(),
    };
    for set in Repository::new(config.backup_dir()).sets()? {
        let verified = set.verified.filter(|verified| {
            state.last_verified = state.last_verified.max(verified.ok.then_some(verified.at));
            true
        });
        let failed = verified.as_ref().is_some_and(|verified| !verified.ok);
        if let Some(trial) = verified.filter(|verified| verified.ok && verified.deep)
            && state.last_restored_for_trial < Some(trial.at)
        {
            state.last_restored_for_trial = Some(trial.at);
            state.rto_seconds = trial.restore_seconds;
        }
        match set.manifest {
            Ok(manifest) if !failed => {
                if manifest.tenant.is_none() && state.last_success < Some(manifest.created_at) {
                    state.last_success = Some(manifest.created_at);
                    state.bytes = manifest.size();
                    state.dump = manifest.dump.is_some();
                    state.last_backup = Some(manifest.name);
                }
            }
            _ => state.damaged.push(set.name),
        }
    }
    if let Some(owner) = owner {
        history(&mut state, owner).await?;
    }
    let age = |at: DateTime<Utc>| (clock::now() - at).num_milliseconds() as f64 / 1000.0;
    state.rpo_seconds = state.last_success.map(age);
    Ok(state)
}

/// What other servers did: their directories are not here.
async fn history(state: &mut State, owner: &Connection) -> Result<()> {
    let rows = owner.query(sql!("system/backup_runs"), &[]).await?;
    let Some(row) = rows.first() else {
        return Ok(());
    };
    let parsed = |column: &str| -> Option<Value> {
        serde_json::from_str(row.get::<_, Option<&str>>(column)?).ok()
    };
    let at = |value: &Value| value.as_str()?.parse::<DateTime<Utc>>().ok();
    if let Some(run) = parsed("result")
        && let Some(made) = at(&run["created_at"])
        && state.last_success < Some(made)
    {
        state.last_success = Some(made);
        state.bytes = run["bytes"].as_u64().unwrap_or_default();
        state.dump = run["dump"].as_bool().unwrap_or_default();
        state.last_backup = run["backup"].as_str().map(str::to_owned);
    }
    if let Some(run) = parsed("verified")
        && let Some(tried) = at(&run["verified"]["at"])
        && state.last_restored_for_trial < Some(tried)
    {
        state.last_restored_for_trial = Some(tried);
        state.last_verified = state.last_verified.max(Some(tried));
        state.rto_seconds = run["verified"]["restore_seconds"].as_f64();
    }
    let error = |column: &str| row.get::<_, Option<String>>(column);
    state.error = error("error").or_else(|| error("verify_error"));
    Ok(())
}

impl State {
    /// The worst of what is wrong.
    pub fn trouble(&self) -> Trouble {
        let now = clock::now();
        match self {
            Self {
                enabled: false,
                last_success: None,
                ..
            } => Trouble::Off,
            Self { error: Some(_), .. } => Trouble::Failed,
            Self { damaged, .. } if !damaged.is_empty() => Trouble::Damaged,
            Self {
                last_success: None, ..
            } => Trouble::Never,
            Self {
                rpo_seconds: Some(age),
                ..
            } if *age > self.rpo_target_seconds as f64 => Trouble::Old,
            Self { dump: false, .. } => Trouble::ExportsOnly,
            Self {
                last_restored_for_trial: None,
                ..
            } => Trouble::Unverified,
            Self {
                last_restored_for_trial: Some(at),
                ..
            } if now - *at > TRIALS => Trouble::Unverified,
            Self {
                rto_seconds: Some(took),
                ..
            } if *took > self.rto_target_seconds as f64 => Trouble::Slow,
            _ => Trouble::None,
        }
    }

    /// What is wrong, or how well it stands, for people; and the command that mends it.
    pub fn told(&self) -> (String, &'static str) {
        let hours = |seconds: f64| format!("{:.1} h", seconds / 3600.0);
        let age = self
            .rpo_seconds
            .map_or("never".to_owned(), |age| format!("{} ago", hours(age)));
        match self.trouble() {
            Trouble::None => (
                format!(
                    "the newest backup is of {age}, one was restored for trial in {:.1} s",
                    self.rto_seconds.unwrap_or_default()
                ),
                "",
            ),
            Trouble::Off => (
                "backups are turned off, and none is there".to_owned(),
                "set BACKUP_ENABLED=true, or agent-memory backup create",
            ),
            Trouble::Never => (
                "no backup was made yet".to_owned(),
                "agent-memory backup create",
            ),
            // Why has paths in it, and health tells everybody.
            Trouble::Failed => (
                "the last run failed".to_owned(),
                "agent-memory jobs history backup says why; then agent-memory backup create",
            ),
            Trouble::Damaged => (
                format!("damaged: {}", self.damaged.join(", ")),
                "agent-memory backup verify NAME says how; agent-memory backup create makes another",
            ),
            Trouble::Old => (
                format!(
                    "the newest backup is of {age}, RPO_TARGET is {}",
                    hours(self.rpo_target_seconds as f64)
                ),
                "agent-memory backup create",
            ),
            Trouble::ExportsOnly => (
                "the newest backup has exports alone: no keys, no audit log, no trash and no edits"
                    .to_owned(),
                "agent-memory backup create says why",
            ),
            Trouble::Unverified => (
                "no backup was restored for trial within two weeks".to_owned(),
                "agent-memory backup verify newest --deep",
            ),
            Trouble::Slow => (
                format!(
                    "the last trial took {}, RTO_TARGET is {}",
                    hours(self.rto_seconds.unwrap_or_default()),
                    hours(self.rto_target_seconds as f64)
                ),
                "a faster disk, or an honest RTO_TARGET",
            ),
        }
    }
}
