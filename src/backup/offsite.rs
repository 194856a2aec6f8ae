//! Sets in another place: an S3-compatible store, or a second directory.

use super::bucket::Bucket;
use super::manifest::{MANIFEST, Manifest, SUMS};
use super::repository::Repository;
use super::retention::{self, Decision, Kept};
use crate::clock;
use crate::config::{Backup, Config};
use crate::db::hex;
use crate::error::{Error, Kind, Result};
use crate::file::{below as files, io};
use crate::report::Report;
use ring::digest::{Context, SHA256};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Another place for sets.
pub enum Store {
    /// A directory.
    Directory(Repository),
    /// A bucket of an S3-compatible store.
    Bucket(Box<Bucket>),
}

/// Refuses settings that name no place.
pub fn check(settings: &Backup) -> Result<()> {
    match settings.offsite.strip_prefix("s3://") {
        Some(place) => Bucket::check(settings, place),
        None if settings.offsite.is_empty() || settings.offsite.starts_with('/') => Ok(()),
        None => {
            let message = format!(
                "backup.offsite (BACKUP_OFFSITE) = {:?}: s3://BUCKET/PREFIX, or a directory by its path from the root",
                settings.offsite
            );
            Err(Error::invalid(message).field("backup.offsite"))
        }
    }
}

impl Store {
    /// The configured place, if there is one.
    ///
    /// # Errors
    /// The settings cannot be used.
    pub fn open(config: &Config) -> Result<Option<Self>> {
        let place = config.backup.offsite.as_str();
        Ok(match place.strip_prefix("s3://") {
            Some(place) => Some(Self::Bucket(Box::new(Bucket::open(&config.backup, place)?))),
            None if place.is_empty() => None,
            None => Some(Self::Directory(Repository::new(PathBuf::from(place)))),
        })
    }

    /// Puts a set there; what arrived is read back and compared. The manifest is last: what has none is no set.
    pub async fn put(
        &self,
        repository: &Repository,
        manifest: &Manifest,
        report: &Report,
    ) -> Result<()> {
        let from = repository.path(&manifest.name);
        match self {
            Self::Directory(there) => {
                let (there, from, manifest) = (there.clone(), from, manifest.clone());
                report.stage(
                    format!("copying to {}", there.dir.display()),
                    manifest.size(),
                );
                let report = report.clone();
                let copying = tokio::task::spawn_blocking(move || {
                    let _lock = there.lock()?;
                    copy(&there, &from, &manifest, &report)
                });
                copying.await.map_err(Error::internal)?
            }
            Self::Bucket(bucket) => {
                report.stage("copying to the store", 2 * manifest.size());
                let sums = manifest
                    .files
                    .iter()
                    .map(|file| (file.name.clone(), file.sha256.clone()));
                let mut all: Vec<(String, String)> = sums.collect();
                for name in [SUMS, MANIFEST] {
                    let (_, sha256) = super::manifest::sum(&from.join(name), &|_| ())?;
                    all.push((name.to_owned(), sha256));
                }
                for (name, sha256) in all {
                    let there = format!("{}/{name}", manifest.name);
                    let advance = |bytes| report.advance(bytes);
                    bucket.put(&there, &from.join(&name), advance).await?;
                    if sum(bucket, &there, report).await? != sha256 {
                        let message = format!("{there} did not arrive as it was sent");
                        return Err(Error::new(Kind::Unavailable, "offsite_differs", message));
                    }
                }
                Ok(())
            }
        }
    }

