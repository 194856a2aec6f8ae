//! Keeps PostgreSQL running: a direct child of a thread of its own, restarted when it crashes, stopped step by step.

// The moment between fork and exec has no safe interface in the standard library; the reason stands at the one place below.
#![allow(unsafe_code)]

use crate::config::for_children;
use crate::error::{Error, Kind, Result};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Starts that never became ready, one after the other, before we give up.
const GIVE_UP: u32 = 5;
/// How long each step of a stop may take: fast, immediate, and then no mercy. A fast stop right after a backend's crash can hang.
const STOP: [(Signal, Duration); 3] = [
    (Signal::INT, Duration::from_secs(30)),
    (Signal::QUIT, Duration::from_secs(5)),
    (Signal::KILL, Duration::from_secs(5)),
];

/// What to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The postgres program.
    pub program: PathBuf,
    /// Its command line.
    pub arguments: Vec<String>,
    /// The cluster, for postmaster.pid.
    pub cluster: PathBuf,
}

#[derive(Default)]
struct State {
    /// The running postmaster; it is not reaped while the lock is held, so its number is its own.
    pid: Option<Pid>,
    stopping: bool,
    /// The supervisor has ended: for good, or with this cause.
    ended: Option<Option<String>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The running supervisor. Clones share it.
#[derive(Clone)]
pub struct Supervisor {
    shared: Arc<Shared>,
    cluster: Arc<Path>,
}

impl Supervisor {
    /// Starts PostgreSQL and looks after it from a thread of its own: PR_SET_PDEATHSIG follows the thread, not the process.
    pub fn start(plan: Plan) -> Result<Self> {
        stop_orphan(&plan.cluster)?;
        let shared = Arc::new(Shared::default());
        let cluster: Arc<Path> = plan.cluster.as_path().into();
        let theirs = shared.clone();
        let thread = std::thread::Builder::new().name("postgres".to_owned());
        thread
            .spawn(move || supervise(&plan, &theirs))
            .map_err(Error::internal)?;
        Ok(Self { shared, cluster })
    }

    /// Whether the postmaster says that it takes connections: line 8 of postmaster.pid, and it is the one we started.
    pub fn is_ready(&self) -> bool {
        let Some(pid) = self.shared.lock().pid else {
            return false;
        };
        postmaster_pid(&self.cluster).is_some_and(|(there, ready)| there == pid && ready)
    }

    /// Why the supervisor gave up, if it did.
    pub fn failure(&self) -> Option<String> {
        self.shared.lock().ended.clone().flatten()
    }

