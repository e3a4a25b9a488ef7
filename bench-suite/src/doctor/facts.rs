//! What the system says of the machine that figures are measured on.

use std::fs;
use std::thread::{available_parallelism, sleep};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long the processor time of others is watched.
const WATCHED_FOR: Duration = Duration::from_secs(1);

/// What the system says; what it does not say, or not on this system, is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Cores that this process may use.
    pub cores: usize,
    /// How many threads wanted to run, on average over the last minute.
    pub load_1min: Option<f64>,
    /// How many cores were busy with others while this process did nothing.
    pub others_busy_cores: Option<f64>,
    /// Of the time that virtual cores wanted to run meanwhile, the share that the host did not let them.
    pub steal_share: Option<f64>,
    /// Who sets the clock rate of the first core.
    pub governor: Option<String>,
    /// So many cores' time the control group may use.
    pub quota_cores: Option<f64>,
    /// Cores that share one core's units with another, by what the system says.
    pub sibling_cores: Option<usize>,
    /// Whether the system says that it is a guest on another machine.
    pub is_virtual: bool,
}

impl Facts {
    /// Of this machine now. Takes a second, in which this process does nothing.
    pub fn here() -> Self {
        let before = read("/proc/stat").as_deref().and_then(Ticks::of);
        sleep(WATCHED_FOR);
        let after = read("/proc/stat").as_deref().and_then(Ticks::of);
        let spent = before.zip(after).map(|(before, after)| after.since(&before));
        let cores = available_parallelism().map_or(1, usize::from);
        Facts {
            cores,
            load_1min: read("/proc/loadavg").as_deref().and_then(first_number),
            others_busy_cores: spent.as_ref().and_then(Ticks::busy_cores),
            steal_share: spent.as_ref().and_then(Ticks::steal_share),
            governor: read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
                .map(|governor| governor.trim().to_string()),
            quota_cores: quota(),
            sibling_cores: sibling_cores(),
            is_virtual: read("/proc/cpuinfo").is_some_and(|cpus| is_virtual(&cpus)),
        }
    }
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok()
}

fn first_number(text: &str) -> Option<f64> {
    text.split_ascii_whitespace().next()?.parse().ok()
}

/// Time that cores have spent, in ticks, since the machine started.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ticks {
    busy: u64,
    idle: u64,
    stolen: u64,
    cores: usize,
}

impl Ticks {
    /// From `/proc/stat`.
    fn of(stat: &str) -> Option<Self> {
        let all = stat.lines().next()?.strip_prefix("cpu ")?;
        let all: Vec<u64> =
            all.split_ascii_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
        let [user, nice, system, idle, wait, irq, soft_irq, stolen, ..] = all[..] else {
            return None;
        };
        let is_core = |line: &&str| {
            line.strip_prefix("cpu")
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        };
        Some(Ticks {
            busy: user + nice + system + irq + soft_irq,
            idle: idle + wait,
            stolen,
            cores: stat.lines().filter(is_core).count(),
        })
    }

    fn since(&self, before: &Ticks) -> Ticks {
        Ticks {
            busy: self.busy.saturating_sub(before.busy),
            idle: self.idle.saturating_sub(before.idle),
            stolen: self.stolen.saturating_sub(before.stolen),
            cores: self.cores,
        }
    }

    fn busy_cores(&self) -> Option<f64> {
        let all = self.busy + self.idle + self.stolen;
        (all > 0).then(|| self.busy as f64 / all as f64 * self.cores as f64)
    }

    fn steal_share(&self) -> Option<f64> {
        let wanted = self.busy + self.stolen;
        Some(if wanted > 0 { self.stolen as f64 / wanted as f64 } else { 0.0 })
    }
}

/// So many cores' time the control group may use, of either version of control groups.
fn quota() -> Option<f64> {
    let of_v2 = read("/sys/fs/cgroup/cpu.max").and_then(|max| {
        let mut parts = max.split_ascii_whitespace().map(str::parse::<f64>);
        Some(parts.next()?.ok()? / parts.next()?.ok()?)
    });
    of_v2.or_else(|| {
        let number =
            |name| read(&format!("/sys/fs/cgroup/cpu/{name}")).as_deref().and_then(first_number);
        let quota = number("cpu.cfs_quota_us").filter(|quota| *quota > 0.0)?;
        Some(quota / number("cpu.cfs_period_us")?)
    })
}

fn sibling_cores() -> Option<usize> {
    let lists = (0..).map_while(|cpu| {
        read(&format!("/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list"))
    });
    let shared: Vec<bool> = lists.map(|list| list.trim().contains([',', '-'])).collect();
    (!shared.is_empty()).then(|| shared.into_iter().filter(|shared| *shared).count())
}

fn is_virtual(cpus: &str) -> bool {
    let flags = cpus.lines().find(|line| line.starts_with("flags"));
    flags.is_some_and(|flags| flags.split_ascii_whitespace().any(|flag| flag == "hypervisor"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "cpu  100 10 50 800 20 0 5 15 0 0\ncpu0 50 5 25 400 10 0 3 7 0 0\n\
                        cpu1 50 5 25 400 10 0 2 8 0 0\nintr 1 2\ncpufreq 7\n";

    #[test]
    fn the_time_of_cores_is_read() {
        let before = Ticks::of(STAT).unwrap();
        assert_eq!(before, Ticks { busy: 165, idle: 820, stolen: 15, cores: 2 });
        let after = Ticks { busy: 195, idle: 870, stolen: 35, cores: 2 };
        let spent = after.since(&before);
        assert_eq!(spent.busy_cores(), Some(0.6));
        assert_eq!(spent.steal_share(), Some(0.4));
        let nothing = before.since(&before);
        assert_eq!((nothing.busy_cores(), nothing.steal_share()), (None, Some(0.0)));
        assert_eq!(Ticks::of("cpu  1 2\n"), None);
        assert_eq!(Ticks::of(""), None);
    }

    #[test]
    fn a_guest_says_so_in_its_flags() {
        assert!(is_virtual("model name\t: X\nflags\t\t: fpu hypervisor sse\n"));
        assert!(!is_virtual("flags\t\t: fpu sse\n"));
    }

    #[test]
    fn this_machine_has_cores() {
        assert!(Facts::here().cores >= 1);
    }
}
