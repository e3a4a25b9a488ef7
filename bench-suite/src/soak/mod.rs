//! Lets a durable job run for long, with keys that come and go and restarts, and shows that it is at the end as
//! it was at first.

mod watched;

use std::fmt;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytesize::ByteSize;
use clap::Args;
use loadgen::Schedule;
use loadgen::time::written;
use serde::Serialize;

use crate::job::interval;
use crate::outcome::Outcome;
use crate::port::free_port;
use crate::senders::{Asked, Senders, Source};
use crate::strain::{Ended, Job, Life, wrong_sources};
use crate::{stderr, stdout};
use watched::{Quarter, QuarterFound, Taken};

/// The version of the JSON form.
const SCHEMA_VERSION: u32 = 1;

/// Senders, each with a connection of its own.
const CONNECTIONS: usize = 3;

/// How long the last life may take to process what is left.
const TO_STOP: Duration = Duration::from_secs(60);

/// How often it is looked what the process has taken.
const LOOKED_EVERY: Duration = Duration::from_secs(1);

/// How often progress is told.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// Of the last quarter's figures to the second's: the most that counts as the same.
const SAME: f64 = 1.1;

/// So much memory more, in the pages of an allocator, says nothing.
const MEMORY_SLACK_BYTES: u64 = 16 << 20;

/// The engine's checkpoints are so far apart where nothing else is set.
const CHECKPOINTS_EVERY_S: f64 = 10.0;

/// A log's files are begun anew at this size, and gone as a whole: there are two logs.
const LOG_FILE_BYTES: u64 = 64 << 20;

/// No stamped line, with what the log puts around it, is longer.
const MOST_LINE_BYTES: f64 = 160.0;

/// What stands under the help.
pub(crate) const EXAMPLES: &str = "\
The job has a total by sender, a state with a timeout, two windows by key, and one of raw records; its keys have
a thousand records each and never come again. Its lines are acknowledged. It is ended every few minutes, by
SIGTERM and by SIGKILL in turn, and goes on. In the end each record must have been counted once; the memory, the
descriptors and the 99th percentile of how late batches were must be in the last quarter what they were in the
second, up to a tenth; and the directory must never have held more than what comes in two checkpoint intervals,
two files of each log, and two checkpoints.

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

/// What was found.
#[derive(Serialize)]
struct Found {
    schema_version: u32,
    seconds: f64,
    restarts: u64,
    sent: u64,
    counted: u64,
    sources_wrong: u64,
    quarters: Vec<QuarterFound>,
    directory_limit_bytes: u64,
    /// The last quarter's 99th percentile by the second's.
    p99_ratio: f64,
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
    let per_s = sent.records() as f64 / seconds * MOST_LINE_BYTES;
    let found = Found {
        schema_version: SCHEMA_VERSION,
        seconds,
        restarts,
        sent: sent.records(),
        counted: sums.iter().map(|(_, sum)| sum.records).sum(),
        sources_wrong: wrong_sources(&sent, &sums),
        directory_limit_bytes: (per_s * 2.0 * CHECKPOINTS_EVERY_S) as u64
            + 4 * LOG_FILE_BYTES
            + 2 * options.memory.as_u64() / 4,
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

/// The job, life after life.
struct Run<'a> {
    job: &'a Job,
    directory: &'a Path,
    began: Instant,
    /// Nothing between two lives.
    life: Option<Life>,
    life_began: Instant,
    restarts: u64,
    told_next: Duration,
}

impl<'a> Run<'a> {
    fn start(job: &'a Job, directory: &'a Path) -> Result<Self> {
        let began = Instant::now();
        let (life, told_next) = (Some(begun(job, directory)?), TOLD_EVERY);
        Ok(Run { job, directory, began, life, life_began: began, restarts: 0, told_next })
    }

    /// Watches it until so long after its beginning, and ends each of its lives after a while.
    fn quarter(&mut self, until: Duration, restart_every: Duration) -> Result<Quarter> {
        let mut quarter = Quarter::new()?;
        let mut looked = Instant::now();
        while self.began.elapsed() < until {
            if self.life_began.elapsed() >= restart_every {
                self.restart(&mut quarter)?;
            }
            let life = self.life.as_mut().context("a life has begun")?;
            if let Some(told) = life.batch_within(LOOKED_EVERY)? {
                quarter.see(&told)?;
            }
            if looked.elapsed() >= LOOKED_EVERY {
                looked = Instant::now();
                quarter.takes(Taken::now(life.id(), &checkpoint_in(self.directory))?);
            }
            self.tell(&quarter);
        }
        Ok(quarter)
    }

