//! Lets a durable job run for long, with keys that come and go and restarts, and shows that it is at the end as
//! it was at first.

mod quarter;
mod found;
mod run;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytesize::ByteSize;
use clap::Args;
use loadgen::Schedule;

use crate::job::interval;
use crate::outcome::Outcome;
use crate::port::free_port;
use crate::senders::{Asked, Senders, Source};
use crate::strain::{Job, wrong_sources};
use crate::{stderr, stdout};
use found::{Found, SCHEMA_VERSION, directory_limit_bytes};
use quarter::{Quarter, QuarterFound};
use run::Run;

/// Senders, each with a connection of its own.
const CONNECTIONS: usize = 3;

/// What stands under the help.
pub(crate) const EXAMPLES: &str = "\
The job has a total by sender, a state with a timeout, two windows by key, and one of raw records; its keys have
a thousand records each and never come again. Its lines are acknowledged. It is ended every few minutes, by
SIGTERM and by SIGKILL in turn, and goes on. In the end each record must have been counted once; the memory, the
descriptors and the 99th percentile of how late batches were must be in the last quarter what they were in the
second, up to a tenth; and the directory must never have held more than what comes in two checkpoint intervals,
two files of each log, and three checkpoints: of two that are kept the older one goes when the next is whole.

Examples:
  Two hours:
    bench-suite soak

  Half a minute, to see how it goes:
    bench-suite soak --for 30s --restart-every 8s

Exit codes:
  0  all of it held    1  failed    2  wrong usage    4  something did not hold";

/// The flags of `soak`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// For how long
    #[arg(long = "for", value_name = "TIME", default_value = "2h", value_parser = humantime::parse_duration)]
    pub run_for: Duration,
    /// How long a life of the job is
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = humantime::parse_duration)]
    pub restart_every: Duration,
    /// Lines a second, over all senders
    #[arg(long, value_name = "RATE", default_value = "20k")]
    pub rate: Schedule,
    /// How often a batch is cut
    #[arg(long, value_name = "TIME", default_value = "200ms", value_parser = interval)]
    pub batch: millstream::Duration,
    /// The job's memory budget
    #[arg(long, value_name = "BYTES", default_value = "256MiB")]
    pub memory: ByteSize,
    /// Where its files are; it must not exist. Left out, it is a new directory for temporary files
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Print what was found as JSON
    #[arg(long)]
    pub json: bool,
}

/// Runs it, prints what was found, and tells by the outcome whether it held.
pub fn run(options: &Options) -> Result<Outcome> {
    let quarter_time = options.run_for / 4;
    ensure!(!quarter_time.is_zero(), "--for must be above 0");
    let directory = match &options.dir {
        Some(directory) => directory.clone(),
        None => std::env::temp_dir().join(format!("millstream-soak-{}", std::process::id())),
    };
    fs::create_dir(&directory).with_context(|| {
        format!("{} must be a new directory in one that is there", directory.display())
    })?;
    let job = Job {
        port: free_port()?,
        batch: options.batch,
        memory: options.memory,
        work: Duration::ZERO,
        directory: Some(directory.clone()),
    };
    let senders = Senders::start(Asked {
        name: "soak",
        source: Source::Acknowledged,
        address: job.address(),
        rate: options.rate.clone(),
        records: None,
        connections: CONNECTIONS,
        seed: 1,
    });
    let mut run = Run::start(&job, &directory)?;
    let mut quarters = Vec::new();
    for number in 1..=4 {
        quarters.push(run.quarter(quarter_time * number, options.restart_every)?);
    }
    let sent = senders.end()?;
    let (began, restarts) = (run.began, run.restarts);
    let last = quarters.last_mut().context("there are four quarters")?;
    let (drained, sums) = run.end(last)?;
    ensure!(drained, "the job has stopped before all that it had received was processed");
    let quarters: Vec<QuarterFound> = quarters.iter().map(Quarter::found).collect();
    let seconds = began.elapsed().as_secs_f64();
    let memory_bytes = options.memory.as_u64();
    let found = Found {
        schema_version: SCHEMA_VERSION,
        seconds,
        restarts,
        sent: sent.records(),
        counted: sums.iter().map(|(_, sum)| sum.records).sum(),
        sources_wrong: wrong_sources(&sent, &sums),
        directory_limit_bytes: directory_limit_bytes(sent.records() as f64 / seconds, memory_bytes),
        p99_ratio: quarters[3].p99_ms / quarters[1].p99_ms,
        quarters,
    };
    match options.json {
        true => stdout::print_json(&found)?,
        false => stdout::print(&found)?,
    }
    if !found.holds() {
        stderr::tell(format_args!("soak: the job's files are in {}", directory.display()));
        return Ok(Outcome::ObjectiveMissed);
    }
    fs::remove_dir_all(&directory).with_context(|| directory.display().to_string())?;
    Ok(Outcome::Good)
}
