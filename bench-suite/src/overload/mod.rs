//! Sends a job ten times what it can do, from a cold start, and shows that nothing grows, nothing is lost, and
//! the rest is soon done.

mod found;
mod group;

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use bytesize::ByteSize;
use clap::Args;
use loadgen::Schedule;
use loadgen::time::written;

use crate::job::interval;
use crate::outcome::Outcome;
use crate::port::free_port;
use crate::senders::{Asked, Senders, Source};
use crate::strain::{Job, Life, Watched, wrong_sources};
use crate::{stderr, stdout};
use found::{Found, SCHEMA_VERSION, TO_DRAIN};
use group::MemoryGroup;

/// Senders, each with a connection of its own.
const CONNECTIONS: usize = 2;

/// Beside the budget a process needs this share of it for itself.
const BESIDE: f64 = 0.1;

/// How long it is looked what the job can do, once it has found that out itself in as long; less in a short run.
const TO_CALIBRATE: Duration = Duration::from_secs(5);
const LEAST_TO_CALIBRATE: Duration = Duration::from_secs(1);

/// How often progress is told.
const TOLD_EVERY: Duration = Duration::from_secs(30);

/// What stands under the help.
pub(crate) const EXAMPLES: &str = "\
A first job shows what can be done: records of a given cost, sent as fast as they are taken. A second one starts
in a control group whose memory is limited to its budget and a tenth more, and is sent so many times that from
its first moment on. It holds its senders back; what they have sent must all be counted in the end, the group's
memory must never have reached its limit, and once they end the rest must be done in 30 s.

Examples:
  Ten times too much for ten minutes:
    bench-suite overload

  A quick look:
    bench-suite overload --for 20s --memory 64MiB

Exit codes:
  0  all of it held    1  failed    2  wrong usage    4  something did not hold    5  no control group could be
     made, so that the memory was only watched";

/// The flags of `overload`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// How long too much is sent
    #[arg(long = "for", value_name = "TIME", default_value = "10m", value_parser = humantime::parse_duration)]
    pub run_for: Duration,
    /// How many times as much as can be done
    #[arg(long, value_name = "N", default_value_t = 10.0)]
    pub times: f64,
    /// The job's memory budget
    #[arg(long, value_name = "BYTES", default_value = "256MiB")]
    pub memory: ByteSize,
    /// What a record costs the job
    #[arg(long, value_name = "TIME", default_value = "5us", value_parser = humantime::parse_duration)]
    pub work: Duration,
    /// How often a batch is cut
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = interval)]
    pub batch: millstream::Duration,
    /// Print what was found as JSON
    #[arg(long)]
    pub json: bool,
}

/// Runs it, prints what was found, and tells by the outcome whether it held.
pub fn run(options: &Options) -> Result<Outcome> {
    ensure!(options.times > 0.0, "--times must be above 0");
    let limit_bytes = (options.memory.as_u64() as f64 * (1.0 + BESIDE)) as u64;
    let group = match MemoryGroup::make(limit_bytes) {
        Ok(group) => Some(group),
        Err(e) => {
            stderr::tell(format_args!(
                "overload: no control group could be made, so the memory is only watched ({e:#})"
            ));
            None
        }
    };
    let capacity_per_s = calibrated(options)?;
    let offered_per_s = capacity_per_s * options.times;
    stderr::tell(format_args!(
        "overload: it can do {capacity_per_s:.0} records/s; {offered_per_s:.0} are sent for {}",
        written(options.run_for)
    ));
    let job = job(options)?;
    let mut life = job.start(group.as_ref().map(MemoryGroup::members).as_deref())?;
    let mut watched = Watched::new("overload")?;
    let senders = senders(&job, Schedule::constant(offered_per_s));
    let began = Instant::now();
    watch(&mut watched, &mut life, options.run_for)?;
    let sent = senders.end()?;
    let ended = Instant::now();
    // What senders have handed over may be in the system's buffers yet, where a job that is told to stop would leave
    // it.
    while watched.records < sent.records() && ended.elapsed() < TO_DRAIN {
        if let Some(told) = life.batch_within(TO_DRAIN.saturating_sub(ended.elapsed()))? {
            watched.see(&told)?;
        }
    }
    let drained_after_s = ended.elapsed().as_secs_f64();
    let (drained, sums) = life.stop(TO_DRAIN, |told| watched.see(&told))?;
    ensure!(drained, "the job has stopped before all that it had received was processed");

    let found = Found {
        schema_version: SCHEMA_VERSION,
        capacity_per_s,
        offered_per_s,
        seconds: ended.duration_since(began).as_secs_f64(),
        sent: sent.records(),
        counted: sums.iter().map(|(_, sum)| sum.records).sum(),
        sources_wrong: wrong_sources(&sent, &sums),
        budget_bytes: options.memory.as_u64(),
        limit_bytes,
        peak_bytes: match &group {
            Some(group) => group.peak_bytes()?,
            None => watched.most_memory_bytes,
        },
        limited: group.is_some(),
        batches: watched.batches(),
        scheduling_delay_median_ms: watched.scheduling_delay.at_ms(0.5),
        scheduling_delay_max_ms: watched.scheduling_delay.max_ms(),
        processing_median_ms: watched.processing.at_ms(0.5),
        processing_max_ms: watched.processing.max_ms(),
        drained_after_s,
        failed_batches: watched.failed_batches,
    };
    match options.json {
        true => stdout::print_json(&found)?,
        false => stdout::print(&found)?,
    }
    Ok(match found.holds() {
        true => Outcome::valid_if(found.limited),
        false => Outcome::ObjectiveMissed,
    })
}

/// The job of these settings.
fn job(options: &Options) -> Result<Job> {
    Ok(Job {
        port: free_port()?,
        batch: options.batch,
        memory: options.memory,
        work: options.work,
        directory: None,
    })
}

fn senders(job: &Job, rate: Schedule) -> Senders {
    Senders::start(Asked {
        name: "overload",
        source: Source::Tcp,
        address: job.address(),
        rate,
        records: None,
        connections: CONNECTIONS,
        seed: 1,
    })
}

/// What the job can do: records a second, with more there all the time.
fn calibrated(options: &Options) -> Result<f64> {
    let job = job(options)?;
    let (mut life, mut watched) = (job.start(None)?, Watched::new("overload")?);
    let senders = senders(&job, "max".parse()?);
    // The first batches find out what may be taken in.
    let looks = (options.run_for / 4).clamp(LEAST_TO_CALIBRATE, TO_CALIBRATE);
    watch(&mut watched, &mut life, looks)?;
    let (records, began) = (watched.records, Instant::now());
    watch(&mut watched, &mut life, looks)?;
    let (records, took) = (watched.records - records, began.elapsed());
    senders.end()?;
    life.stop(TO_DRAIN, |told| watched.see(&told))?;
    ensure!(records > 0, "the job has counted nothing in {}", written(looks));
    Ok(records as f64 / took.as_secs_f64())
}

/// Hears of the job's batches for so long.
fn watch(watched: &mut Watched, life: &mut Life, run_for: Duration) -> Result<()> {
    let began = Instant::now();
    let mut told_next = TOLD_EVERY;
    while let left = run_for.saturating_sub(began.elapsed())
        && !left.is_zero()
    {
        if let Some(told) = life.batch_within(left)? {
            watched.see(&told)?;
        }
        if began.elapsed() >= told_next {
            told_next += TOLD_EVERY;
            stderr::tell(format_args!(
                "overload: {} of {}, {} records",
                written(Duration::from_secs(began.elapsed().as_secs())),
                written(run_for),
                watched.records
            ));
        }
    }
    Ok(())
}