    /// Stops PostgreSQL and waits until it is gone. Blocks.
    pub fn stop(&self) {
        let mut state = self.shared.lock();
        state.stopping = true;
        self.shared.changed.notify_all();
        for (signal, patience) in STOP {
            if let Some(pid) = state.pid {
                // It may have ended by itself; then there is nobody to tell.
                let _ = kill_process(pid, signal);
            }
            let waited = self
                .shared
                .changed
                .wait_timeout_while(state, patience, |state| state.ended.is_none());
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            if state.ended.is_some() {
                return;
            }
            log::warn!("PostgreSQL has not stopped within {} s", patience.as_secs());
        }
    }
}

/// The supervisor's thread: start, wait, start again.
fn supervise(plan: &Plan, shared: &Shared) {
    let mut failures = 0;
    let mut cause;
    loop {
        let started = Instant::now();
        let (status, words) = match run(plan, shared) {
            Ok(ended) => ended,
            Err(error) => {
                cause = Some(error);
                break;
            }
        };
        if shared.lock().stopping {
            cause = None;
            break;
        }
        // One that ran for a while crashed; one that never did will not do better by itself.
        let lived = words.ready || started.elapsed() > Duration::from_secs(10);
        failures = if lived { 1 } else { failures + 1 };
        let words = if words.last.is_empty() {
            String::new()
        } else {
            format!(": {}", words.last)
        };
        log::error!(
            "PostgreSQL ended unexpectedly ({}){words}",
            describe(status)
        );
        cause = Some(format!(
            "PostgreSQL ended {failures} times in a row ({}){words}",
            describe(status)
        ));
        if failures >= GIVE_UP {
            break;
        }
        let pause = Duration::from_millis(100 << failures.min(5));
        let state = shared
            .changed
            .wait_timeout_while(shared.lock(), pause, |state| !state.stopping);
        if state.unwrap_or_else(PoisonError::into_inner).0.stopping {
            cause = None;
            break;
        }
    }
    shared.lock().ended = Some(cause);
    shared.changed.notify_all();
}

/// What a postmaster said in its life.
#[derive(Default)]
struct Words {
    /// That it takes connections.
    ready: bool,
    /// Its last complaint.
    last: String,
}

/// One life of the postmaster: how it ended, and what it said.
fn run(plan: &Plan, shared: &Shared) -> Result<(ExitStatus, Words), String> {
    let mut child = spawn(plan)
        .map_err(|error| format!("{} cannot be started: {error}", plan.program.display()))?;
    let pid = Pid::from_child(&child);
    {
        let mut state = shared.lock();
        state.pid = Some(pid);
        if state.stopping {
            let _ = kill_process(pid, Signal::INT);
        }
    }
    let words = listen(child.stderr.take());
    let status = wait(&mut child, shared);
    let last = words.join().unwrap_or_default();
    Ok((status, last))
}

/// Waits for the child without reaping it, then reaps it under the lock: nobody signals a number that is another's by then.
fn wait(child: &mut Child, shared: &Shared) -> ExitStatus {
    let pid = Pid::from_child(child);
    loop {
        use rustix::process::{WaitId, WaitIdOptions, waitid};
        match waitid(
            WaitId::Pid(pid),
            WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
        ) {
            Err(rustix::io::Errno::INTR) => {}
            _ => break,
        }
    }
    let mut state = shared.lock();
    state.pid = None;
    child.wait().unwrap_or_else(|_| ExitStatus::from_raw(-1))
}

fn spawn(plan: &Plan) -> std::io::Result<Child> {
    let parent = rustix::process::getpid();
    let mut command = Command::new(&plan.program);
    command
        .args(&plan.arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .env_clear()
        .envs(for_children(&plan.program))
        .env("LC_ALL", "C.UTF-8");
    // SAFETY: between fork and exec only async-signal-safe calls are allowed: these are three bare system calls and no allocation.
    unsafe {
        command.pre_exec(move || {
            // A session of its own: a terminal's Ctrl-C reaches us alone, and we stop it in order.
            rustix::process::setsid()?;
            rustix::process::set_parent_process_death_signal(Some(Signal::INT))?;
            match rustix::process::getppid() == Some(parent) {
                true => Ok(()),
                // We died before the line above took effect.
                false => Err(std::io::ErrorKind::Interrupted.into()),
            }
        });
    }
    command.spawn()
}

/// PostgreSQL's words into our log, line by line.
fn listen(stderr: Option<ChildStderr>) -> std::thread::JoinHandle<Words> {
    std::thread::spawn(move || {
        let mut words = Words::default();
        let lines = stderr
            .into_iter()
            .flat_map(|stderr| BufReader::new(stderr).split(b'\n'));
        for line in lines.map_while(std::result::Result::ok) {
            let line = String::from_utf8_lossy(&line);
            let (level, text) = line.split_once(": ").unwrap_or(("LOG", &line));
            let (level, text) = (level.trim(), text.trim());
            words.ready |= text.starts_with("database system is ready to accept connections");
            match level {
                // What every orderly stop says to every connection.
                "FATAL" if text.contains("due to administrator command") => {
                    log::debug!("postgres: {text}")
                }
                "FATAL" | "PANIC" => log::warn!("postgres: {text}"),
                "WARNING" => log::info!("postgres: {text}"),
                "LOG" => log::debug!("postgres: {text}"),
                // A client's mistakes and the text of its statements are not for the log.
                _ => log::debug!("postgres: (detail withheld)"),
            }
            if matches!(level, "FATAL" | "PANIC") || text.contains("error while loading") {
                text.clone_into(&mut words.last);
            }
        }
        words
    })
}

fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "unknown".to_owned(),
    }
}

/// The process in postmaster.pid, and whether it is ready (line 8, src/include/utils/pidfile.h).
fn postmaster_pid(cluster: &Path) -> Option<(Pid, bool)> {
    let text = std::fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
    let mut lines = text.lines();
    let pid = Pid::from_raw(lines.next()?.trim().parse().ok()?)?;
    Some((pid, lines.nth(6).is_some_and(|line| line.trim() == "ready")))
}

/// Stops a postmaster that another life of ours left behind: we hold the data directory's lock, so nobody else looks after it.
fn stop_orphan(cluster: &Path) -> Result<()> {
    let Some((pid, _)) = postmaster_pid(cluster) else {
        return Ok(());
    };
    let link = |name: &str| std::fs::read_link(format!("/proc/{}/{name}", pid.as_raw_nonzero()));
    let is_ours = || {
        link("cwd").is_ok_and(|cwd| cwd == cluster)
            || std::fs::canonicalize(cluster).is_ok_and(|c| link("cwd").is_ok_and(|d| d == c))
    };
    if !is_ours() {
        // A number of before a reboot; PostgreSQL itself removes the file.
        return Ok(());
    }
    log::warn!(
        "stopping a PostgreSQL (process {}) that an earlier run left behind",
        pid.as_raw_nonzero()
    );
    for (signal, patience) in STOP {
        let _ = kill_process(pid, signal);
        let asked = Instant::now();
        while asked.elapsed() < patience {
            if !is_ours() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    let message = format!(
        "a PostgreSQL (process {}) in {} cannot be stopped",
        pid.as_raw_nonzero(),
        cluster.display()
    );
    Err(Error::new(Kind::Conflict, "orphan", message))
}
