//! The directory of backups: its sets, what is known of each, and who works in it.

use super::manifest::Manifest;
use crate::error::{Error, Kind, Result};
use crate::file::{below as files, entries, io, write_private};
use crate::postgres::make_private;
use crate::report::Report;
use chrono::{DateTime, Utc};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a set is called before it is whole.
const PARTIAL: &str = ".partial-";

/// The code of an error: another process works in the directory.
const UNDER_WAY: &str = "backup_under_way";

/// The directory of backups.
#[derive(Clone, Debug)]
pub struct Repository {
    /// Where it is.
    pub dir: PathBuf,
}

/// A set that is there, as far as it can be read.
pub struct Set {
    /// Its directory's name.
    pub name: String,
    /// Its manifest, or what is wrong with it.
    pub manifest: Result<Manifest>,
    /// Its last verification.
    pub verified: Option<Verified>,
}

/// A verification.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Verified {
    /// When.
    pub at: DateTime<Utc>,
    /// Whether it was restored for trial, not only read.
    pub deep: bool,
    /// Whether it holds.
    pub ok: bool,
    /// What was found.
    pub what: String,
    /// How long restoring it took, in seconds, where it was restored.
    pub restore_seconds: Option<f64>,
}

/// Held by whoever makes, verifies, restores or removes sets.
pub struct Lock(#[allow(dead_code, reason = "the lock goes with the file")] File);

/// A set on its way; gone again unless it is finished.
pub struct Partial {
    /// Its directory.
    pub dir: PathBuf,
    finished: bool,
}

impl Repository {
    /// In this directory, which need not be there.
    pub fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// Takes the directory for this process, and makes it if need be. What an interrupted backup left is removed.
    ///
    /// # Errors
    /// It cannot be written to, or another process works in it.
    pub fn lock(&self) -> Result<Lock> {
        make_private(&self.dir)?;
        let path = self.dir.join(".lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| io("write", &path, error))?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            let message = format!(
                "another process makes, verifies or restores a backup in {}: try again when it is done",
                self.dir.display()
            );
            return Err(Error::new(Kind::Conflict, UNDER_WAY, message));
        }
        for entry in entries(&self.dir)? {
            if entry.starts_with(PARTIAL) {
                let path = self.dir.join(entry);
                fs::remove_dir_all(&path).map_err(|error| io("remove", &path, error))?;
            }
        }
        Ok(Lock(file))
    }

    /// Takes the directory as soon as nobody else works in it.
    pub async fn wait(&self, report: &Report) -> Result<Lock> {
        loop {
            match self.lock() {
                Err(error) if error.code() == UNDER_WAY => {
                    report.stage("waiting until another backup is done", 0);
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                result => return result,
            }
        }
    }

    /// The path of a set.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Begins a set of this name.
    pub fn begin(&self, name: &str) -> Result<Partial> {
        let dir = self.dir.join(format!("{PARTIAL}{name}"));
        make_private(&dir)?;
        Ok(Partial {
            dir,
            finished: false,
        })
    }

    /// A name that no set has yet: the guide's, by the instant.
    pub fn free_name(&self, tenant: Option<&str>, at: DateTime<Utc>) -> String {
        let date = at.format("%Y%m%d_%H%M%S");
        let name = match tenant {
            Some(tenant) => format!("agent_memory_{date}_{tenant}"),
            None => format!("agent_memory_{date}"),
        };
        let taken = |name: &str| self.path(name).exists();
        match taken(&name) {
            false => name,
            true => (2..)
                .map(|n| format!("{name}_{n}"))
                .find(|name| !taken(name))
                .unwrap_or(name),
        }
    }

    /// All sets, the newest first; those that cannot be read last.
    pub fn sets(&self) -> Result<Vec<Set>> {
        if !self.dir.exists() {
            return Ok(Vec::new());
        }
        let names = entries(&self.dir)?.into_iter();
        let mut sets: Vec<Set> = names
            .filter(|name| !name.starts_with('.') && self.path(name).is_dir())
            .map(|name| self.set(&name))
            .collect();
        sets.sort_by_key(|set| {
            let at = set
                .manifest
                .as_ref()
                .ok()
                .map(|manifest| manifest.created_at);
            std::cmp::Reverse((at, set.name.clone()))
        });
        Ok(sets)
    }

    /// The set of this name.
    pub fn set(&self, name: &str) -> Set {
        Set {
            manifest: Manifest::read(&self.path(name)),
            verified: self.verified(name),
            name: name.to_owned(),
        }
    }

    /// The set that somebody means: by its name, its id, or the newest of everything.
    ///
    /// # Errors
    /// There is none.
    pub fn find(&self, wanted: &str) -> Result<Set> {
        let sets = self.sets()?;
        let fits = |set: &&Set| match (wanted, &set.manifest) {
            ("newest", Ok(manifest)) => manifest.tenant.is_none(),
            ("newest", Err(_)) => false,
            (wanted, Ok(manifest)) if manifest.backup_id == wanted => true,
            _ => set.name == wanted,
        };
        let name = sets.iter().find(fits).map(|set| set.name.clone());
        name.map(|name| self.set(&name)).ok_or_else(|| {
            let message = format!(
                "there is no backup {wanted:?} in {}; agent-memory backup list names them all",
                self.dir.display()
            );
            Error::not_found(message).field("backup")
        })
    }

    fn verified(&self, name: &str) -> Option<Verified> {
        let text = fs::read_to_string(self.mark(name)).ok()?;
        serde_json::from_str(&text).ok()
    }

    fn mark(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.verified"))
    }

    /// Writes down what a verification found.
    pub fn note(&self, name: &str, verified: &Verified) -> Result<()> {
        let text = serde_json::to_string_pretty(verified).map_err(Error::internal)?;
        write_private(&self.mark(name), &(text + "\n"))
    }

    /// Removes a set: out of sight first, so that no half of it is ever taken for a set.
    pub fn remove(&self, name: &str) -> Result<()> {
        let (path, gone) = (self.path(name), self.dir.join(format!("{PARTIAL}{name}")));
        fs::rename(&path, &gone).map_err(|error| io("remove", &path, error))?;
        let _ = fs::remove_file(self.mark(name));
        fs::remove_dir_all(&gone).map_err(|error| io("remove", &gone, error))
    }
}

impl Partial {
    /// The set is whole: everything is on the disk before it gets its name.
    pub fn finish(mut self, repository: &Repository, name: &str) -> Result<()> {
        let failed = |error| io("write", &self.dir, error);
        for entry in files(&self.dir)? {
            let path = self.dir.join(&entry);
            let synced = File::open(&path).and_then(|file| file.sync_all());
            synced.map_err(|error| io("write", &path, error))?;
        }
        for dir in [self.dir.join("exports"), self.dir.clone()] {
            if dir.is_dir() {
                let synced = File::open(&dir).and_then(|dir| dir.sync_all());
                synced.map_err(failed)?;
            }
        }
        fs::rename(&self.dir, repository.path(name)).map_err(failed)?;
        self.finished = true;
        let synced = File::open(&repository.dir).and_then(|dir| dir.sync_all());
        synced.map_err(|error| io("write", &repository.dir, error))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.finished {
            // What cannot be removed now is removed by whoever takes the lock next.
            let _ = fs::remove_dir_all(&self.dir);
        }
    }
}

/// A set that is not as it was written.
pub fn damaged(directory: &Path, what: &str) -> Error {
    let message = format!("the backup {} is damaged: {what}", directory.display());
    Error::new(Kind::Conflict, "backup_damaged", message)
}
