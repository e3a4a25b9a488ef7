//! Who runs when: a load and one consumer at a time, roof and engine in turn.

use std::time::Duration;

use anyhow::{Result, bail};
use serde::Serialize;

use super::Options;
use super::settings::{self, Setting};
use crate::fed::{Feed, same_share};
use crate::job::{Summary, Workload};
use crate::machine::Machine;
use crate::role::{LoadDone, RoofDone, RoofJob};
use crate::series::Point;
use crate::stderr;

/// How long a bare loop runs: two seconds to warm up, three to measure.
const ROOF_SECONDS: u64 = 5;

/// All that the quick benchmark finds.
#[derive(Debug, Serialize)]
pub(super) struct Measured {
    pub(super) machine: Machine,
    /// Receive and discard: the most that loopback gives.
    pub(super) receive: RoofDone,
    pub(super) rows: Vec<Row>,
    /// A word count at every batch interval, on one task and on one for each core.
    pub(super) by_batch_and_parallelism: Vec<Setting>,
    /// A word count without a window, and over windows of several lengths.
    pub(super) by_window: Vec<Setting>,
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
    let settings = [settings::by_batch_and_parallelism(options), settings::by_window(options)];
    let beside_the_roof = 1 + 2 * workloads.len();
    let steps = beside_the_roof + settings.iter().map(Vec::len).sum::<usize>();
    let seconds = ROOF_SECONDS * (1 + workloads.len() as u64)
        + options.run_for.as_secs() * workloads.len() as u64
        + beside_the_roof as u64
        + settings.iter().map(|points| settings::seconds(points)).sum::<u64>();
    stderr::tell(format_args!(
        "{steps} measurements, about {seconds} s in all; the machine should do nothing else"
    ));
    let feed = Feed { connections: options.connections, vocabulary: options.vocabulary };
    let bare = |job| feed.bare(job, Duration::from_secs(ROOF_SECONDS));
    let mut step = 0;
    let mut tell = |what: &str| {
        step += 1;
        stderr::tell(format_args!("{step}/{steps}  {what}"));
    };

    tell("the roof: loopback, received and discarded");
    let receive = bare(RoofJob::Receive)?;
    let mut rows = Vec::new();
    for (workload, bare_job) in workloads {
        tell(&format!("the roof: a bare {}", workload.name()));
        let roof = bare(bare_job)?;
        tell(&format!("{} in the engine", workload.name()));
        let (job, load) = feed.engine(workload, options.run_for, Duration::ZERO)?;
        if job.measured_batches == 0 {
            bail!("{}: no batch could be measured; give it more time with --for", workload.name());
        }
        let all_answered = workload != Workload::Count || job.found() == (job.records, job.records);
        let right = all_answered && same_share(job.found(), (roof.found, roof.lines));
        rows.push(Row { job, load, roof, right });
    }
    let mut measured = |points: &[Point]| -> Vec<Setting> {
        let each = points.iter().map(|point| {
            tell(&point.to_string());
            let setting = Setting::measure(point);
            if let Err(reason) = &setting.run {
                stderr::tell(format_args!("it came to nothing: {reason}"));
            }
            setting
        });
        each.collect()
    };
    let [by_batch_and_parallelism, by_window] = settings;
    Ok(Measured {
        machine: Machine::here(),
        receive,
        rows,
        by_batch_and_parallelism: measured(&by_batch_and_parallelism),
        by_window: measured(&by_window),
    })
}
