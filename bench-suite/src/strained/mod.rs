//! A job that more is asked of than it can do, or for long: each record costs it a given time, keys come and
//! go, windows and states are kept, and it tells of each batch how that went. What it has counted by source
//! is told at its end.

mod churn;

use std::collections::BTreeMap;
use std::hint::spin_loop;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration as StdDuration, Instant};

use anyhow::{Context, Result};
use bytesize::ByteSize;
use clap::Args;
use loadgen::StampedLine;
use millstream::progress::{BatchReport, Listener, Notice};
use millstream::{Conf, DStream, Duration, Replay, StreamingContext, Text};
use serde::{Deserialize, Serialize};

use crate::job::interval;
use crate::senders::Sum;
use crate::stdout;

/// The flags of the role.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Where it listens for stamped lines
    #[arg(long)]
    pub listen: String,
    /// How often a batch is cut
    #[arg(long, value_parser = interval)]
    pub batch: Duration,
    /// The memory budget
    #[arg(long)]
    pub memory: ByteSize,
    /// What a record costs, at least
    #[arg(long, value_parser = humantime::parse_duration)]
    pub work: StdDuration,
    /// Durable in this directory, with lines acknowledged; left out, it is neither
    #[arg(long)]
    pub dir: Option<PathBuf>,
}

/// What it says on stdout, a JSON line each.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// It takes lines.
    Listening,
    /// A batch is over.
    Batch(Told),
    /// It was told to stop, and has.
    Stopped {
        /// Whether all that was received is processed.
        drained: bool,
        /// What there was of each source.
        sums: Vec<(u64, Sum)>,
    },
}

/// How a batch went.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Told {
    /// Its records.
    pub records: u64,
    /// How late it began.
    pub scheduling_delay_ms: f64,
    /// How long it took.
    pub processing_ms: f64,
    /// Bytes of received data in memory.
    pub memory_bytes: u64,
    /// The most that they may be.
    pub memory_limit_bytes: u64,
    /// Bytes of states, windows and shuffles.
    pub held_bytes: u64,
    /// What failed.
    pub errors: Vec<String>,
}

/// How far its checkpoints are apart where it is durable.
pub(crate) const CHECKPOINT_INTERVAL: Duration = millstream::secs(10);

/// The sums so far, by source.
type Sums = Arc<Mutex<BTreeMap<u64, Sum>>>;

/// Runs until it is told to stop.
pub fn run(options: &Options) -> Result<()> {
    let conf = Conf::new("strained")
        .parallelism(2)
        .memory_bytes(options.memory.as_u64())
        .checkpoint_interval(CHECKPOINT_INTERVAL)
        .write_ahead_log(options.dir.is_some())
        .graceful_stop_timeout(millstream::mins(2))
        .listener(Teller);
    let create = || StreamingContext::new(conf, options.batch);
    let ssc = match &options.dir {
        Some(directory) => StreamingContext::get_or_create(directory.join("checkpoint"), create)?,
        None => create()?,
    };
    let (described, sums) = (options.clone(), Sums::default());
    let seen = sums.clone();
    let running = ssc.start(move |s| {
        let listen = described.listen.as_str();
        match described.dir {
            Some(_) => describe(&s.acknowledged_text_stream(listen), &described, &seen),
            None => describe(&s.listen_text_stream(listen), &described, &seen),
        }
        Ok(())
    })?;
    running.stop_on_signals()?;
    stdout::print_json(&Said::Listening)?;
    let drained = running.await_termination().context("the job has failed")?.drained;
    let sums = sums.lock().unwrap_or_else(PoisonError::into_inner);
    let sums = sums.iter().map(|(source, sum)| (*source, *sum)).collect();
    stdout::print_json(&Said::Stopped { drained, sums })
}

/// The streams over lines, whatever brings these.
fn describe<'b, P>(lines: &DStream<'b, P>, options: &Options, seen: &Sums)
where
    P: Replay<'b, Item: Text<'b>>,
{
    let work = options.work;
    let sums = lines.flat_map(move |line| {
        let record = record_of(line.text());
        takes(work);
        record.map(|record| (record.source, Sum::of(record.digest)))
    });
    let totals =
        sums.reduce_by_key(|a, b| a + b).update_state_by_key(|new: &[Sum], old: Option<Sum>| {
            Some(new.iter().fold(old.unwrap_or_default(), |all, &one| all + one))
        });
    let seen = seen.clone();
    totals.map(|(source, sum)| (source, *sum)).for_each_rdd(move |totals, _| {
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.extend(totals.collect());
    });
    churn::describe(lines, options.batch);
}

/// What is counted of a record.
#[derive(Clone, Copy)]
struct Record {
    source: u64,
    sequence: u64,
    digest: u64,
}

fn record_of(line: &str) -> Option<Record> {
    match StampedLine::read(line.as_bytes()) {
        StampedLine::Record { stamp, digest, .. } => {
            Some(Record { source: stamp.source, sequence: stamp.sequence, digest })
        }
        _ => None,
    }
}

/// Work of so long.
fn takes(work: StdDuration) {
    if work > StdDuration::ZERO {
        let began = Instant::now();
        while began.elapsed() < work {
            spin_loop();
        }
    }
}

/// Tells of each batch.
struct Teller;

impl Listener for Teller {
    fn batch_completed(&self, report: &BatchReport) {
        let told = Told {
            records: report.records,
            scheduling_delay_ms: report.scheduling_delay_ms,
            processing_ms: report.processing_ms,
            memory_bytes: report.memory_bytes,
            memory_limit_bytes: report.memory_limit_bytes,
            held_bytes: report.held_bytes,
            errors: report.errors.clone(),
        };
        // Whoever reads this is the parent, without which the job ends.
        if let Err(e) = stdout::print_json(&Said::Batch(told)) {
            crate::stderr::tell(format_args!("strained: {e:#}"));
        }
    }

    fn notice(&self, _: &Notice) {}
}
