//! How the embedded PostgreSQL is initialised and started: safe on disk, reachable by this user alone.

use super::find::Binaries;
use super::paths::{Paths, io};
use super::{memory, run_as};
use crate::config::for_children;
use crate::error::{Error, Kind, Result};
use std::path::Path;
use std::process::Command;

/// The superuser that initdb makes.
pub const SUPERUSER: &str = "postgres";
/// The database's owner: migrations and maintenance.
pub const OWNER: &str = "agent_memory_owner";
/// The application's role, under the guide's name.
pub const APPLICATION: &str = "agent_memory_user";
/// The database, under the guide's name.
pub const DATABASE: &str = "agent_memory";

/// Who may connect: our roles, over the socket, with a password.
const HBA: &str = "# written by agent-memory\nlocal all all scram-sha-256\n";

/// How directories begin in which a cluster is made.
const SCRATCH: &str = "postgres.new.";

/// Removes what interrupted first starts left; it never held data. What cannot be removed yet is left to the next start.
pub fn tidy(paths: &Paths) {
    let entries = std::fs::read_dir(&paths.home)
        .into_iter()
        .flatten()
        .flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(SCRATCH)) {
        if let Err(error) = std::fs::remove_dir_all(entry.path()) {
            log::debug!("{} is still there: {error}", entry.path().display());
        }
    }
}

/// Makes a cluster in a directory beside its place and moves it there when it is whole.
pub fn initialise(binaries: &Binaries, paths: &Paths, superuser_password: &str) -> Result<()> {
    // A new name each time: an initdb that was left behind by a killed start may still be writing under the last one.
    let private = tempfile::Builder::new()
        .prefix(SCRATCH)
        .tempdir_in(&paths.home)
        .map_err(|error| io("make a directory in", &paths.home, error))?;
    let scratch = private.path().join("cluster");
    let password_file = private.path().join("password");
    super::paths::write_private(&password_file, superuser_password)?;
    let initdb = binaries.program("initdb");
    let output = Command::new(&initdb)
        .args([
            "--username",
            SUPERUSER,
            "--auth",
            "scram-sha-256",
            "--encoding",
            "UTF8",
            "--locale",
            "C.UTF-8",
        ])
        .args(["--data-checksums", "--no-sync", "--no-instructions"])
        .arg("--pwfile")
        .arg(&password_file)
        .arg("--pgdata")
        .arg(&scratch)
        .env_clear()
        .envs(for_children(&initdb))
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC0")
        .envs(pretended_user(binaries, private.path())?)
        .output();
    let output = output.map_err(|error| io("run", &initdb, error))?;
    if !output.status.success() {
        let cause = String::from_utf8_lossy(&output.stderr)
            .trim()
            .replace('\n', " ");
        return Err(Error::new(
            Kind::Unavailable,
            "initdb_failed",
            format!("initdb failed: {cause}"),
        ));
    }
    std::fs::write(scratch.join("pg_hba.conf"), HBA)
        .map_err(|error| io("write", &scratch, error))?;
    // initdb's own sync walks file by file; one call for the file system does the same in a fraction of the time.
    let directory = std::fs::File::open(&scratch).map_err(|error| io("open", &scratch, error))?;
    rustix::fs::syncfs(&directory).map_err(|error| io("sync", &scratch, error.into()))?;
    std::fs::rename(&scratch, &paths.cluster).map_err(|error| io("make", &paths.cluster, error))?;
    let home = std::fs::File::open(&paths.home).map_err(|error| io("open", &paths.home, error))?;
    home.sync_all()
        .map_err(|error| io("sync", &paths.home, error))
}

