//! pg_dump, pg_restore and psql, as processes.

use crate::config::{Config, for_children};
use crate::db::Target;
use crate::error::{Error, Kind, Result};
use crate::postgres::{Paths, version};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tempfile::NamedTempFile;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};

/// What is read of a program's output at once, in bytes.
pub const PIECE: usize = 256 * 1024;

/// Where PostgreSQL's programs for backups are.
#[derive(Clone, Debug)]
pub struct Programs {
    dir: PathBuf,
}

/// A program that runs, and the file with its password.
pub struct Running {
    name: &'static str,
    /// The process; it ends with this value.
    pub child: Child,
    errors: tokio::task::JoinHandle<String>,
    _password: NamedTempFile,
}

impl Programs {
    /// Programs that can dump and restore a server of this major version: its own where they are here, else newer ones.
    ///
    /// # Errors
    /// There are none, or they are older than the server.
    pub fn find(config: &Config, server: u32) -> Result<Self> {
        let mut newest = None;
        let mut fitting: Option<(u32, PathBuf)> = None;
        for dir in directories(config) {
            let Some(major) = major(&dir) else { continue };
            newest = newest.max(Some(major));
            if major >= server && fitting.as_ref().is_none_or(|(known, _)| major < *known) {
                fitting = Some((major, dir));
            }
        }
        let what = match (fitting, newest) {
            (Some((_, dir)), _) => return Ok(Self { dir }),
            (None, Some(newest)) => {
                format!("pg_dump {newest} is older than the server, PostgreSQL {server}")
            }
            (None, None) => "PostgreSQL's pg_dump and pg_restore are not here".to_owned(),
        };
        let message = format!(
            "{what}; install them: apt-get install postgresql-client-{server}, or set AGENT_MEMORY_PG_BIN"
        );
        Err(Error::new(Kind::Unavailable, "pg_dump_missing", message))
    }

    /// Starts one of them on a database.
    pub fn start(
        &self,
        name: &'static str,
        target: &Target,
        arguments: &[&str],
        input: Stdio,
        output: Stdio,
    ) -> Result<Running> {
        let password = passfile(target)?;
        let program = self.dir.join(name);
        let mut command = Command::new(&program);
        command
            .args(arguments)
            .env_clear()
            .envs(for_children(&program))
            .envs(target.variables())
            .env("PGPASSFILE", password.path())
            .env("PGCONNECT_TIMEOUT", "10")
            .env("PGAPPNAME", "agent-memory backup")
            // A pooler refuses this: what it lends is not one session, and what these programs set would stay with another client.
            .env("PGOPTIONS", "-c client_min_messages=warning")
            .stdin(input)
            .stdout(output)
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| {
            let message = format!("{} cannot be run: {error}", program.display());
            Error::new(Kind::Unavailable, "pg_dump_missing", message).source(error)
        })?;
        let stderr = child.stderr.take();
        let errors = tokio::spawn(async move {
            let mut text = Vec::new();
            if let Some(stderr) = stderr {
                // The first of many errors says what is wrong.
                let _ = stderr.take(64 * 1024).read_to_end(&mut text).await;
            }
            String::from_utf8_lossy(&text).into_owned()
        });
        Ok(Running {
            name,
            child,
            errors,
            _password: password,
        })
    }
}

/// Where PostgreSQL's programs may be; a client's package has no server, and is enough.
fn directories(config: &Config) -> Vec<PathBuf> {
    if !config.embedded.bin_dir.is_empty() {
        return vec![PathBuf::from(&config.embedded.bin_dir)];
    }
    let programs = Paths::new(config.data_dir()).programs;
    let mut all = Vec::new();
    for base in [programs.as_path(), Path::new("/usr/lib/postgresql")] {
        let entries = std::fs::read_dir(base).into_iter().flatten().flatten();
        all.extend(entries.map(|entry| entry.path().join("bin")));
    }
    all.extend(std::env::split_paths(
        &std::env::var_os("PATH").unwrap_or_default(),
    ));
    all
}

/// The major version of the pg_dump in a directory.
fn major(dir: &Path) -> Option<u32> {
    let program = dir.join("pg_dump");
    if !program.is_file() || !dir.join("pg_restore").is_file() {
        return None;
    }
    version(&program).map(|(_, major)| major)
}

impl Running {
    /// The next of what it writes; nothing at its end.
    pub async fn next<'a>(&mut self, buffer: &'a mut [u8]) -> Result<&'a [u8]> {
        let read = match &mut self.child.stdout {
            Some(stdout) => stdout.read(buffer).await.map_err(Error::internal)?,
            None => 0,
        };
        Ok(&buffer[..read])
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// It failed: the last thing it said.
    pub async fn end(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        let status = self.child.wait().await.map_err(Error::internal)?;
        let said = self.errors.await.unwrap_or_default();
        if status.success() {
            return Ok(());
        }
        // Lines of a memory may follow an error's first (DETAIL, CONTEXT): they are not told.
        let said = said
            .lines()
            .filter(|line| {
                line.contains("error") || line.contains("ERROR") || line.contains("FATAL")
            })
            .map(|line| line.chars().take(300).collect::<String>())
            .next()
            .unwrap_or_else(|| status.to_string());
        let message = format!("{} failed: {said}", self.name);
        Err(Error::new(Kind::Unavailable, "program_failed", message))
    }
}

/// The target's password in a file of libpq's form, for this user alone: an environment could be read by others' tools.
fn passfile(target: &Target) -> Result<NamedTempFile> {
    use std::io::Write;
    let escaped = |text: &str| text.replace('\\', "\\\\").replace(':', "\\:");
    let password = target.password()?;
    let mut file = NamedTempFile::new().map_err(Error::internal)?;
    if !password.is_empty() {
        writeln!(
            file,
            "*:*:*:{}:{}",
            escaped(target.user()),
            escaped(&password)
        )
        .map_err(Error::internal)?;
    }
    Ok(file)
}
