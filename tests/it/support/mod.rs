//! The harness: one cluster a test process, one database and one server a test.

pub mod client;
pub mod cluster;
pub mod external;
pub mod logs;
pub mod process;
pub mod sample;
pub mod server;
pub mod upstream;
pub mod victim;
pub mod worlds;
pub mod years;

pub use client::{Client, Reply, http};
pub use server::Server;

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// Waits for a condition; a test that waits in vain says for what.
pub async fn until(what: &str, seconds: u64, mut condition: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !condition().await {
        assert!(
            began.elapsed() < Duration::from_secs(seconds),
            "waited {seconds} s in vain for {what}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A directory of this test process that everyone may enter; gone with the process's janitor.
pub fn scratch(name: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let directory = std::env::temp_dir()
        .join(format!("agent-memory-it-{}", std::process::id()))
        .join(name);
    std::fs::create_dir_all(&directory).unwrap();
    for path in [directory.parent().unwrap(), &directory] {
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o777)).unwrap();
    }
    directory
}

/// Mounts a file system of this size, in megabytes, on a directory; umount takes it away.
pub fn small_disk(directory: &std::path::Path, size: u32) {
    std::fs::create_dir_all(directory).unwrap();
    let mounted = Command::new("mount")
        .args([
            "-t",
            "tmpfs",
            "-o",
            &format!("size={size}m,mode=0777"),
            "none",
        ])
        .arg(directory)
        .status()
        .unwrap();
    assert!(
        mounted.success(),
        "this test mounts a small file system and needs to be root for it"
    );
}

/// A command as a user who is not root: PostgreSQL refuses root.
pub fn as_nobody_special(program: &str) -> Command {
    let is_root = std::fs::metadata("/proc/self")
        .map(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0)
        .unwrap_or(false);
    if is_root {
        let mut command = Command::new("setpriv");
        command.args([
            "--reuid",
            "postgres",
            "--regid",
            "postgres",
            "--clear-groups",
            program,
        ]);
        return command;
    }
    Command::new(program)
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}
