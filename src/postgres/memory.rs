//! How much memory there is.

/// Bytes that this process and its children may have: the machine's, or less where the control group says so.
pub fn available() -> Option<u64> {
    let machine = std::fs::read_to_string("/proc/meminfo")
        .ok()
        .as_deref()
        .and_then(total);
    let group = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let group = group.and_then(|text| text.trim().parse().ok());
    [machine, group].into_iter().flatten().min()
}

/// `MemTotal` of /proc/meminfo, which counts in KiB (proc(5)).
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.split_whitespace()
        .next()?
        .parse::<u64>()
        .ok()
        .map(|kib| kib * 1024)
}

/// PostgreSQL's shared buffers, in MiB: a quarter of the memory as its manual advises (20.4.1), from 128 to 1024.
pub fn shared_buffers(available: Option<u64>) -> u64 {
    available.map_or(128, |bytes| (bytes / 4 / 1024 / 1024).clamp(128, 1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_within_bounds() {
        assert_eq!(
            total("MemTotal:        2048000 kB\nMemFree: 1 kB"),
            Some(2_097_152_000)
        );
        assert_eq!(shared_buffers(Some(2 << 30)), 512);
        assert_eq!(shared_buffers(Some(64 << 30)), 1024);
        assert_eq!(shared_buffers(Some(256 << 20)), 128);
        assert_eq!(shared_buffers(None), 128);
    }
}
