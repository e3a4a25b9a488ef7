//! Processor time by the clock ticks of `/proc/stat`: busy, idle, and stolen by the host.

use super::cores::Cores;

/// Time that some cores have spent, in ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Ticks {
    busy: u64,
    idle: u64,
    stolen: u64,
    cores: usize,
}

impl Ticks {
    /// Since the machine started, of the cores that this process may use.
    pub(super) fn of(stat: &str, cores: &Cores) -> Option<Self> {
        let lines = stat.lines().filter_map(|line| {
            let (core, ticks) = line.strip_prefix("cpu")?.split_once(' ')?;
            cores.has(core.parse().ok()?).then_some(ticks)
        });
        let mut sum = Ticks::default();
        for line in lines {
            let ticks: Vec<u64> =
                line.split_ascii_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
            // What guests took, which comes behind, is in `user` and `nice` already.
            let [user, nice, system, idle, wait, irq, soft_irq, stolen, ..] = ticks[..] else {
                return None;
            };
            sum.busy += user + nice + system + irq + soft_irq;
            sum.idle += idle + wait;
            sum.stolen += stolen;
            sum.cores += 1;
        }
        (sum.cores > 0).then_some(sum)
    }

    pub(super) fn since(&self, before: &Ticks) -> Ticks {
        Ticks {
            busy: self.busy.saturating_sub(before.busy),
            // Of a core that waits for a disk the kernel counts back now and then.
            idle: self.idle.saturating_sub(before.idle),
            stolen: self.stolen.saturating_sub(before.stolen),
            cores: self.cores,
        }
    }

    /// How many cores were busy, on average.
    pub(super) fn busy_cores(&self) -> Option<f64> {
        let all = self.busy + self.idle + self.stolen;
        (all > 0).then(|| self.busy as f64 / all as f64 * self.cores as f64)
    }

    /// Of the time in which the cores wanted to run, the share that the host did not let them.
    pub(super) fn steal_share(&self) -> Option<f64> {
        let wanted = self.busy + self.stolen;
        (wanted > 0).then(|| self.stolen as f64 / wanted as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "cpu  150 15 75 1200 30 0 8 23 7 0\ncpu0 50 5 25 400 10 0 3 7 0 0\n\
                        cpu1 50 5 25 400 10 0 2 8 0 0\ncpu11 50 5 25 400 10 0 3 8 0 0\n\
                        intr 1 2\ncpufreq 7\n";

    #[test]
    fn the_time_of_the_cores_that_may_be_used_is_read() {
        let before = Ticks::of(STAT, &Cores::listed("0-1").unwrap()).unwrap();
        assert_eq!(before, Ticks { busy: 165, idle: 820, stolen: 15, cores: 2 });
        let after = Ticks { busy: 195, idle: 870, stolen: 35, cores: 2 };
        let spent = after.since(&before);
        assert_eq!(spent.busy_cores(), Some(0.6));
        assert_eq!(spent.steal_share(), Some(0.4));
        let nothing = before.since(&before);
        assert_eq!((nothing.busy_cores(), nothing.steal_share()), (None, None));
        assert_eq!(Ticks::of(STAT, &Cores::listed("1,11").unwrap()).unwrap().cores, 2);
        assert_eq!(Ticks::of(STAT, &Cores::Unlisted(16)).unwrap().cores, 3);
    }

    #[test]
    fn what_cannot_be_read_is_not_known() {
        for stat in ["", "cpu  1 2\n", "cpu0 1 2\n", "cpu0 1 2 3 4 5 6 7 x\n"] {
            assert_eq!(Ticks::of(stat, &Cores::Unlisted(1)), None, "{stat}");
        }
        assert_eq!(Ticks::of(STAT, &Cores::listed("4").unwrap()), None);
    }
}
