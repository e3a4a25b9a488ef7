//! One run: the load generator and a workload, each in a process of its own.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use loadgen::time;
use serde::{Deserialize, Serialize};

use super::Point;
use crate::job::{Summary, Workload};
use crate::part::{FeedingLoad, Part};
use crate::role::LoadDone;

/// As many batch intervals are measured at least: the batch in which the warm-up ends is left out and the
/// last one is, and a slope needs some.
const LEAST_BATCHES: i64 = 8;

/// How long a workload may take for what was left when the load has ended.
const TO_DRAIN: Duration = Duration::from_secs(30);

/// How runs of a series are made.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct How {
    /// How long each is measured, in milliseconds; where that is less than eight batch intervals, those.
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

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = |ms| time::written(Duration::from_millis(ms));
        let (run_for, warm_up) = (written(self.run_for_ms), written(self.warm_up_ms));
        let stamped = if self.stamped { ", with stamped lines" } else { "" };
        write!(f, "for {run_for} after a warm-up of {warm_up}{stamped}")
    }
}

impl How {
    /// In whole milliseconds.
    pub(crate) fn new(run_for: Duration, warm_up: Duration, stamped: bool) -> Self {
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        How { run_for_ms: ms(run_for), warm_up_ms: ms(warm_up), stamped }
    }

    /// What of a run of this point is not measured: beside the warm-up the time in which its window
    /// fills.
    pub fn warm_up(&self, point: &Point) -> Duration {
        Duration::from_millis(self.warm_up_ms) + point.window_time()
    }

    /// How long a run of this point is measured: at least so many batch intervals that there is
    /// something to judge.
    fn run_for(&self, point: &Point) -> Duration {
        let least_ms = point.batch_ms.saturating_mul(LEAST_BATCHES).unsigned_abs();
        let least_ms = if point.from_memory_bytes.is_some() { 0 } else { least_ms };
        Duration::from_millis(self.run_for_ms.max(least_ms))
    }

    /// Whether lines are stamped: for the workload that does nothing else they are anyway.
    fn is_stamped(&self, point: &Point) -> bool {
        self.stamped || point.workload == Workload::Latency
    }

    /// About how long a run of this point takes.
    pub fn time(&self, point: &Point) -> Duration {
        if point.from_memory_bytes.is_some() {
            return self.run_for(point) + Duration::from_millis(300);
        }
        self.warm_up(point) + self.run_for(point) + Duration::from_secs(1)
    }

    /// Runs this point with a program, which is this one where nothing is said.
    pub fn run(&self, program: Option<&Path>, point: &Point) -> Result<Run> {
        let name = point.workload.name();
        if let Some(mut flags) = point.flags_from_memory() {
            flags.extend(["--for".into(), time::written(self.run_for(point))]);
            let job = Part::start_program(name, program, &flags)?.hear(self.run_for(point))?;
            return Ok(Run { job, load: None });
        }
        let load = FeedingLoad::start(&self.load_flags(point))?;
        let time = self.warm_up(point) + self.run_for(point);
        let mut flags = point.job_flags();
        flags.extend(["--connect".into(), load.address.to_string()]);
        flags.extend(["--connections".into(), point.connections.to_string()]);
        flags.extend(["--warm-up".into(), time::written(self.warm_up(point))]);
        flags.extend(
            ["--until-closed", "--progress", "none", "--json", "--course"].map(String::from),
        );
        if self.is_stamped(point) {
            flags.push("--stamped".into());
        }
        let mut job = Part::start_program(name, program, &flags)?;
        let load = load.done_while(&mut job, time)?;
        let summary: Summary = job.hear(TO_DRAIN)?;
        job.check_that_it_ended_well()?;
        let job = summary;
        if job.measured_batches == 0 {
            bail!(
                "{name}: no batch of {} ms could be measured in {}; give it more time with --for",
                point.batch_ms,
                time::written(self.run_for(point))
            );
        }
        Ok(Run { job, load: Some(load) })
    }

    fn load_flags(&self, point: &Point) -> Vec<String> {
        let time = self.warm_up(point) + self.run_for(point);
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
        if self.is_stamped(point) {
            flags.push("--stamped".into());
        }
        flags
    }
}