    /// The sets that are there: names with the manifests.
    pub async fn sets(&self) -> Result<Vec<Manifest>> {
        match self {
            Self::Directory(there) => {
                let sets = there.sets()?.into_iter();
                Ok(sets.filter_map(|set| set.manifest.ok()).collect())
            }
            Self::Bucket(bucket) => {
                let mut sets = Vec::new();
                for directory in bucket.directories().await? {
                    let mut bytes = Vec::new();
                    let keep = |piece: &[u8]| {
                        bytes.extend_from_slice(piece);
                        Ok(())
                    };
                    match bucket.read(&format!("{directory}/{MANIFEST}"), keep).await {
                        Ok(()) => sets.extend(serde_json::from_slice::<Manifest>(&bytes)),
                        Err(error) if error.kind() == Kind::NotFound => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok(sets)
            }
        }
    }

    /// Removes what the policy keeps no longer, and what is not kept `here` either. What is there was compared when it arrived: that
    /// counts as good, not as proven.
    pub async fn rotate(&self, config: &Config, here: &[String]) -> Result<Vec<Decision>> {
        let kept: Vec<Kept> = self
            .sets()
            .await?
            .into_iter()
            .filter(|manifest| manifest.tenant.is_none())
            .map(|manifest| Kept {
                name: manifest.name,
                at: manifest.created_at,
                good: true,
                proven: false,
            })
            .collect();
        let mut decided = retention::decide(super::job::policy(config), &kept, clock::now());
        decided.retain(|decision| !here.contains(&decision.name));
        for decision in decided
            .iter()
            .filter(|decision| decision.reasons.is_empty())
        {
            self.remove(&decision.name).await?;
            log::info!("the backup {} is over and gone off-site", decision.name);
        }
        Ok(decided)
    }

    async fn remove(&self, name: &str) -> Result<()> {
        let bucket = match self {
            Self::Directory(there) => return there.remove(name),
            Self::Bucket(bucket) => bucket,
        };
        // The manifest first: what is left of a removal that is cut off is no set.
        bucket.delete(&format!("{name}/{MANIFEST}")).await?;
        for left in bucket.names(name).await? {
            bucket.delete(&left).await?;
        }
        Ok(())
    }

    /// Brings a set back into the directory of backups; its bytes are verified by whoever uses it.
    pub async fn fetch(&self, repository: &Repository, name: &str, report: &Report) -> Result<()> {
        let sets = self.sets().await?;
        let Some(manifest) = sets.iter().find(|manifest| manifest.name == name) else {
            let message = format!(
                "no backup {name:?} is there; agent-memory backup list --offsite names them all"
            );
            return Err(Error::not_found(message).field("backup"));
        };
        if repository.path(name).exists() {
            let message = format!("{name} is here already");
            return Err(Error::new(Kind::Conflict, "backup_there", message).field("backup"));
        }
        match self {
            Self::Directory(there) => {
                report.stage("copying", manifest.size());
                copy(repository, &there.path(name), manifest, report)
            }
            Self::Bucket(bucket) => {
                report.stage("fetching", manifest.size());
                let partial = repository.begin(name)?;
                let exports = partial.dir.join("exports");
                std::fs::create_dir_all(&exports).map_err(|error| io("make", &exports, error))?;
                let names = manifest.files.iter().map(|file| file.name.as_str());
                for file in names.chain([SUMS, MANIFEST]) {
                    let into = partial.dir.join(file);
                    download(bucket, &format!("{name}/{file}"), &into, report).await?;
                }
                partial.finish(repository, name)
            }
        }
    }
}

/// The SHA-256 of what is kept there under a name, in hexadecimal digits.
async fn sum(bucket: &Bucket, name: &str, report: &Report) -> Result<String> {
    let mut digest = Context::new(&SHA256);
    let add = |piece: &[u8]| {
        digest.update(piece);
        report.advance(piece.len() as u64);
        Ok(())
    };
    bucket.read(name, add).await?;
    Ok(hex(digest.finish().as_ref()))
}

async fn download(bucket: &Bucket, name: &str, into: &Path, report: &Report) -> Result<()> {
    let failed = |error| io("write", into, error);
    let mut file = std::fs::File::create(into).map_err(failed)?;
    let write = |piece: &[u8]| {
        report.advance(piece.len() as u64);
        file.write_all(piece).map_err(failed)
    };
    bucket.read(name, write).await
}

/// Copies a set into another directory, and compares what arrived.
fn copy(there: &Repository, from: &Path, manifest: &Manifest, report: &Report) -> Result<()> {
    let partial = there.begin(&manifest.name)?;
    for name in files(from)? {
        let (from, into) = (from.join(&name), partial.dir.join(&name));
        if let Some(parent) = into.parent() {
            std::fs::create_dir_all(parent).map_err(|error| io("make", parent, error))?;
        }
        let copied = std::fs::copy(&from, &into).map_err(|error| io("write", &into, error))?;
        report.advance(copied);
        let expected = super::manifest::sum(&from, &|_| ())?;
        if super::manifest::sum(&into, &|_| ())? != expected {
            let message = format!("{} did not arrive as it was sent", into.display());
            return Err(Error::new(Kind::Unavailable, "offsite_differs", message));
        }
    }
    partial.finish(there, &manifest.name)
}
