//! Whether a set holds: every byte against the manifest; and, restored for trial, every row and every text.

use super::body::Body;
use super::manifest::{MANIFEST, Manifest, SUMS, sum};
use super::repository::{Repository, Set, Verified, damaged};
use super::scratch::Scratch;
use crate::app::App;
use crate::clock;
use crate::db::migrate;
use crate::error::{Error, Kind, Result};
use crate::export::{self, Form, Source};
use crate::file::{below as files, is_file};
use crate::report::Report;
use futures_util::TryStreamExt;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Verifies a set and writes down what was found. `app`: restores it for trial too.
///
/// # Errors
/// The first thing that is not as it was written.
pub async fn verify(
    repository: &Repository,
    set: Set,
    deep: Option<&Arc<App>>,
    report: &Report,
) -> Result<Verified> {
    let name = set.name.clone();
    let dir = repository.path(&name);
    let checked = async {
        let manifest = bytes(dir.clone(), set.manifest?, report).await?;
        match deep {
            Some(app) => restored(app, &dir, &manifest, report).await,
            None => Ok((
                format!(
                    "{} files, every byte as it was written",
                    manifest.files.len() + 2
                ),
                None,
            )),
        }
    };
    let result = checked.await;
    let verified = Verified {
        at: clock::now(),
        deep: deep.is_some(),
        ok: result.is_ok(),
        what: match &result {
            Ok((what, _)) => what.clone(),
            Err(error) => error.message().to_owned(),
        },
        restore_seconds: result.as_ref().ok().and_then(|(_, seconds)| *seconds),
    };
    let known_good = set.verified.is_some_and(|before| before.ok && before.deep);
    // Reading the bytes again takes nothing from what a trial proved; and what this machine lacks is no fault of the set's.
    let says_something = match &result {
        Ok(_) => deep.is_some() || !known_good,
        Err(error) => error.code() == "backup_damaged",
    };
    if says_something {
        repository.note(&name, &verified)?;
    }
    result.map(|_| verified)
}

/// Reads every byte and compares it with the manifest; nothing may be missing, and nothing may be there besides.
pub async fn bytes(dir: PathBuf, manifest: Manifest, report: &Report) -> Result<Manifest> {
    report.stage("reading every byte", manifest.size());
    let report = report.clone();
    let reading = tokio::task::spawn_blocking(move || read(&dir, manifest, &report));
    reading.await.map_err(Error::internal)?
}

fn read(dir: &Path, manifest: Manifest, report: &Report) -> Result<Manifest> {
    let named = manifest.files.iter().map(|file| file.name.as_str());
    let expected: BTreeSet<&str> = named.chain([MANIFEST, SUMS]).collect();
    let found = files(dir)?;
    if let Some(extra) = found.iter().find(|name| !expected.contains(name.as_str())) {
        return Err(damaged(dir, &format!("{extra} does not belong to it")));
    }
    for file in &manifest.files {
        if !found.contains(&file.name) {
            return Err(damaged(dir, &format!("{} is missing", file.name)));
        }
        if !is_file(&dir.join(&file.name)) {
            return Err(damaged(dir, &format!("{} is no file", file.name)));
        }
        let (size, sha256) = sum(&dir.join(&file.name), &|read| report.advance(read))?;
        if size != file.size {
            let what = format!("{} has {size} bytes instead of {}", file.name, file.size);
            return Err(damaged(dir, &what));
        }
        if sha256 != file.sha256 {
            return Err(damaged(
                dir,
                &format!("{} is not as it was written", file.name),
            ));
        }
    }
    Ok(manifest)
}

/// Restores a set into a database of its own, compares, and drops it again.
async fn restored(
    app: &Arc<App>,
    dir: &Path,
    manifest: &Manifest,
    report: &Report,
) -> Result<(String, Option<f64>)> {
    if let [id, ..] = &missing_keys(app, manifest)[..] {
        let message = format!(
            "the encryption key {id} is not here: everything but the sealed texts of this backup could be restored. Copy the file from where keys escrow had it kept, beside {}",
            app.vault.file().path().display()
        );
        return Err(Error::new(
            Kind::Conflict,
            "encryption_key_missing",
            message,
        ));
    }
    let began = Instant::now();
    let scratch = Scratch::for_trial(app).await?;
    let result = async {
        scratch.fill(app, dir, manifest, report).await?;
        let seconds = began.elapsed().as_secs_f64();
        let compared = compare(app, &scratch, manifest, report).await?;
        Ok((
            format!("restored for trial in {seconds:.1} s; {compared}"),
            Some(seconds),
        ))
    };
    let result = result.await;
    scratch.drop().await;
    result
}

/// The keys that sealed texts of a set need and that are not here.
pub fn missing_keys(app: &App, manifest: &Manifest) -> Vec<String> {
    let keys = manifest
        .tenants
        .iter()
        .filter_map(|tenant| tenant.data_key.as_ref());
    let ids: BTreeSet<&String> = keys.map(|key| &key.wrapped_by).collect();
    let missing = ids
        .into_iter()
        .filter(|id| app.vault.master_of(id).is_err());
    missing.cloned().collect()
}

/// Compares what was restored with the manifest: every tenant's export has the same body.
pub async fn compare(
    app: &Arc<App>,
    scratch: &Scratch,
    manifest: &Manifest,
    report: &Report,
) -> Result<String> {
    let rows: i64 = manifest
        .dump
        .iter()
        .flat_map(|dump| dump.rows.values())
        .sum();
    // Another version of the schema or of this program may write other fields: the counts were compared, they have to do.
    let newest = migrate::all()?.last().map_or(0, |step| step.version);
    if manifest.schema_version != newest || manifest.version != env!("CARGO_PKG_VERSION") {
        return Ok(format!(
            "{rows} rows as counted (of another version, its texts were not compared)"
        ));
    }
    let inside = scratch.app(app)?;
    for part in &manifest.tenants {
        report.stage(format!("comparing {}", part.tenant_id), 0);
        let source = Source {
            app: inside.clone(),
            place: inside.places.of(&part.tenant_id).await?,
            tenant: part.tenant_id.clone(),
            at: clock::now(),
        };
        let begin = "begin isolation level repeatable read read only";
        let kinds = Vec::from(export::sections());
        let mut pieces = export::open(source, begin, Form::Ndjson, kinds, None).await?;
        let mut body = Body::default();
        while let Some(piece) = pieces.try_next().await? {
            body.put(&piece);
            report.advance(piece.len() as u64);
        }
        let (sha256, lines) = body.end();
        if (sha256.as_str(), lines) != (part.body_sha256.as_str(), part.lines) {
            let message = format!(
                "the memories of {} are not the same after a restore",
                part.tenant_id
            );
            return Err(Error::new(Kind::Conflict, "backup_damaged", message));
        }
    }
    Ok(format!(
        "{rows} rows as counted, the memories of {} tenants the same to the byte",
        manifest.tenants.len()
    ))
}
