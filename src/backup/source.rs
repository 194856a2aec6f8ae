//! What is restored from: a set, an export, or a dump as psql loads it.

use super::check;
use super::manifest::{MANIFEST, Manifest, Tenant};
use super::repository::{Repository, Set};
use super::tenant::unpacked;
use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::file::io;
use crate::report::Report;
use crate::seal::DataKey;
use base64::Engine;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What somebody wants restored.
pub enum Source {
    /// A set, with its directory.
    Set(PathBuf, Box<Manifest>),
    /// What export wrote.
    Export(PathBuf),
    /// What psql loads.
    Sql(PathBuf),
}

impl Source {
    /// Finds out what `wanted` is: a set's name or id, a set's directory, or a file. Every byte of a set is verified first.
    ///
    /// # Errors
    /// There is no such thing, it is damaged, or nobody knows what it is.
    pub async fn find(repository: &Repository, wanted: &str, report: &Report) -> Result<Self> {
        let path = Path::new(wanted);
        if path.is_file() {
            return recognise(path);
        }
        let (dir, set) = match path.join(MANIFEST).exists() {
            true => {
                let dir = std::fs::canonicalize(path).map_err(|error| io("read", path, error))?;
                let manifest = Manifest::read(&dir);
                (dir, manifest)
            }
            false => {
                let Set { name, manifest, .. } = repository.find(wanted)?;
                (repository.path(&name), manifest)
            }
        };
        let manifest = check::bytes(dir.clone(), set?, report).await?;
        Ok(Self::Set(dir, Box::new(manifest)))
    }
}

/// What a file holds, by its first bytes.
fn recognise(path: &Path) -> Result<Source> {
    let mut start = Vec::new();
    unpacked(path, Report::default())?
        .take(4096)
        .read_to_end(&mut start)
        .map_err(|error| io("read", path, error))?;
    let text = String::from_utf8_lossy(&start);
    let first = text.trim_start();
    if first.starts_with('{') {
        return Ok(Source::Export(path.to_owned()));
    }
    if first.starts_with("--") || first.starts_with("SET ") || first.starts_with("\\restrict") {
        return Ok(Source::Sql(path.to_owned()));
    }
    let message = match first.starts_with("PGDMP") {
        true => format!(
            "{} is a dump without its set; restore the directory that it is in",
            path.display()
        ),
        false => format!(
            "{} is neither an export (JSON) nor a dump in SQL, packed with gzip, zstd or not",
            path.display()
        ),
    };
    Err(Error::new(Kind::Invalid, "unknown_backup", message).field("backup"))
}

/// The key that a tenant's sealed texts in a set are under, as far as the installation can unwrap it.
pub fn key_of(app: &App, tenant: &Tenant) -> Result<Option<Arc<DataKey>>> {
    let Some(key) = &tenant.data_key else {
        return Ok(None);
    };
    let wrapped = base64::engine::general_purpose::STANDARD
        .decode(&key.wrapped)
        .map_err(Error::internal)?;
    let bytes = app
        .vault
        .master_of(&key.wrapped_by)?
        .unwrap(&tenant.tenant_id, &wrapped)?;
    Ok(Some(Arc::new(DataKey::new(&bytes)?)))
}
