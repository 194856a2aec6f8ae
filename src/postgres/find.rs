//! Finds PostgreSQL's programs.

use super::paths::Paths;
use crate::config::{Embedded, for_children};
use crate::error::{Error, Kind, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest major version that works, and the one preferred for a new cluster.
pub const MAJOR: u32 = 15;

/// PostgreSQL's programs.
#[derive(Clone, Debug)]
pub struct Binaries {
    /// The directory they are in.
    pub dir: PathBuf,
    /// `15.18`
    pub version: String,
    /// `15`
    pub major: u32,
    /// Where they were found, for people.
    pub source: &'static str,
}

impl Binaries {
    /// One of the programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// The first that works of: the configured directory, what is unpacked under the data directory, a system's install. An existing
/// cluster needs its own major version.
pub fn find(config: &Embedded, paths: &Paths, cluster: Option<u32>) -> Result<Option<Binaries>> {
    if !config.bin_dir.is_empty() {
        let dir = PathBuf::from(&config.bin_dir);
        let found = probe(&dir, "configured directory").filter(|found| fits(found, cluster));
        return match found {
            Some(found) => Ok(Some(found)),
            None => {
                let wanted =
                    cluster.map_or_else(|| format!("{MAJOR} or newer"), |major| major.to_string());
                let message = format!(
                    "{} holds no PostgreSQL {wanted} that runs (AGENT_MEMORY_PG_BIN)",
                    dir.display()
                );
                Err(Error::new(Kind::Unavailable, "postgres_missing", message))
            }
        };
    }
    let mut found: Vec<Binaries> = Vec::new();
    for (base, source) in [
        (paths.programs.as_path(), "unpacked"),
        (Path::new("/usr/lib/postgresql"), "system"),
    ] {
        let entries = fs::read_dir(base).into_iter().flatten().flatten();
        found.extend(entries.filter_map(|entry| probe(&entry.path().join("bin"), source)));
    }
    let elsewhere = on_path().filter(|dir| !found.iter().any(|there| there.dir == *dir));
    found.extend(elsewhere.and_then(|dir| probe(&dir, "on PATH")));
    Ok(best(found, cluster))
}

/// Our preferred version where it is there, else the newest; what is unpacked wins over the system's.
fn best(found: Vec<Binaries>, cluster: Option<u32>) -> Option<Binaries> {
    let rank = |b: &Binaries| (b.major == MAJOR, b.source == "unpacked", b.major);
    found
        .into_iter()
        .filter(|found| fits(found, cluster))
        .max_by_key(rank)
}

fn fits(found: &Binaries, cluster: Option<u32>) -> bool {
    cluster.map_or(found.major >= MAJOR, |major| found.major == major)
}

/// What a directory holds: `postgres -V` has to run, and initdb to be there.
pub fn probe(dir: &Path, source: &'static str) -> Option<Binaries> {
    // A bundle's bin is a link into its tree; what belongs to the programs lies around where they really are.
    let dir = &fs::canonicalize(dir).ok()?;
    if !dir.join("initdb").is_file() {
        return None;
    }
    let (version, major) = version(&dir.join("postgres"))?;
    Some(Binaries {
        dir: dir.clone(),
        version,
        major,
        source,
    })
}

/// The version that one of PostgreSQL's programs says it has, and its major one: `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`;
/// none when it does not run.
pub fn version(program: &Path) -> Option<(String, u32)> {
    let output = Command::new(program)
        .arg("-V")
        .env_clear()
        .envs(for_children(program))
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let version = text.split_whitespace().nth(2)?;
    let major = version.split(|c: char| !c.is_ascii_digit()).next()?;
    Some((version.to_owned(), major.parse().ok()?))
}

fn on_path() -> Option<PathBuf> {
    let output = Command::new("pg_config")
        .arg("--bindir")
        .env_clear()
        .envs(for_children(Path::new("pg_config")))
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(text.trim())).filter(|dir| dir.is_dir())
}

#[cfg(test)]
mod tests {
    use super::{Binaries, best};

    #[test]
    fn an_existing_cluster_decides_and_15_is_preferred() {
        let binaries = |major: u32, source| Binaries {
            dir: "x".into(),
            version: format!("{major}.1"),
            major,
            source,
        };
        let all = || {
            vec![
                binaries(14, "system"),
                binaries(15, "system"),
                binaries(17, "system"),
                binaries(17, "unpacked"),
            ]
        };
        assert_eq!(best(all(), None).map(|found| found.major), Some(15));
        assert_eq!(
            best(all(), Some(17)).map(|found| found.source),
            Some("unpacked")
        );
        assert!(best(all(), Some(16)).is_none());
        assert!(best(vec![binaries(14, "system")], None).is_none());
    }
}
