//! One run: the load generator and a workload, each in a process of its own.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use loadgen::time;
use serde::{Deserialize, Serialize};

use super::Point;
use crate::job::Summary;
use crate::part::{FeedingLoad, Part};
use crate::role::LoadDone;

/// How long a workload may take for what was left when the load has ended.
const TO_DRAIN: Duration = Duration::from_secs(30);

/// How runs of a series are made.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct How {
    /// How long each is measured, in milliseconds.
    pub run_for_ms: u64,
    /// What comes before that and is not measured; a window is filled beside.
    pub warm_up_ms: u64,
    /// Whether lines are stamped, so that it is known how late the result of each is.
    pub stamped: bool,
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// What the workload says.
    pub job: Summary,
    /// What the load generator says; there is none where batches were in memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<LoadDone>,
}

impl Run {
    /// How late 99 % of the results are at most: of lines, where they are stamped; else of batches, from
    /// their tick.
    pub fn latency_p99_ms(&self) -> f64 {
        let of_lines = self.job.stamped.as_ref().and_then(|stamped| stamped.latency_ms);
        of_lines.map_or(self.job.total_delay_p99_ms, |latency| latency.p99)
    }
}

impl How {
    /// What of a run of this point is not measured: beside the warm-up the time in which its window
    /// fills.
    pub fn warm_up(&self, point: &Point) -> Duration {
        Duration::from_millis(self.warm_up_ms) + point.window_time()
    }

    fn run_for(&self) -> Duration {
        Duration::from_millis(self.run_for_ms)
    }

    /// About how long a run of this point takes.
    pub fn time(&self, point: &Point) -> Duration {
        self.warm_up(point) + self.run_for() + Duration::from_secs(1)
    }

    /// Runs this point with a program, which is this one where nothing is said.
    pub fn run(&self, program: Option<&Path>, point: &Point) -> Result<Run> {
        let name = point.workload.name();
        if let Some(mut flags) = point.flags_from_memory() {
            flags.extend(["--for".into(), time::written(self.run_for())]);
            let job = Part::start_program(name, program, &flags)?.hear(self.run_for())?;
            return Ok(Run { job, load: None });
        }
        let load = FeedingLoad::start(&self.load_flags(point))?;
        let time = self.warm_up(point) + self.run_for();
        let mut flags = point.job_flags();
        flags.extend(["--connect".into(), load.address.to_string()]);
        flags.extend(["--connections".into(), point.connections.to_string()]);
        flags.extend(["--warm-up".into(), time::written(self.warm_up(point))]);
        flags.extend(
            ["--until-closed", "--progress", "none", "--json", "--course"].map(String::from),
        );
        if self.stamped {
            flags.push("--stamped".into());
        }
        let mut job = Part::start_program(name, program, &flags)?;
        let load = load.done_while(&mut job, time)?;
        let job: Summary = job.hear(TO_DRAIN)?;
        if job.measured_batches == 0 {
            bail!(
                "{name}: no batch of {} ms could be measured in {}; give it more time with --for",
                point.batch_ms,
                time::written(self.run_for())
            );
        }
        Ok(Run { job, load: Some(load) })
    }

    fn load_flags(&self, point: &Point) -> Vec<String> {
        let time = self.warm_up(point) + self.run_for();
        let flags = [
            ("--lines-for", point.workload.name().to_string()),
            ("--connections", point.connections.to_string()),
            ("--vocabulary", point.keys.to_string()),
            ("--rate", point.rate.clone()),
            ("--for", time::written(time)),
            ("--warm-up", time::written(self.warm_up(point))),
        ];
        let mut flags: Vec<String> =
            flags.into_iter().flat_map(|(name, value)| [name.to_string(), value]).collect();
        if self.stamped {
            flags.push("--stamped".into());
        }
        flags
    }
}
