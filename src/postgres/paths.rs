//! Where things are in the data directory.

use crate::db::sha256;
use crate::error::{Error, Kind, Result};
pub use crate::file::{io, write_private};
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The longest path of a socket (sun_path holds 108 bytes with the closing NUL, unix(7)).
const SOCKET_PATH: usize = 107;
/// The file that PostgreSQL makes in its socket directory.
const SOCKET_NAME: &str = ".s.PGSQL.5432";

/// The parts of a data directory.
#[derive(Clone, Debug)]
pub struct Paths {
    /// The data directory itself.
    pub home: PathBuf,
    /// PostgreSQL's cluster.
    pub cluster: PathBuf,
    /// Where PostgreSQL's programs are unpacked to, a directory a version.
    pub programs: PathBuf,
    /// The directory of PostgreSQL's socket.
    pub socket: PathBuf,
    /// The passwords of our roles, in libpq's passfile format.
    pub passfile: PathBuf,
    /// Who holds the data directory.
    pub lock: PathBuf,
}

/// Held as long as this process uses the data directory.
pub struct Lock(#[allow(dead_code, reason = "the lock goes with the file")] File);

impl Paths {
    /// The parts of `home`; nothing is created.
    pub fn new(home: &Path) -> Self {
        Self {
            home: home.to_owned(),
            cluster: home.join("postgres"),
            programs: home.join("programs"),
            socket: socket_dir(home),
            passfile: home.join("pgpass"),
            lock: home.join("lock"),
        }
    }

    /// Makes the directories that are missing, for this user alone; leaves a foreign one alone.
    pub fn prepare(&self) -> Result<()> {
        for directory in [&self.home, &self.socket] {
            make_private(directory)?;
            let metadata = fs::metadata(directory).map_err(|error| io("read", directory, error))?;
            let me = rustix::process::geteuid();
            if metadata.uid() != me.as_raw() {
                let message = format!(
                    "{} belongs to another user (uid {}, this is {}): run as that user, or choose another directory with --data-dir",
                    directory.display(),
                    metadata.uid(),
                    me.as_raw()
                );
                return Err(Error::new(Kind::Conflict, "foreign_directory", message));
            }
        }
        if self.socket != self.home.join("run")
            && fs::metadata(&self.socket).is_ok_and(|m| m.mode() & 0o077 != 0)
        {
            let message = format!(
                "{} can be entered by others: remove it",
                self.socket.display()
            );
            return Err(Error::new(Kind::Conflict, "open_directory", message));
        }
        Ok(())
    }

    /// Takes the data directory for this process; a conflict names who has it.
    pub fn lock(&self) -> Result<Lock> {
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&self.lock);
        let mut file = file.map_err(|error| io("open", &self.lock, error))?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder);
            let message = format!(
                "another agent-memory (process {}) uses {}: stop it, or choose another directory with --data-dir",
                holder.trim(),
                self.home.display()
            );
            return Err(Error::new(Kind::Conflict, "data_dir_in_use", message));
        }
        let written = file
            .set_len(0)
            .and_then(|()| file.write_all(std::process::id().to_string().as_bytes()));
        written.map_err(|error| io("write", &self.lock, error))?;
        Ok(Lock(file))
    }
}

/// The socket directory: in the data directory where the path is short enough, else in $XDG_RUNTIME_DIR, else in the temporary
/// directory under a name that only this data directory has.
fn socket_dir(home: &Path) -> PathBuf {
    let fits =
        |directory: &Path| directory.as_os_str().len() + 1 + SOCKET_NAME.len() <= SOCKET_PATH;
    let inside = home.join("run");
    if fits(&inside) {
        return inside;
    }
    let digest = sha256(home.as_os_str().as_encoded_bytes());
    let name: String = digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let runtime = PathBuf::from(format!("/run/user/{}", rustix::process::geteuid().as_raw()));
    let base = if runtime.is_dir() {
        runtime
    } else {
        std::env::temp_dir()
    };
    base.join(format!("agent-memory-{name}"))
}

/// Makes a directory that only this user can enter; one that is there stays as it is, and what leads to it is as usual.
pub fn make_private(directory: &Path) -> Result<()> {
    let parent = directory.parent().map_or(Ok(()), fs::create_dir_all);
    let made = parent.and_then(|()| {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
    });
    made.map_err(|error| io("make", directory, error))
}
