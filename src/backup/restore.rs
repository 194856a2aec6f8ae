//! Restores everything: into a new database, verified, then swapped in; the one before is kept.

use super::check;
use super::manifest::Manifest;
use super::scratch::Scratch;
use crate::app::App;
use crate::error::Result;
use crate::report::Report;
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// What a restore did, or would do.
#[derive(Debug, Serialize)]
pub struct Restored {
    /// From where.
    pub from: String,
    /// Whether it was for trial only.
    pub dry_run: bool,
    /// The database that is in place now.
    pub database: String,
    /// What the one before is called from now on.
    pub previous: Option<String>,
    /// What was compared.
    pub verified: String,
    /// How long it took, in seconds.
    pub seconds: f64,
}

/// Restores a set whose bytes were verified.
///
/// # Errors
/// Anything that is not as the manifest says, or that the database refuses: nothing was changed then.
pub async fn set(
    app: &Arc<App>,
    dir: &Path,
    manifest: &Manifest,
    dry_run: bool,
    report: &Report,
) -> Result<Restored> {
    let began = Instant::now();
    let scratch = Scratch::make(app).await?;
    let work = async {
        scratch.fill(app, dir, manifest, report).await?;
        let compared = check::compare(app, &scratch, manifest, report).await?;
        let compared = match &manifest.no_dump {
            None => compared,
            Some(_) => format!(
                "{compared}; from exports alone, which have no keys, no audit log, no trash and no edits: make new keys"
            ),
        };
        Ok(match check::missing_keys(app, manifest).join(", ") {
            none if none.is_empty() => compared,
            ids => format!(
                "{compared}; the encryption key {ids} is NOT here: sealed texts cannot be opened until it is"
            ),
        })
    };
    let verified = work.await;
    put(
        app,
        scratch,
        verified,
        dry_run,
        &dir.display().to_string(),
        began,
        report,
    )
    .await
}

/// Puts a filled database in place, or drops it after a trial or a failure.
pub async fn put(
    app: &App,
    scratch: Scratch,
    verified: Result<String>,
    dry_run: bool,
    from: &str,
    began: Instant,
    report: &Report,
) -> Result<Restored> {
    let verified = match verified {
        Ok(verified) => verified,
        Err(error) => {
            scratch.drop().await;
            return Err(error);
        }
    };
    let mut restored = Restored {
        from: from.to_owned(),
        dry_run,
        database: app.roles.owner.database().to_owned(),
        previous: None,
        verified,
        seconds: 0.0,
    };
    if dry_run {
        scratch.drop().await;
    } else {
        report.stage("putting it in place", 0);
        restored.previous = Some(scratch.put_in_place(app).await?);
    }
    restored.seconds = began.elapsed().as_secs_f64();
    Ok(restored)
}
