//! Checks of the machine itself: memory, disk, descriptors, time zones, the port.

use super::Finding;
use crate::config::Config;
use crate::postgres::Paths;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

/// What the deployment guide asks of a machine, in bytes.
const MEMORY: u64 = 2_000_000_000;
const DISK: u64 = 10_000_000_000;
/// Fewer open files than this do not last for the pool and its clients.
const DESCRIPTORS: u64 = 1024;

/// All of them.
pub fn host(config: &Config) -> Vec<Finding> {
    let mut found = vec![memory(), descriptors()];
    found.extend(disk(config));
    found.extend(port(config));
    if !config.is_external() {
        found.push(time_zones());
        found.extend(socket(config));
    }
    found
}

/// The memory that this process may have: the machine's, or what its control group leaves it.
fn memory() -> Finding {
    let has = crate::postgres::memory::available();
    let said = format!("{} MiB of memory", has >> 20);
    match has < MEMORY {
        true => Finding::warn(
            "memory",
            format!("{said}, the guide asks for 2 GB"),
            "on a small machine: PGPOOL_MAX=5; else give it more memory",
        ),
        false => Finding::ok("memory", said),
    }
}

fn descriptors() -> Finding {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let Some(most) = limit.current.filter(|most| *most < DESCRIPTORS) else {
        return Finding::ok("descriptors", "as many files as are needed may be open");
    };
    Finding::fail(
        "descriptors",
        format!("only {most} files may be open at once: connections will be refused"),
        format!(
            "ulimit -n {}, or LimitNOFILE=65536 in the unit",
            4 * DESCRIPTORS
        ),
    )
}

fn disk(config: &Config) -> Vec<Finding> {
    let mut found = Vec::new();
    let (state, backups) = (config.data_dir().to_owned(), config.backup_dir());
    let mut seen = Vec::new();
    for (dir, what) in [(state, "the data directory"), (backups, "the backups")] {
        let Some(there) = dir.ancestors().find(|dir| dir.exists()) else {
            continue;
        };
        let Ok(stat) = rustix::fs::statvfs(there) else {
            continue;
        };
        if seen.contains(&stat.f_fsid) {
            continue;
        }
        seen.push(stat.f_fsid);
        let (free, size) = (stat.f_bavail * stat.f_frsize, stat.f_blocks * stat.f_frsize);
        let reserve = config.embedded.reserve_mib << 20;
        let said = format!("{} MiB are free for {what} ({})", free >> 20, dir.display());
        found.push(match (free < reserve, size < DISK) {
            (true, _) => Finding::fail(
                "disk_full",
                format!(
                    "{said}, {} are kept free: writes are refused",
                    reserve >> 20
                ),
                "make room, or a larger disk; agent-memory backup list shows what backups take",
            ),
            (false, true) => Finding::warn(
                "disk_small",
                format!(
                    "{said}, of {} MiB in all; the guide asks for 10 GB",
                    size >> 20
                ),
                "a larger disk, or BACKUP_KEEP_DAYS=7",
            ),
            (false, false) => Finding::ok("disk", said),
        });
    }
    found
}

/// Whether the port is free, or our own server's.
fn port(config: &Config) -> Vec<Finding> {
    let port = config.server.port;
    let mut found = Vec::new();
    for address in config.addresses().unwrap_or_default() {
        let address = SocketAddr::new(address, port);
        if port == 0 || TcpListener::bind(address).is_ok() || is_ours(address) {
            continue;
        }
        let said = format!("{address} is taken by another program");
        let mend = format!("ss -ltnp 'sport = :{port}' says which; or set PORT to another one");
        found.push(Finding::fail("port", said, mend));
    }
    if found.is_empty() {
        found.push(Finding::ok(
            "port",
            format!("{port} is free, or this server's own"),
        ));
    }
    found
}

fn is_ours(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<String> {
        let patience = Duration::from_secs(2);
        let mut stream = TcpStream::connect_timeout(&address, patience)?;
        stream.set_read_timeout(Some(patience))?;
        stream
            .write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut text = String::new();
        stream.take(8192).read_to_string(&mut text)?;
        Ok(text)
    };
    ask().is_ok_and(|text| text.contains("\"uptime\"") && text.contains("\"database\""))
}

/// PostgreSQL as distributions build it reads the system's time zones.
fn time_zones() -> Finding {
    match Path::new("/usr/share/zoneinfo/UTC").exists() {
        true => Finding::ok("tzdata", "time zones are there"),
        false => Finding::warn(
            "tzdata",
            "the system has no time zones (/usr/share/zoneinfo): a distribution's PostgreSQL does not start without",
            "apt-get install tzdata",
        ),
    }
}

fn socket(config: &Config) -> Option<Finding> {
    let paths = Paths::new(config.data_dir());
    (paths.socket != paths.home.join("run")).then(|| {
        Finding::warn(
            "socket_path",
            format!(
                "the data directory's path is too long for a socket, which is in {} therefore: what tidies up there may remove it",
                paths.socket.display()
            ),
            "a data directory with a path of at most 80 characters (--data-dir)",
        )
    })
}
