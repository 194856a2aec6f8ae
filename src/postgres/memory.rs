//! How much memory there is.

use std::path::Path;

/// Bytes that this process and its children may have: the machine's, or less where a control group around them says so.
pub fn available() -> u64 {
    // A container may be shown its share in /proc/meminfo; a sandbox may not be shown the file.
    let shown = std::fs::read_to_string("/proc/meminfo").ok();
    let machine = shown.as_deref().and_then(total).unwrap_or_else(|| {
        let machine = rustix::system::sysinfo();
        machine.totalram as u64 * u64::from(machine.mem_unit)
    });
    let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limits = around(&groups).filter_map(|group| {
        let file = Path::new("/sys/fs/cgroup").join(group).join("memory.max");
        std::fs::read_to_string(file).ok()?.trim().parse().ok()
    });
    limits.fold(machine, u64::min)
}

/// `MemTotal` of /proc/meminfo, which counts in KiB (proc(5)).
fn total(meminfo: &str) -> Option<u64> {
    let mut lines = meminfo.lines();
    let line = lines.find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

/// The control group of /proc/self/cgroup (`0::/a/b`, cgroups(7)) and those around it, below the place where groups are mounted.
fn around(groups: &str) -> impl Iterator<Item = &Path> {
    let own = groups.lines().find_map(|line| line.strip_prefix("0::/"));
    Path::new(own.unwrap_or_default()).ancestors()
}

/// PostgreSQL's shared buffers, in MiB: a quarter of the memory as its manual advises (20.4.1), at most 1024; an eighth where there is
/// little, since the server itself needs some, and never less than 16.
pub fn shared_buffers(available: u64) -> u64 {
    let mib = available >> 20;
    match mib {
        ..=512 => (mib / 8).max(16),
        _ => (mib / 4).clamp(128, 1024),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_read() {
        let shown = "MemTotal:        2048000 kB\nMemFree: 1 kB";
        assert_eq!(total(shown), Some(2_097_152_000));
    }

    #[test]
    fn a_quarter_within_bounds_and_less_of_little() {
        assert_eq!(shared_buffers(2 << 30), 512);
        assert_eq!(shared_buffers(64 << 30), 1024);
        assert_eq!(shared_buffers(513 << 20), 128);
        assert_eq!(shared_buffers(256 << 20), 32);
        assert_eq!(shared_buffers(64 << 20), 16);
    }

    #[test]
    fn the_groups_around_are_looked_at_too() {
        let all: Vec<_> = around("0::/system.slice/agent-memory.service\n").collect();
        let all: Vec<_> = all.iter().map(|path| path.display().to_string()).collect();
        assert_eq!(
            all,
            ["system.slice/agent-memory.service", "system.slice", ""]
        );
        assert_eq!(around("").count(), 1);
    }
}
