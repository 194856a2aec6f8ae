//! Keeps writes from filling the disk: PostgreSQL panics when its log cannot grow.

use crate::error::{Error, Kind, Result};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The state of the disk under the embedded cluster; always fine for an external database.
#[derive(Default)]
pub struct Disk {
    watched: Option<Watched>,
    low: AtomicBool,
    free: AtomicU64,
}

struct Watched {
    cluster: PathBuf,
    /// Bytes that have to stay free beside what the log may still take.
    reserve: u64,
    /// Bytes that the log may take in all.
    wal: u64,
}

impl Disk {
    /// Watches the file system of a cluster.
    pub fn watch(cluster: &Path, reserve_mib: u64, wal_mib: u64) -> Self {
        let watched = Watched {
            cluster: cluster.to_owned(),
            reserve: reserve_mib << 20,
            wal: wal_mib << 20,
        };
        let disk = Self {
            watched: Some(watched),
            ..Self::default()
        };
        disk.look();
        disk
    }

    /// Refuses a write while space is short.
    pub fn check(&self) -> Result<()> {
        if !self.low.load(Ordering::Relaxed) {
            return Ok(());
        }
        let message = "the disk is nearly full: nothing is written until there is room again; reading goes on";
        Err(Error::new(Kind::StorageFull, "storage_full", message).retry_after(30))
    }

    /// Bytes free when last looked at; none when nothing is watched.
    pub fn free(&self) -> Option<u64> {
        self.watched
            .as_ref()
            .map(|_| self.free.load(Ordering::Relaxed))
    }

    /// Looks again; call it every second.
    pub fn look(&self) {
        let Some(watched) = &self.watched else { return };
        let Ok(stat) = rustix::fs::statvfs(&watched.cluster) else {
            return;
        };
        let free = stat.f_bavail * stat.f_frsize;
        // What the log takes already it does not take again.
        let needed = watched.reserve
            + watched
                .wal
                .saturating_sub(size(&watched.cluster.join("pg_wal")));
        self.free.store(free, Ordering::Relaxed);
        let low = free < needed;
        if self.low.swap(low, Ordering::Relaxed) != low {
            match low {
                true => log::error!(
                    "only {} MiB of disk are free, {} are needed: writes are refused",
                    free >> 20,
                    needed >> 20
                ),
                false => log::info!("{} MiB of disk are free again: writes go on", free >> 20),
            }
        }
    }
}

fn size(directory: &Path) -> u64 {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.metadata().ok())
        .map(|metadata| metadata.len())
        .sum()
}

/// How much the log may take, in MiB: a gibibyte, or a tenth of a small disk.
pub fn wal_mib(directory: &Path) -> u64 {
    let total =
        rustix::fs::statvfs(directory).map_or(u64::MAX, |stat| stat.f_blocks * stat.f_frsize);
    ((total / 10) >> 20).clamp(64, 1024)
}
