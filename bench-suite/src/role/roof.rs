//! Runs a bare loop.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::say;
use crate::roof;
use crate::usage::{self, Usage};

/// The bare loops, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoofJob {
    /// Read and discard
    Receive,
    /// Count lines
    Count,
    /// Count lines that contain `error`
    Grep,
    /// Count words
    WordCount,
}

impl RoofJob {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            RoofJob::Receive => "receive",
            RoofJob::Count => "count",
            RoofJob::Grep => "grep",
            RoofJob::WordCount => "word-count",
        }
    }

    fn job(self) -> roof::Job {
        match self {
            RoofJob::Receive => roof::Job::Receive,
            RoofJob::Count => roof::Job::Count,
            RoofJob::Grep => roof::Job::Grep { needle: b"error".to_vec() },
            RoofJob::WordCount => roof::Job::WordCount,
        }
    }
}

/// What a bare loop says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RoofDone {
    /// The job's name.
    pub job: String,
    /// Bytes a second, the median of the whole seconds after the first two, in which tables grow.
    pub bytes_per_s: f64,
    /// Lines a second, likewise; 0 for `receive`, which does not look.
    pub lines_per_s: f64,
    /// The answers' sum: lines matched, or words, or the lines counted.
    pub found: u64,
    /// All lines.
    pub lines: u64,
    /// What it cost.
    pub usage: Usage,
}

pub(super) fn run(job: RoofJob, connect: &[SocketAddr], run_for: Duration) -> Result<()> {
    let measured = roof::run(&job.job(), connect, Duration::from_secs(1), run_for)
        .with_context(|| format!("the bare {} failed", job.name()))?;
    let whole: Vec<_> = measured.batches.iter().filter(|batch| batch.seconds > 0.9).collect();
    let steady = if whole.len() > 2 { &whole[2..] } else { &whole[..] };
    let median = |rate: &dyn Fn(&roof::Batch) -> f64| {
        let mut rates: Vec<f64> = steady.iter().map(|batch| rate(batch)).collect();
        rates.sort_by(f64::total_cmp);
        rates.get(rates.len() / 2).copied().unwrap_or(0.0)
    };
    let found = measured.batches.iter().map(|batch| match batch.answer {
        roof::Answer::Matched(n) | roof::Answer::Words { total: n, .. } => n,
        roof::Answer::Counted => batch.lines,
        roof::Answer::Received => 0,
    });
    say(&RoofDone {
        job: job.name().into(),
        bytes_per_s: median(&|batch| batch.bytes as f64 / batch.seconds),
        lines_per_s: median(&|batch| batch.lines as f64 / batch.seconds),
        found: found.sum(),
        lines: measured.lines,
        usage: usage::of_this_process()?,
    })
}
