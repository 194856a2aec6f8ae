//! What a set says of itself: manifest.json, and SHA256SUMS over it and every file that it names.

use super::repository::damaged;
use crate::db::hex;
use crate::error::{Error, Kind, Result};
use crate::file::{io, is_file};
use crate::tenant::check_name;
use chrono::{DateTime, Utc};
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The name of the format.
pub const FORMAT: &str = "agent-memory-backup/1";
/// The manifest's file.
pub const MANIFEST: &str = "manifest.json";
/// The sums' file, as sha256sum reads it.
pub const SUMS: &str = "SHA256SUMS";
/// The dump's file.
pub const DUMP: &str = "database.dump";
/// A manifest is read whole: no larger one is, in bytes.
const LARGEST: u64 = 256 * 1024 * 1024;

/// A set: everything that was there at one instant.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// `bak_…`
    pub backup_id: String,
    /// The set's directory.
    pub name: String,
    /// The instant of the snapshot.
    pub created_at: DateTime<Utc>,
    /// When the set was whole.
    pub finished_at: DateTime<Utc>,
    /// This program's version.
    pub version: String,
    /// The newest migration.
    pub schema_version: i32,
    /// The database server's version.
    pub postgres: String,
    /// The database's name.
    pub database: String,
    /// The one tenant it is of; none where it is of the whole installation.
    pub tenant: Option<String>,
    /// The dump; none where there could be none.
    pub dump: Option<Dump>,
    /// Why there is no dump.
    pub no_dump: Option<String>,
    /// Each tenant's export.
    pub tenants: Vec<Tenant>,
    /// The id of the installation's key that sealed texts' keys are wrapped by.
    pub encryption_key_id: Option<String>,
    /// Every file but the manifest and the sums.
    pub files: Vec<FileSum>,
}

/// A dump of the database.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dump {
    /// The role that made it.
    pub role: String,
    /// How many rows each table had.
    pub rows: BTreeMap<String, i64>,
}

/// A tenant in a set.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// Its name.
    pub tenant_id: String,
    /// `shared` or `schema`.
    pub isolation: String,
    /// What an administrator set for it: quotas, its schedule, whether it is in the trash.
    pub settings: serde_json::Value,
    /// Its export's file, NDJSON in zstd.
    pub file: String,
    /// SHA-256 of the export's body: all lines but the header.
    pub body_sha256: String,
    /// How many lines the body has.
    pub lines: u64,
    /// The key of its sealed texts, wrapped.
    pub data_key: Option<DataKey>,
}

/// A tenant's data key, wrapped by the installation's key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataKey {
    /// In base64.
    pub wrapped: String,
    /// The id of the key that wraps it.
    pub wrapped_by: String,
}

/// A file of a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSum {
    /// Its path in the set.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256 in hex.
    pub sha256: String,
}

impl Manifest {
    /// Its text, and that of the sums.
    pub fn texts(&self) -> Result<(String, String)> {
        let text = serde_json::to_string_pretty(self).map_err(Error::internal)? + "\n";
        let sums = self.sums(&text);
        Ok((text, sums))
    }

    fn sums(&self, text: &str) -> String {
        let own = hex(&crate::db::sha256(text.as_bytes()));
        let files = self.files.iter();
        let lines = files.map(|file| format!("{}  {}\n", file.sha256, file.name));
        format!("{own}  {MANIFEST}\n{}", lines.collect::<String>())
    }

    /// Reads the manifest of the set in `directory`, which must bear its name and its sums.
    ///
    /// # Errors
    /// It is missing, damaged, another set's, or of a format that this version does not know.
    pub fn read(directory: &Path) -> Result<Self> {
        let text = whole(&directory.join(MANIFEST))?;
        let format: Format = serde_json::from_str(&text)
            .map_err(|error| damaged(directory, &format!("{MANIFEST} cannot be read: {error}")))?;
        if format.format != FORMAT {
            let what = format!(
                "its format is {:?}, this version knows {FORMAT}",
                format.format
            );
            return Err(damaged(directory, &what));
        }
        let manifest: Self = serde_json::from_str(&text)
            .map_err(|error| damaged(directory, &format!("{MANIFEST} cannot be read: {error}")))?;
        let name = directory.file_name().unwrap_or_default();
        if name != manifest.name.as_str() {
            let what = format!(
                "its manifest is that of {} (was the directory renamed?)",
                manifest.name
            );
            return Err(damaged(directory, &what));
        }
        if let Some(what) = manifest.nonsense() {
            return Err(damaged(directory, &what));
        }
        if whole(&directory.join(SUMS))? != manifest.sums(&text) {
            let what = format!("{SUMS} and {MANIFEST} do not belong together");
            return Err(damaged(directory, &what));
        }
        Ok(manifest)
    }

    /// What no set of ours says: names that lead out of it, or stand in a statement as something else.
    fn nonsense(&self) -> Option<String> {
        let files: Vec<&str> = self.files.iter().map(|file| file.name.as_str()).collect();
        for tenant in &self.tenants {
            let file = format!("exports/{}.ndjson.zst", tenant.tenant_id);
            if check_name(&tenant.tenant_id).is_err() || tenant.file != file {
                return Some(format!("{:?} is no tenant's export", tenant.file));
            }
        }
        let dump = self.dump.iter();
        let named = self.tenants.iter().map(|tenant| tenant.file.as_str());
        let named: Vec<&str> = named.chain(dump.map(|_| DUMP)).collect();
        if let Some(file) = named.iter().find(|file| !files.contains(file)) {
            return Some(format!("{file} is not among its files"));
        }
        if let Some(file) = files.iter().find(|file| !named.contains(file)) {
            return Some(format!("{file:?} belongs to nothing in it"));
        }
        let plain = |name: &str| {
            let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
            !name.is_empty() && name.chars().all(allowed)
        };
        let mut tables = self.dump.iter().flat_map(|dump| dump.rows.keys());
        let strange = tables.find(|table| !plain(table));
        strange.map(|table| format!("{table:?} is no table"))
    }

    /// All its bytes.
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// The tenant of this name.
    pub fn tenant(&self, name: &str) -> Option<&Tenant> {
        self.tenants.iter().find(|tenant| tenant.tenant_id == name)
    }
}

#[derive(Deserialize)]
struct Format {
    format: String,
}

fn whole(path: &Path) -> Result<String> {
    if path.exists() && !is_file(path) {
        let message = format!("{} is no file", path.display());
        return Err(Error::new(Kind::Conflict, "backup_damaged", message));
    }
    let mut text = String::new();
    let file = File::open(path).map_err(|error| io("read", path, error))?;
    file.take(LARGEST)
        .read_to_string(&mut text)
        .map_err(|error| io("read", path, error))?;
    Ok(text)
}

/// A file's size and SHA-256; `passed` is told of the bytes as they are read.
pub fn sum(path: &Path, passed: &dyn Fn(u64)) -> Result<(u64, String)> {
    let mut file = File::open(path).map_err(|error| io("read", path, error))?;
    let (mut digest, mut size) = (Context::new(&SHA256), 0);
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let read = file
            .read(&mut buffer)
            .map_err(|error| io("read", path, error))?;
        if read == 0 {
            return Ok((size, hex(digest.finish().as_ref())));
        }
        digest.update(&buffer[..read]);
        size += read as u64;
        passed(read as u64);
    }
}
