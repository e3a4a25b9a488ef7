//! Who runs when: the batch intervals in turns, each with a load of its own.

use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;

use super::{Options, WARM_UP};
use crate::job::{StampedSummary, Summary};
use crate::part::{FeedingLoad, Part};
use crate::role::LoadDone;
use crate::stderr;
use loadgen::time;

/// How long the workload goes on after the load: enough for the last batch.
const AFTERWARDS: Duration = Duration::from_secs(3);

/// One run of one batch interval.
#[derive(Debug, Serialize)]
pub(crate) struct Run {
    pub(crate) job: Summary,
    pub(crate) stamped: StampedSummary,
    pub(crate) load: LoadDone,
}

impl Run {
    /// Half of the results are out so late at most.
    pub(super) fn median_ms(&self) -> f64 {
        self.stamped.latency_ms.unwrap_or_default().p50
    }

    /// Why its figures are worth nothing, if they are not.
    pub(crate) fn reason_not_valid(&self) -> Option<String> {
        let incomplete = (!self.stamped.proven).then(|| self.stamped.check.sentences().join("; "));
        incomplete
            .or_else(|| self.stamped.reason_not_valid())
            .or_else(|| self.load.sent.reason.clone())
    }
}

pub(super) fn all(options: &Options) -> Result<Vec<Run>> {
    let all = options.runs * options.batch.len();
    let seconds = (options.run_for + AFTERWARDS).as_secs() as usize;
    stderr::tell(format_args!(
        "{all} runs, about {} s in all; the machine should do nothing else",
        all * seconds
    ));
    let mut runs = Vec::new();
    for turn in 1..=options.runs {
        for &batch in &options.batch {
            let run = one(options, batch)?;
            stderr::tell(format_args!(
                "{}/{all}  turn {turn}, batches of {batch}: half of the results within {:.1} ms",
                runs.len() + 1,
                run.median_ms()
            ));
            if let Some(reason) = run.reason_not_valid() {
                stderr::tell(format_args!("bench-suite: this run is not valid: {reason}"));
            }
            runs.push(run);
        }
    }
    Ok(runs)
}

/// One run with batches of that interval, whatever intervals `options` names.
pub(crate) fn one(options: &Options, batch: millstream::Duration) -> Result<Run> {
    let load = FeedingLoad::start(
        &[
            "--stamped",
            "--connections",
            &options.connections.to_string(),
            "--rate",
            &options.rate.to_string(),
            "--for",
            &time::written(options.run_for),
            "--warm-up",
            &time::written(WARM_UP),
        ]
        .map(String::from),
    )?;
    let job_for = options.run_for + AFTERWARDS;
    let args = [
        "job",
        options.workload.name(),
        "--stamped",
        "--connect",
        &load.address.to_string(),
        "--connections",
        &options.connections.to_string(),
        "--batch",
        &format!("{}ms", batch.as_millis()),
        "--warm-up",
        &time::written(WARM_UP),
        "--for",
        &time::written(job_for),
        "--progress",
        "none",
        "--json",
    ];
    let mut job = Part::start(options.workload.name(), &args.map(String::from))?;
    let load = load.done(options.run_for)?;
    let job: Summary = job.hear(AFTERWARDS)?;
    let stamped = job.stamped.clone().context("the job was told that its input is stamped")?;
    Ok(Run { job, stamped, load })
}
