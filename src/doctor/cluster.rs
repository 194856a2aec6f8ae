//! Checks of the embedded cluster's files: what they say when the server does not start.

use super::Finding;
use crate::config::Config;
use crate::postgres::{Paths, cluster_major, find};
use rustix::process::{Pid, test_kill_process};
use std::os::unix::fs::MetadataExt;

/// The size of PostgreSQL's control file (PG_CONTROL_FILE_SIZE, catalog/pg_control.h).
const CONTROL_FILE: u64 = 8192;

/// All of them; a failure here says why the database does not open.
pub fn cluster(config: &Config) -> Vec<Finding> {
    let paths = Paths::new(config.data_dir());
    let mut found = Vec::new();
    found.extend(owner(&paths));
    if !paths.cluster.exists() {
        return found;
    }
    found.extend(mode(&paths));
    found.extend(major(config, &paths));
    found.extend(control_file(&paths));
    found.extend(process(&paths));
    if found.is_empty() {
        found.push(Finding::ok(
            "cluster",
            format!("{} is as it should be", paths.cluster.display()),
        ));
    }
    found
}

fn owner(paths: &Paths) -> Option<Finding> {
    let me = rustix::process::geteuid().as_raw();
    [&paths.home, &paths.cluster].into_iter().find_map(|dir| {
        let uid = std::fs::metadata(dir).ok()?.uid();
        (uid != me).then(|| {
            let said = format!("{} belongs to the user {uid}, this is {me}", dir.display());
            let mend = format!(
                "run as that user (--run-as), or: chown -R {me} {}",
                paths.home.display()
            );
            Finding::fail("foreign_owner", said, mend)
        })
    })
}

fn mode(paths: &Paths) -> Option<Finding> {
    let mode = std::fs::metadata(&paths.cluster).ok()?.mode() & 0o777;
    (mode & 0o027 != 0).then(|| {
        let said = format!(
            "{} can be entered by others (mode {mode:o}): PostgreSQL does not start on it",
            paths.cluster.display()
        );
        Finding::fail(
            "cluster_mode",
            said,
            format!("chmod 700 {}", paths.cluster.display()),
        )
    })
}

fn major(config: &Config, paths: &Paths) -> Option<Finding> {
    let wanted = match cluster_major(&paths.cluster) {
        Ok(wanted) => wanted?,
        Err(error) => {
            let mend = format!(
                "move {} away and agent-memory backup restore newest",
                paths.cluster.display()
            );
            return Some(Finding::fail("cluster_damaged", error.to_string(), mend));
        }
    };
    match find(&config.embedded, paths, Some(wanted)) {
        Ok(Some(_)) => None,
        Ok(None) | Err(_) => Some(Finding::fail(
            "other_major",
            format!("the cluster is of PostgreSQL {wanted}, whose programs are not here"),
            format!(
                "apt-get install postgresql-{wanted}, or set AGENT_MEMORY_PG_BIN to where they are"
            ),
        )),
    }
}

fn control_file(paths: &Paths) -> Option<Finding> {
    let file = paths.cluster.join("global/pg_control");
    let size = std::fs::metadata(&file).map_or(0, |about| about.len());
    (size != CONTROL_FILE).then(|| {
        let said = format!(
            "{} has {size} bytes instead of {CONTROL_FILE}: the cluster is damaged",
            file.display()
        );
        let mend = format!(
            "mv {} {}.damaged && agent-memory backup restore newest",
            paths.cluster.display(),
            paths.cluster.display()
        );
        Finding::fail("control_file", said, mend)
    })
}

/// What postmaster.pid says, while no agent-memory looks after the cluster.
fn process(paths: &Paths) -> Option<Finding> {
    if paths
        .lock()
        .is_err_and(|error| error.code() == "data_dir_in_use")
    {
        return None;
    }
    let file = paths.cluster.join("postmaster.pid");
    let text = std::fs::read_to_string(&file).ok()?;
    let pid = text
        .lines()
        .next()
        .and_then(|line| line.trim().parse().ok());
    let alive = pid
        .and_then(Pid::from_raw)
        .is_some_and(|pid| test_kill_process(pid).is_ok());
    let name = pid
        .map(|pid: i32| std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default());
    let is_postgres =
        name.is_some_and(|name| name.starts_with("postgres") || name.starts_with("postmaster"));
    let pid = pid.unwrap_or_default();
    Some(match alive && is_postgres {
        true => Finding::warn(
            "orphan",
            format!("PostgreSQL runs on the cluster (process {pid}) and nobody looks after it"),
            format!("agent-memory serve stops it and starts its own; or kill -INT {pid}"),
        ),
        false => Finding::warn(
            "stale_pid",
            format!(
                "{} names process {pid}, which is not PostgreSQL: the last one was killed",
                file.display()
            ),
            "agent-memory serve recovers by itself",
        ),
    })
}
