//! How much memory this process may use.

use std::fs;

/// What is assumed where the system does not say.
const FALLBACK_BYTES: u64 = 2 << 30;

/// The machine's memory, or the control group's limit where that is smaller.
pub(crate) fn usable_bytes() -> u64 {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| total_of(&text));
    let group = fs::read_to_string("/sys/fs/cgroup/memory.max")
        .ok()
        .and_then(|text| text.trim().parse().ok());
    machine.into_iter().chain(group).min().unwrap_or(FALLBACK_BYTES)
}

fn total_of(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_read_in_bytes() {
        assert_eq!(
            total_of("MemTotal:       24654044 kB\nMemFree: 1 kB\n"),
            Some(24_654_044 * 1024)
        );
        assert_eq!(total_of("nonsense"), None);
    }

    #[test]
    fn some_memory_is_always_usable() {
        assert!(usable_bytes() > 1 << 20);
    }
}