    /// Ends a life, by SIGTERM and by SIGKILL in turn, and begins the next.
    fn restart(&mut self, quarter: &mut Quarter) -> Result<()> {
        let mut life = self.life.take().context("a life has begun")?;
        match self.restarts.is_multiple_of(2) {
            true => drop(life.stop(TO_STOP, |told| quarter.see(&told))?),
            false => life.kill()?,
        }
        self.restarts += 1;
        self.life = Some(begun(self.job, self.directory)?);
        self.life_began = Instant::now();
        Ok(())
    }

    fn tell(&mut self, quarter: &Quarter) {
        if self.began.elapsed() >= self.told_next {
            self.told_next += TOLD_EVERY;
            let found = quarter.found();
            stderr::tell(format_args!(
                "soak: {}, {} restarts; of this quarter {} batches, p99 {:.1} ms, {:.0} MiB, {} descriptors",
                written(Duration::from_secs(self.began.elapsed().as_secs())),
                self.restarts,
                found.batches,
                found.p99_ms,
                mib(found.most.memory_bytes),
                found.most.descriptors
            ));
        }
    }

    /// Has the last life process what is left; gives what was counted.
    fn end(mut self, last: &mut Quarter) -> Result<Ended> {
        let mut life = self.life.take().context("a life has begun")?;
        life.stop(TO_STOP, |told| last.see(&told))
    }
}

/// A life of the job; what it says of itself goes into a file.
fn begun(job: &Job, directory: &Path) -> Result<Life> {
    let log = directory.join("job.log");
    let file = OpenOptions::new().create(true).append(true).open(&log);
    job.start_logged(file.with_context(|| log.display().to_string())?)
}

/// Where the engine's durable files are.
fn checkpoint_in(directory: &Path) -> PathBuf {
    directory.join("checkpoint")
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

impl Found {
    fn holds(&self) -> bool {
        let (second, last) = (&self.quarters[1], &self.quarters[3]);
        let is_same = |of: fn(&QuarterFound) -> u64, slack: u64| {
            of(last) <= (of(second) as f64 * SAME) as u64 + slack
        };
        self.sources_wrong == 0
            && self.sent == self.counted
            && self.sent > 0
            && self.quarters.iter().all(|quarter| quarter.failed_batches == 0)
            && is_same(|quarter| quarter.most.memory_bytes, MEMORY_SLACK_BYTES)
            && is_same(|quarter| quarter.most.descriptors, 0)
            && self.quarters.iter().all(|q| q.most.directory_bytes <= self.directory_limit_bytes)
            && self.p99_ratio <= SAME
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<24}{:>14.0} s, {} restarts", "ran for", self.seconds, self.restarts)?;
        writeln!(f, "{:<24}{:>14}", "records sent", self.sent)?;
        writeln!(f, "{:<24}{:>14}", "records counted", self.counted)?;
        writeln!(f, "{:<24}{:>14}", "sources that differ", self.sources_wrong)?;
        let row = |f: &mut fmt::Formatter<'_>, what, of: &dyn Fn(&QuarterFound) -> String| {
            write!(f, "{what:<24}")?;
            self.quarters.iter().try_for_each(|quarter| write!(f, "{:>14}", of(quarter)))?;
            writeln!(f)
        };
        row(f, "by quarter: batches", &|quarter| quarter.batches.to_string())?;
        row(f, "  failed", &|quarter| quarter.failed_batches.to_string())?;
        row(f, "  late, in the middle", &|quarter| format!("{:.1} ms", quarter.median_ms))?;
        row(f, "  99th percentile", &|quarter| format!("{:.1} ms", quarter.p99_ms))?;
        row(f, "  memory", &|quarter| format!("{:.1} MiB", mib(quarter.most.memory_bytes)))?;
        row(f, "  descriptors", &|quarter| quarter.most.descriptors.to_string())?;
        row(f, "  directory", &|quarter| format!("{:.1} MiB", mib(quarter.most.directory_bytes)))?;
        let limit = mib(self.directory_limit_bytes);
        writeln!(f, "{:<24}{limit:>14.1} MiB", "directory, at most")?;
        write!(f, "{:<24}{:>14.3}", "p99, last by second", self.p99_ratio)
    }
}
