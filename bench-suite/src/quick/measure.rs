//! Who runs when: a load and one consumer at a time, roof and engine in turn.

use std::time::Duration;

use anyhow::{Result, bail};
use serde::Serialize;

use super::Options;
use crate::job::{Summary, Workload};
use crate::machine::Machine;
use crate::part::{FeedingLoad, Part};
use crate::role::{LoadDone, RoofDone, RoofJob};
use crate::stderr;
use loadgen::time;

/// How long a bare loop runs: two seconds to warm up, three to measure.
const ROOF_SECONDS: u64 = 5;

/// Two shares of the same lines that differ by more than this are not the same.
const SAME_WITHIN: f64 = 0.02;

/// All that the quick benchmark finds.
#[derive(Debug, Serialize)]
pub(super) struct Measured {
    pub(super) machine: Machine,
    /// Receive and discard: the most that loopback gives.
    pub(super) receive: RoofDone,
    pub(super) rows: Vec<Row>,
}

/// One workload.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) job: Summary,
    pub(super) load: LoadDone,
    pub(super) roof: RoofDone,
    /// Whether engine and roof found the same in the same lines.
    pub(super) right: bool,
}

impl Row {
    pub(super) fn share_of_roof(&self) -> f64 {
        self.job.lines_per_s / self.roof.lines_per_s
    }
}

pub(super) fn all(options: &Options) -> Result<Measured> {
    let workloads = [
        (Workload::Count, RoofJob::Count),
        (Workload::Grep, RoofJob::Grep),
        (Workload::WordCount, RoofJob::WordCount),
    ];
    let steps = 1 + 2 * workloads.len();
    let seconds = ROOF_SECONDS * (1 + workloads.len() as u64)
        + options.run_for.as_secs() * workloads.len() as u64;
    stderr::tell(format_args!(
        "{steps} measurements, about {} s in all; the machine should do nothing else",
        seconds + steps as u64
    ));
    let mut step = 0;
    let mut tell = |what: &str| {
        step += 1;
        stderr::tell(format_args!("{step}/{steps}  {what}"));
    };

    tell("the roof: loopback, received and discarded");
    let receive = roof(RoofJob::Receive, options)?;
    let mut rows = Vec::new();
    for (workload, bare) in workloads {
        tell(&format!("the roof: a bare {}", workload.name()));
        let roof = roof(bare, options)?;
        tell(&format!("{} in the engine", workload.name()));
        let (job, load) = engine(workload, options)?;
        if job.measured_batches == 0 {
            bail!("{}: no batch could be measured; give it more time with --for", workload.name());
        }
        let right = same(&job, &roof);
        rows.push(Row { job, load, roof, right });
    }
    Ok(Measured { machine: Machine::here(), receive, rows })
}

fn load_flags(options: &Options) -> [String; 4] {
    let (connections, vocabulary) = (options.connections, options.vocabulary);
    ["--connections".into(), connections.to_string(), "--vocabulary".into(), vocabulary.to_string()]
}

fn roof(job: RoofJob, options: &Options) -> Result<RoofDone> {
    let load = FeedingLoad::start(&load_flags(options))?;
    let run_for = Duration::from_secs(ROOF_SECONDS);
    let mut args = vec![
        "role".into(),
        "roof".into(),
        job.name().into(),
        "--for".into(),
        format!("{ROOF_SECONDS}s"),
    ];
    for _ in 0..options.connections {
        args.extend(["--connect".into(), load.address.to_string()]);
    }
    let done = Part::start(&format!("bare {}", job.name()), &args)?.hear(run_for)?;
    load.end()?;
    Ok(done)
}

fn engine(workload: Workload, options: &Options) -> Result<(Summary, LoadDone)> {
    let load = FeedingLoad::start(&load_flags(options))?;
    let args = [
        "job",
        workload.name(),
        "--connect",
        &load.address.to_string(),
        "--connections",
        &options.connections.to_string(),
        "--for",
        &time::written(options.run_for),
        "--progress",
        "none",
        "--json",
    ];
    let job = Part::start(workload.name(), &args.map(String::from))?.hear(options.run_for)?;
    Ok((job, load.end()?))
}

/// Whether both found the same share in the lines that each had: matches a line, or words a line.
fn same(job: &Summary, roof: &RoofDone) -> bool {
    let found = match job.workload.as_str() {
        "grep" => job.totals["matched"].as_u64(),
        "word-count" => job.totals["total"].as_u64(),
        _ => return job.totals["lines"].as_u64() == Some(job.records),
    };
    let share = |found: u64, lines: u64| found as f64 / lines.max(1) as f64;
    let (ours, theirs) = (share(found.unwrap_or(0), job.records), share(roof.found, roof.lines));
    (ours / theirs - 1.0).abs() < SAME_WITHIN
}
