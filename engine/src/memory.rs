//! How much memory this process may use.

use std::fs;
use std::path::{Path, PathBuf};

/// What is assumed where the system does not say.
const FALLBACK_BYTES: u64 = 2 << 30;

/// Where control groups are.
const GROUPS: &str = "/sys/fs/cgroup";

/// The machine's memory, or the limit of this process's control group, or of one that it lies in, where that
/// is smaller.
pub(crate) fn usable_bytes() -> u64 {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| total_of(&text));
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let groups = limits_of(&own).into_iter().filter_map(|file| {
        // A group without a limit says "max", or a number that no machine has.
        fs::read_to_string(Path::new(GROUPS).join(file)).ok()?.trim().parse().ok()
    });
    machine.into_iter().chain(groups).min().unwrap_or(FALLBACK_BYTES)
}

fn total_of(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// The files, below where control groups are, that hold the limits of the groups that are named here as
/// `/proc/self/cgroup` does, and of those that they lie in. In a container the path may be that of the machine, and
/// then only the last of them, the root's, is there.
fn limits_of(own: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in own.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let (root, file) = match controllers {
            "" => ("", "memory.max"),
            _ if controllers.split(',').any(|name| name == "memory") => {
                ("memory", "memory.limit_in_bytes")
            }
            _ => continue,
        };
        let group = Path::new(root).join(path.trim_start_matches('/'));
        let lies_in = group.ancestors().filter(|group| group.starts_with(root));
        files.extend(lies_in.map(|group| group.join(file)));
    }
    files
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
    fn the_limits_of_all_groups_around_count_in_either_version() {
        let files = |own| -> Vec<String> {
            limits_of(own).iter().map(|file| file.display().to_string()).collect()
        };
        let second = ["a/b/memory.max", "a/memory.max", "memory.max"];
        assert_eq!(files("0::/a/b\n"), second);
        let limit = |group: &str| format!("memory{group}/memory.limit_in_bytes");
        let first = "5:cpu,cpuacct:/c\n4:memory:/a/b\n0::/\n";
        assert_eq!(files(first), [&limit("/a/b"), &limit("/a"), &limit(""), "memory.max"]);
        assert!(files("nonsense\n").is_empty());
    }

    #[test]
    fn some_memory_is_always_usable() {
        assert!(usable_bytes() > 1 << 20);
    }
}