/// initdb wants a name for its user. Where the system knows none (a container's arbitrary uid), the library that came with the programs
/// answers in its stead; what initdb makes does not depend on the name.
fn pretended_user(
    binaries: &Binaries,
    private: &Path,
) -> Result<Vec<(&'static str, std::path::PathBuf)>> {
    let (uid, gid) = (rustix::process::getuid(), rustix::process::getgid());
    let library = binaries.dir.join("../../../needed/libnss_wrapper.so");
    if run_as::is_known(uid.as_raw()) || !library.is_file() {
        return Ok(Vec::new());
    }
    let (passwd, group) = (private.join("passwd"), private.join("group"));
    let entry = format!(
        "agentmemory:x:{}:{}::/:/bin/sh\n",
        uid.as_raw(),
        gid.as_raw()
    );
    super::paths::write_private(&passwd, &entry)?;
    super::paths::write_private(&group, &format!("agentmemory:x:{}:\n", gid.as_raw()))?;
    Ok(vec![
        ("LD_PRELOAD", library),
        ("NSS_WRAPPER_PASSWD", passwd),
        ("NSS_WRAPPER_GROUP", group),
    ])
}

/// The major version of an existing cluster.
pub fn cluster_major(cluster: &Path) -> Result<Option<u32>> {
    let file = cluster.join("PG_VERSION");
    if !file.is_file() {
        let occupied = std::fs::read_dir(cluster).is_ok_and(|mut entries| entries.next().is_some());
        if occupied {
            let message = format!(
                "{} is no PostgreSQL cluster and not empty: it is left alone",
                cluster.display()
            );
            return Err(Error::new(Kind::Conflict, "foreign_directory", message));
        }
        return Ok(None);
    }
    let text = std::fs::read_to_string(&file).map_err(|error| io("read", &file, error))?;
    let major = text.trim().parse().map_err(|_| {
        Error::new(
            Kind::Conflict,
            "foreign_directory",
            "PG_VERSION cannot be read",
        )
    })?;
    Ok(Some(major))
}

/// The server's command line. fsync, full_page_writes and synchronous_commit stay on, as PostgreSQL has them.
pub fn arguments(
    binaries: &Binaries,
    paths: &Paths,
    connections: u32,
    wal_mib: u64,
) -> Vec<String> {
    let mut settings = vec![
        ("listen_addresses", String::new()),
        (
            "unix_socket_directories",
            paths.socket.display().to_string(),
        ),
        ("unix_socket_permissions", "0700".to_owned()),
        ("port", "5432".to_owned()),
        ("max_connections", connections.to_string()),
        (
            "shared_buffers",
            format!("{}MB", memory::shared_buffers(memory::available())),
        ),
        ("password_encryption", "scram-sha-256".to_owned()),
        ("recovery_init_sync_method", "syncfs".to_owned()),
        ("max_wal_size", format!("{wal_mib}MB")),
        ("checkpoint_timeout", "10min".to_owned()),
        ("logging_collector", "off".to_owned()),
        ("log_destination", "stderr".to_owned()),
        ("log_line_prefix", String::new()),
        ("log_checkpoints", "off".to_owned()),
        // Statements and their parameters are memories: an error's statement stays out of the log.
        ("log_min_error_statement", "panic".to_owned()),
        ("log_parameter_max_length_on_error", "0".to_owned()),
        ("log_error_verbosity", "terse".to_owned()),
        ("cluster_name", "agent-memory".to_owned()),
        // In POSIX's form, which needs no files of time zones.
        ("timezone", "UTC0".to_owned()),
        ("jit", "off".to_owned()),
    ];
    if has_library(binaries, "pg_stat_statements.so") {
        settings.push(("shared_preload_libraries", "pg_stat_statements".to_owned()));
    }
    let mut arguments = vec!["-D".to_owned(), paths.cluster.display().to_string()];
    for (name, value) in settings {
        arguments.push("-c".to_owned());
        arguments.push(format!("{name}={value}"));
    }
    arguments
}

/// Whether an extension's library came with the programs.
pub fn has_library(binaries: &Binaries, name: &str) -> bool {
    let Some(root) = binaries.dir.parent() else {
        return false;
    };
    ["lib", "lib/postgresql"]
        .iter()
        .any(|lib| root.join(lib).join(name).is_file())
}
