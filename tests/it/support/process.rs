//! Child processes that do not outlive the test process.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// The program under test.
pub fn program() -> &'static str {
    env!("CARGO_BIN_EXE_agent-memory")
}

/// A running `agent-memory serve`.
pub struct Running {
    pub child: Child,
    pub url: String,
    /// Everything it printed on stdout until it was ready.
    pub greeting: String,
}

impl Running {
    /// Starts a server on a data directory and a free port, and waits until it is ready.
    pub fn start(data_dir: &Path, configure: impl FnOnce(&mut Command)) -> Self {
        Self::try_start(data_dir, configure)
            .unwrap_or_else(|log| panic!("the server did not become ready:\n{log}"))
    }

    /// The same; a server that ends instead gives what it wrote to its log.
    pub fn try_start(
        data_dir: &Path,
        configure: impl FnOnce(&mut Command),
    ) -> Result<Self, String> {
        Self::try_start_as(Command::new(program()), data_dir, configure)
    }

    /// The same with a program of one's own before it.
    pub fn try_start_as(
        mut command: Command,
        data_dir: &Path,
        configure: impl FnOnce(&mut Command),
    ) -> Result<Self, String> {
        let log = data_dir.with_extension("log");
        command
            .arg("--data-dir")
            .arg(data_dir)
            .args(["serve", "--port", "0"])
            .env_remove("DATABASE_URL")
            .env_remove("PGHOST");
        configure(&mut command);
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)
            .unwrap();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(file)
            .spawn()
            .unwrap();
        watch(child.id());
        let (sender, lines) = mpsc::channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            out.lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line).ok())
        });
        let mut greeting = String::new();
        loop {
            match lines.recv_timeout(Duration::from_secs(60)) {
                Ok(line) => greeting = greeting + &line + "\n",
                Err(_) => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(greeting + &std::fs::read_to_string(&log).unwrap_or_default());
                }
            }
            // The last line of the block: everything before it is there.
            if greeting.contains("agents") {
                let url = greeting
                    .split("address")
                    .nth(1)
                    .unwrap()
                    .split_whitespace()
                    .next()
                    .unwrap()
                    .trim_matches(',')
                    .to_owned();
                return Ok(Self {
                    child,
                    url,
                    greeting,
                });
            }
        }
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// Asks it to stop and waits for its exit code.
    pub fn stop(self) -> Option<i32> {
        self.signal("TERM");
        self.wait()
    }

    /// Waits for its exit code.
    pub fn wait(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to a process.
pub fn signal(pid: u32, name: &str) {
    let _ = Command::new("kill")
        .args([&format!("-{name}"), &pid.to_string()])
        .stderr(Stdio::null())
        .status();
}

/// Lets a helper run until this test process ends.
pub fn keep(mut child: Child) {
    watch(child.id());
    std::thread::spawn(move || child.wait());
}

/// Ends a process when this test process has ended, however that happens: statics are never dropped.
pub fn watch(pid: u32) {
    let script = format!(
        "while kill -0 {me} 2>/dev/null && kill -0 {pid} 2>/dev/null; do sleep 0.2; done; kill -TERM {pid} 2>/dev/null; sleep 5; \
         kill -0 {me} 2>/dev/null || {{ umount {tmp}/agent-memory-it-{me}/disk 2>/dev/null; rm -rf {tmp}/agent-memory-it-{me}; }}",
        me = std::process::id(),
        tmp = std::env::temp_dir().display(),
    );
    let janitor = Command::new("setsid")
        .args(["sh", "-c", &script])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    // Reaped by nobody but the end of this process, which is soon enough.
    drop(janitor.unwrap());
}

/// The program on a data directory, as a command; the environment's own database is left out.
pub fn on(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command
        .arg("--data-dir")
        .arg(home)
        .args(arguments)
        .env_remove("DATABASE_URL")
        .env_remove("PGHOST");
    command
}

/// Runs a command: its exit code, and everything it said.
pub fn said(command: &mut Command) -> (i32, String) {
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap_or(-1),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

/// Runs a command that has to work; what it printed.
#[track_caller]
pub fn works(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{}\n{stdout}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    stdout
}
