//! What was changed: the files as they were before, so that they can be made so again to the byte.

use super::{Target, without};
use crate::db::sha256;
use crate::error::{Error, Result};
use crate::file::{io, write_private};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A file before and after.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Change {
    /// The file.
    pub path: PathBuf,
    /// What it was, in base64; none where it was not there.
    pub before: Option<String>,
    /// SHA-256 of what we made of it.
    pub after: String,
}

/// A file's text; none where there is no file.
pub fn read(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io("read", path, error)),
    }
}

fn sum(text: &str) -> String {
    STANDARD.encode(sha256(text.as_bytes()))
}

/// What becomes of a file when it is taken out of: its text, none for no file; and whether that is to the byte what was before us.
pub fn undone(
    target: &Target,
    now: Option<&str>,
    change: Option<&Change>,
) -> Result<(Option<String>, bool)> {
    let Some(now) = now else {
        return Ok((None, true));
    };
    match change.filter(|change| change.after == sum(now)) {
        Some(Change { before: None, .. }) => Ok((None, true)),
        Some(Change {
            before: Some(before),
            ..
        }) => {
            let bytes = STANDARD.decode(before).map_err(Error::internal)?;
            Ok((
                Some(String::from_utf8(bytes).map_err(Error::internal)?),
                true,
            ))
        }
        // Somebody changed it since: ours goes, theirs stays.
        None => Ok((Some(without(target.part, now)?), false)),
    }
}

/// What was changed at an installation.
#[derive(Default, Serialize, Deserialize)]
pub struct Record {
    /// File by file.
    pub changes: Vec<Change>,
}

impl Record {
    /// As it was written down; empty where nothing was.
    pub fn load(path: &Path) -> Result<Self> {
        match read(path)? {
            None => Ok(Self::default()),
            Some(text) => serde_json::from_str(&text).map_err(Error::internal),
        }
    }

    /// What is known of a file.
    pub fn of(&self, path: &Path) -> Option<&Change> {
        self.changes.iter().find(|change| change.path == path)
    }

    /// Notes a change, before it is made. What was there before the first of several stays what was before.
    pub fn note(&mut self, path: &Path, before: Option<&str>, after: &str) {
        let known = self
            .of(path)
            .filter(|known| Some(&known.after) == before.map(sum).as_ref());
        let before = match known {
            Some(known) => known.before.clone(),
            None => before.map(|text| STANDARD.encode(text)),
        };
        self.changes.retain(|change| change.path != path);
        self.changes.push(Change {
            path: path.to_owned(),
            before,
            after: sum(after),
        });
    }

    /// Writes it down, for its owner alone: settings may hold secrets.
    pub fn save(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(Error::internal)?;
        write_private(path, &text)
    }
}

/// Keeps other installations waiting until it is dropped.
pub fn lock(records: &Path) -> Result<fs::File> {
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
    let path = records.with_extension("lock");
    if let Some(parent) = path.parent() {
        let made = fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(parent);
        made.map_err(|error| io("make", parent, error))?;
    }
    let file = fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path);
    let file = file.map_err(|error| io("write", &path, error))?;
    rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive).map_err(Error::internal)?;
    Ok(file)
}

/// Writes a file whole or not at all; one that is there keeps its mode, a link stays one.
pub fn write(path: &Path, text: &str) -> Result<()> {
    use std::io::Write;
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let parent = path
        .parent()
        .ok_or_else(|| Error::invalid("a file has a directory"))?;
    let failed = |error| io("write", &path, error);
    fs::create_dir_all(parent).map_err(failed)?;
    let mode = fs::metadata(&path).map_or(0o644, |there| there.permissions().mode());
    let new = parent.join(format!(".agent-memory-{}.new", std::process::id()));
    let put = || {
        let mut file = fs::OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(mode)
            .open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_data()?;
        fs::rename(&new, &path)
    };
    put().map_err(failed)
}
