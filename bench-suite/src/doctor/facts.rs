//! What the system says of the machine that figures are measured on.

use serde::{Deserialize, Serialize};

use super::Read;
use super::cores::Cores;
use super::quota::quota_cores;
use super::ticks::Ticks;

/// What the system says; what it does not say, or not on this system, is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Cores that this process may use, a quota aside.
    pub cores: usize,
    /// How many threads wanted to run, on average over the last minute.
    pub load_1min: Option<f64>,
    /// How many of the cores were busy with others while this process did nothing.
    pub others_busy_cores: Option<f64>,
    /// Of the time in which the cores wanted to run while this process had them work, the share that the
    /// host did not let them.
    pub steal_share: Option<f64>,
    /// Who sets the clock rate of the cores; several where they differ.
    pub governor: Option<String>,
    /// Whether the clock rate may rise for a while, or while few cores work.
    pub boosts: Option<bool>,
    /// So many cores' time the control groups allow; nothing where none of them has a quota.
    pub quota_cores: Option<f64>,
    /// Cores that are one of several threads of a core.
    pub sibling_cores: Option<usize>,
    /// The share of the last ten seconds in which a task waited for memory.
    pub memory_wait_share: Option<f64>,
    /// Memory that was moved to a disk.
    pub swapped_mib: Option<u64>,
    /// Who gets huge pages: `always`, `madvise` (who asks for them), or `never`.
    pub huge_pages: Option<String>,
    /// Whether this is a guest on another machine.
    pub is_virtual: Option<bool>,
}

impl Facts {
    /// What `read` finds in the system's files, with the ticks that the cores spent while this process did
    /// nothing, and while it had them work.
    pub(super) fn of(
        read: Read<'_>,
        cores: &Cores,
        idle: Option<Ticks>,
        working: Option<Ticks>,
    ) -> Self {
        Facts {
            cores: cores.count(),
            load_1min: read("/proc/loadavg").as_deref().and_then(first_number),
            others_busy_cores: idle.as_ref().and_then(Ticks::busy_cores),
            steal_share: working.as_ref().and_then(Ticks::steal_share),
            governor: cores.governor(read),
            boosts: boosts(read),
            quota_cores: quota_cores(read),
            sibling_cores: cores.siblings(read),
            memory_wait_share: read("/proc/pressure/memory").as_deref().and_then(wait_share),
            swapped_mib: read("/proc/meminfo").as_deref().and_then(swapped_mib),
            huge_pages: read("/sys/kernel/mm/transparent_hugepage/enabled")
                .as_deref()
                .and_then(chosen),
            is_virtual: read("/proc/cpuinfo").as_deref().and_then(is_virtual),
        }
    }
}

fn first_number(text: &str) -> Option<f64> {
    text.split_ascii_whitespace().next()?.parse().ok()
}

/// One driver says it of all, another says the opposite.
fn boosts(read: Read<'_>) -> Option<bool> {
    let flag = |path| first_number(&read(path)?).map(|flag| flag != 0.0);
    flag("/sys/devices/system/cpu/cpufreq/boost")
        .or_else(|| flag("/sys/devices/system/cpu/intel_pstate/no_turbo").map(|no_turbo| !no_turbo))
}

/// From a line as `some avg10=0.29 avg60=..`, in percent.
fn wait_share(pressure: &str) -> Option<f64> {
    let some = pressure.lines().find_map(|line| line.strip_prefix("some "))?;
    let percent = some.split_ascii_whitespace().find_map(|word| word.strip_prefix("avg10="))?;
    Some(percent.parse::<f64>().ok()? / 100.0)
}

fn swapped_mib(meminfo: &str) -> Option<u64> {
    let kib = |name| {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix(" kB")?.parse::<u64>().ok()
    };
    Some(kib("SwapTotal:")?.saturating_sub(kib("SwapFree:")?) / 1024)
}

/// The word in brackets, as in `always [madvise] never`.
fn chosen(words: &str) -> Option<String> {
    let (_, word) = words.split_once('[')?;
    Some(word.split_once(']')?.0.to_string())
}

/// x86 says so in its flags. Processors without such a line say nothing.
fn is_virtual(cpus: &str) -> Option<bool> {
    let flags = cpus.lines().find(|line| line.starts_with("flags"))?;
    Some(flags.split_ascii_whitespace().any(|flag| flag == "hypervisor"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::machine;
    use super::*;

    #[test]
    fn facts_come_from_where_the_system_keeps_them() {
        let texts = [
            ("/proc/self/status", "Cpus_allowed_list:\t0-3\n"),
            ("/proc/loadavg", "0.34 0.89 1.04 2/188 4242\n"),
            ("/sys/devices/system/cpu/cpu2/cpufreq/scaling_governor", "schedutil\n"),
            ("/sys/devices/system/cpu/cpufreq/boost", "1\n"),
            ("/proc/self/cgroup", "0::/\n"),
            ("/proc/self/mountinfo", "30 23 0:26 / /cg rw - cgroup2 cgroup2 rw\n"),
            ("/cg/cpu.max", "250000 100000\n"),
            ("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "0-1\n"),
            (
                "/proc/pressure/memory",
                "some avg10=1.50 avg60=0 avg300=0 total=5\nfull avg10=1.00\n",
            ),
            (
                "/proc/meminfo",
                "MemTotal: 9 kB\nSwapTotal:       4096 kB\nSwapFree:        1024 kB\n",
            ),
            ("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n"),
            ("/proc/cpuinfo", "model name\t: X\nflags\t\t: fpu hypervisor sse\n"),
        ];
        let facts = Facts {
            cores: 4,
            load_1min: Some(0.34),
            others_busy_cores: None,
            steal_share: None,
            governor: Some("schedutil".into()),
            boosts: Some(true),
            quota_cores: Some(2.5),
            sibling_cores: Some(1),
            memory_wait_share: Some(0.015),
            swapped_mib: Some(3),
            huge_pages: Some("madvise".into()),
            is_virtual: Some(true),
        };
        let read = machine(&texts);
        assert_eq!(Facts::of(&read, &Cores::here(&read), None, None), facts);
    }

    #[test]
    fn where_no_file_is_to_be_read_nothing_but_the_number_of_cores_is_known() {
        let facts = Facts::of(&machine(&[]), &Cores::Unlisted(3), None, None);
        assert_eq!(facts, Facts { cores: 3, ..Facts::default() });
    }

    #[test]
    fn one_driver_says_that_there_is_no_boost() {
        let path = "/sys/devices/system/cpu/intel_pstate/no_turbo";
        assert_eq!(boosts(&machine(&[(path, "1\n")])), Some(false));
        assert_eq!(boosts(&machine(&[(path, "0\n")])), Some(true));
    }

    #[test]
    fn processors_that_have_no_flags_do_not_say_whether_they_are_virtual() {
        assert_eq!(is_virtual("flags\t\t: fpu sse\n"), Some(false));
        assert_eq!(is_virtual("processor\t: 0\nFeatures\t: fp asimd\n"), None);
    }
}
