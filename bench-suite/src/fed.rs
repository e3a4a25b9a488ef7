//! A workload of the engine or a bare loop, fed over loopback, each in a process of its own.

use std::time::Duration;

use anyhow::Result;

use crate::job::{Summary, Workload};
use crate::part::{FeedingLoad, Part};
use crate::role::{LoadDone, RoofDone, RoofJob};
use loadgen::time;

/// Two shares of the same lines that differ by more than this are not the same.
const SAME_WITHIN: f64 = 0.02;

/// What is fed, as fast as it is taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Feed {
    pub(crate) connections: usize,
    /// Distinct words.
    pub(crate) vocabulary: usize,
}

impl Feed {
    fn start(&self) -> Result<FeedingLoad> {
        FeedingLoad::start(
            &[
                "--connections",
                &self.connections.to_string(),
                "--vocabulary",
                &self.vocabulary.to_string(),
            ]
            .map(String::from),
        )
    }

    /// A bare loop, whose first two seconds are not measured.
    pub(crate) fn bare(&self, job: RoofJob, run_for: Duration) -> Result<RoofDone> {
        let load = self.start()?;
        let mut args = ["role", "roof", job.name(), "--for", &time::written(run_for)]
            .map(String::from)
            .to_vec();
        for _ in 0..self.connections {
            args.extend(["--connect".into(), load.address.to_string()]);
        }
        let done = Part::start(&format!("bare {}", job.name()), &args)?.hear(run_for)?;
        load.end()?;
        Ok(done)
    }

    /// A workload in batches of a second. What comes so soon after the first batch is not measured.
    pub(crate) fn engine(
        &self,
        workload: Workload,
        run_for: Duration,
        warm_up: Duration,
    ) -> Result<(Summary, LoadDone)> {
        let load = self.start()?;
        let args = [
            "job",
            workload.name(),
            "--connect",
            &load.address.to_string(),
            "--connections",
            &self.connections.to_string(),
            "--for",
            &time::written(run_for),
            "--warm-up",
            &time::written(warm_up),
            "--progress",
            "none",
            "--json",
        ];
        let job = Part::start(workload.name(), &args.map(String::from))?.hear(run_for)?;
        Ok((job, load.end()?))
    }
}

/// Whether two that had the same lines, but not as many of them, found the same share: matches a
/// line, or words a line. Each is what was found, and in how many lines.
pub(crate) fn same_share(a: (u64, u64), b: (u64, u64)) -> bool {
    let share = |(found, lines): (u64, u64)| found as f64 / lines.max(1) as f64;
    share(a) == share(b) || (share(a) / share(b) - 1.0).abs() < SAME_WITHIN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_compared_and_not_numbers() {
        assert!(same_share((10, 1000), (1009, 100_000)));
        assert!(!same_share((10, 1000), (1021, 100_000)));
        assert!(same_share((0, 10), (0, 99)));
        assert!(!same_share((1, 10), (0, 10)));
        assert!(!same_share((0, 10), (1, 10)));
    }
}
