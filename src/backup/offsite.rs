//! Sets in another place: an S3-compatible store, or a second directory.

use super::manifest::{MANIFEST, Manifest, SUMS};
use super::repository::Repository;
use super::retention::{self, Decision, Kept};
use crate::audit::hex;
use crate::clock;
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::file::{below as files, io};
use crate::report::Report;
use futures_util::TryStreamExt;
use object_store::aws::AmazonS3Builder;
use object_store::path::Path as Key;
use object_store::{
    BackoffConfig, Certificate, ClientOptions, ObjectStore, ObjectStoreExt, RetryConfig,
    WriteMultipart,
};
use ring::digest::{Context, SHA256};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What a part of an upload holds, in bytes; S3 takes no smaller ones than 5 MiB.
const PART: usize = 8 << 20;
/// How long a request is tried again.
const PATIENCE: Duration = Duration::from_secs(180);

/// Another place for sets.
pub enum Store {
    /// A directory.
    Directory(Repository),
    /// A bucket, and the prefix of our keys in it.
    Bucket(Arc<dyn ObjectStore>, String),
}

impl Store {
    /// The configured place, if there is one.
    ///
    /// # Errors
    /// The settings cannot be used.
    pub fn open(config: &Config) -> Result<Option<Self>> {
        let backup = &config.backup;
        let Some(rest) = backup.offsite.strip_prefix("s3://") else {
            return Ok(match backup.offsite.as_str() {
                "" => None,
                path => Some(Self::Directory(Repository::new(PathBuf::from(path)))),
            });
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        // Somebody may have set one before: any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = ClientOptions::new();
        if !backup.offsite_ca.is_empty() {
            let path = Path::new(&backup.offsite_ca);
            let pem = std::fs::read(path).map_err(|error| io("read", path, error))?;
            for certificate in
                Certificate::from_pem_bundle(&pem).map_err(|error| unusable(&error))?
            {
                client = client.with_root_certificate(certificate);
            }
        }
        let secret = match backup.offsite_secret_file.as_str() {
            "" => backup.offsite_secret.clone(),
            file => std::fs::read_to_string(file)
                .map_err(|error| io("read", Path::new(file), error))?
                .trim()
                .to_owned(),
        };
        let retry = RetryConfig {
            backoff: BackoffConfig::default(),
            max_retries: 10,
            retry_timeout: PATIENCE,
        };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_region(&backup.offsite_region)
            .with_access_key_id(&backup.offsite_key_id)
            .with_secret_access_key(secret)
            .with_client_options(client)
            .with_retry(retry);
        if !backup.offsite_endpoint.is_empty() {
            builder = builder
                .with_allow_http(backup.offsite_endpoint.starts_with("http://"))
                .with_endpoint(&backup.offsite_endpoint);
        }
        let store = builder.build().map_err(|error| unusable(&error))?;
        Ok(Some(Self::Bucket(
            Arc::new(store),
            prefix.trim_matches('/').to_owned(),
        )))
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
            Self::Bucket(store, prefix) => {
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
                    let key = key(prefix, &format!("{}/{name}", manifest.name))?;
                    upload(store, &key, &from.join(&name), report).await?;
                    if read_back(store, &key, report).await? != sha256 {
                        let message = format!("{key} did not arrive as it was sent");
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
            Self::Bucket(store, prefix) => {
                let under = Some(key(prefix, "")?).filter(|key| !key.as_ref().is_empty());
                let listed = store
                    .list_with_delimiter(under.as_ref())
                    .await
                    .map_err(away)?;
                let mut sets = Vec::new();
                for directory in listed.common_prefixes {
                    let bytes = match store.get(&directory.clone().join(MANIFEST)).await {
                        Ok(found) => found.bytes().await.map_err(away)?,
                        Err(object_store::Error::NotFound { .. }) => continue,
                        Err(error) => return Err(away(error)),
                    };
                    sets.extend(serde_json::from_slice::<Manifest>(&bytes));
                }
                Ok(sets)
            }
        }
    }

    /// Removes what the policy keeps no longer. What is there was compared when it arrived: that counts as good, not as proven.
    pub async fn rotate(&self, config: &Config) -> Result<Vec<Decision>> {
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
        let decided = retention::decide(super::job::policy(config), &kept, clock::now());
        for decision in decided
            .iter()
            .filter(|decision| decision.reasons.is_empty())
        {
            self.remove(&decision.name).await?;
        }
        Ok(decided)
    }

    async fn remove(&self, name: &str) -> Result<()> {
        let (store, prefix) = match self {
            Self::Directory(there) => return there.remove(name),
            Self::Bucket(store, prefix) => (store, prefix),
        };
        // The manifest first: what is left of a removal that is cut off is no set.
        let manifest = key(prefix, &format!("{name}/{MANIFEST}"))?;
        store.delete(&manifest).await.map_err(away)?;
        let under = key(prefix, name)?;
        let left: Vec<Key> = store
            .list(Some(&under))
            .map_ok(|found| found.location)
            .try_collect()
            .await
            .map_err(away)?;
        for key in left {
            store.delete(&key).await.map_err(away)?;
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
            Self::Bucket(store, prefix) => {
                report.stage("fetching", manifest.size());
                let partial = repository.begin(name)?;
                let exports = partial.dir.join("exports");
                std::fs::create_dir_all(&exports).map_err(|error| io("make", &exports, error))?;
                let names = manifest.files.iter().map(|file| file.name.as_str());
                for file in names.chain([SUMS, MANIFEST]) {
                    let key = key(prefix, &format!("{name}/{file}"))?;
                    download(store, &key, &partial.dir.join(file), report).await?;
                }
                partial.finish(repository, name)
            }
        }
    }
}

fn key(prefix: &str, name: &str) -> Result<Key> {
    let whole = format!("{prefix}/{name}");
    Key::parse(whole.trim_matches('/')).map_err(|error| {
        Error::invalid(format!("{whole} is no key of a store: {error}")).field("backup.offsite")
    })
}

async fn upload(
    store: &Arc<dyn ObjectStore>,
    key: &Key,
    file: &Path,
    report: &Report,
) -> Result<()> {
    let upload = store.put_multipart(key).await.map_err(away)?;
    let mut writer = WriteMultipart::new_with_chunk_size(upload, PART);
    let mut file = std::fs::File::open(file).map_err(|error| io("read", file, error))?;
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let read = file.read(&mut buffer).map_err(Error::internal)?;
        if read == 0 {
            break;
        }
        // Two parts on the way at most.
        writer.wait_for_capacity(2).await.map_err(away)?;
        writer.write(&buffer[..read]);
        report.advance(read as u64);
    }
    writer.finish().await.map_err(away)?;
    Ok(())
}

async fn read_back(store: &Arc<dyn ObjectStore>, key: &Key, report: &Report) -> Result<String> {
    let mut digest = Context::new(&SHA256);
    let mut pieces = store.get(key).await.map_err(away)?.into_stream();
    while let Some(piece) = pieces.try_next().await.map_err(away)? {
        digest.update(&piece);
        report.advance(piece.len() as u64);
    }
    Ok(hex(digest.finish().as_ref()))
}

async fn download(
    store: &Arc<dyn ObjectStore>,
    key: &Key,
    into: &Path,
    report: &Report,
) -> Result<()> {
    use std::io::Write;
    let failed = |error| io("write", into, error);
    let mut file = std::fs::File::create(into).map_err(failed)?;
    let mut pieces = store.get(key).await.map_err(away)?.into_stream();
    while let Some(piece) = pieces.try_next().await.map_err(away)? {
        file.write_all(&piece).map_err(failed)?;
        report.advance(piece.len() as u64);
    }
    Ok(())
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

fn unusable(error: &object_store::Error) -> Error {
    let message = format!("the off-site store's settings cannot be used: {error}");
    Error::invalid(message).field("backup.offsite")
}

fn away(error: object_store::Error) -> Error {
    let message = format!("the off-site store does not answer as it should: {error}");
    Error::new(Kind::Unavailable, "offsite_unavailable", message).source(error)
}
