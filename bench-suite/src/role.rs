//! What this executable does when a benchmark starts it again: feed lines, run a bare loop, or see how
//! late something is.
//! `cargo run -p bench-suite` builds no other package's program, so it brings its own.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, Subcommand, ValueEnum};
use loadgen::{Data, Label, Load, Schedule, Stop, Text};
use millstream::replica::Replica;
use serde::{Deserialize, Serialize};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::footprint::footprint;
use crate::job::{Workload, interval};
use crate::killable;
use crate::memory;
use crate::roof;
use crate::strained;
use crate::ticks;
use crate::usage::{self, Usage};

/// The parts of a benchmark.
#[derive(Debug, Subcommand)]
pub enum Role {
    /// Feed lines until SIGTERM, or until what is asked for is sent
    Load(LoadOptions),
    /// Feed lines from a bare loop until SIGTERM
    Send(SendOptions),
    /// Work on batches that are in memory
    Memory(memory::Options),
    /// Run a bare loop
    Roof {
        /// Which
        job: RoofJob,
        /// A server, once for each connection
        #[arg(long)]
        connect: Vec<SocketAddr>,
        /// For how long
        #[arg(long = "for", value_parser = humantime::parse_duration)]
        run_for: Duration,
    },
    /// Be a durable job, until SIGTERM or worse
    Killable(killable::Options),
    /// Be a job whose records cost time, until SIGTERM
    Strained(strained::Options),
    /// Hold a second copy of what a durable job keeps, until it is killed
    Replica(ReplicaOptions),
    /// Measure what the engine takes of memory
    Footprint,
    /// Measure batches without records
    EmptyBatches {
        /// How many, under either clock
        #[arg(long)]
        batches: usize,
    },
    /// Measure how late short batches are
    ShortBatches(ShortBatchesOptions),
    /// Sleep until each tick, and measure how late that is
    Timer {
        /// From tick to tick
        #[arg(long, value_parser = humantime::parse_duration)]
        interval: Duration,
        /// For how long
        #[arg(long = "for", value_parser = humantime::parse_duration)]
        run_for: Duration,
    },
}

/// Whom a replica serves.
#[derive(Args, Debug)]
pub struct ReplicaOptions {
    /// Where it listens
    #[arg(long)]
    listen: SocketAddr,
    /// Where the copies are
    #[arg(long)]
    dir: PathBuf,
    /// What a job has to know
    #[arg(long)]
    token: String,
}

/// Which batches, and of whose lines.
#[derive(Args, Debug)]
pub struct ShortBatchesOptions {
    /// A server of lines
    #[arg(long)]
    connect: SocketAddr,
    /// How often a batch is cut
    #[arg(long, value_parser = interval)]
    batch: millstream::Duration,
    /// How much after the first line is left out
    #[arg(long, value_parser = humantime::parse_duration)]
    warm_up: Duration,
    /// How long is measured after that
    #[arg(long = "for", value_parser = humantime::parse_duration)]
    run_for: Duration,
}

/// What to feed to whom.
#[derive(Args, Debug)]
pub struct LoadOptions {
    /// A target to dial; left out, it listens and says where
    #[arg(long)]
    connect: Option<String>,
    /// Connections to make, or to wait for before the first line
    #[arg(long)]
    connections: usize,
    /// Lines for this workload
    #[arg(long, default_value = "word-count")]
    lines_for: Workload,
    /// Distinct words, or other keys
    #[arg(long, default_value_t = Data::default().keys)]
    vocabulary: usize,
    /// Lines a second
    #[arg(long, default_value = "max")]
    rate: Schedule,
    /// Lines in all
    #[arg(long)]
    records: Option<u64>,
    /// How long
    #[arg(long = "for", value_parser = humantime::parse_duration)]
    run_for: Option<Duration>,
    /// How much of this is set apart
    #[arg(long, default_value = "0s", value_parser = humantime::parse_duration)]
    warm_up: Duration,
    /// Begin each line with `<connection> <sequence> `
    #[arg(long)]
    numbered: bool,
    /// Stamp each line
    #[arg(long)]
    stamped: bool,
}

/// The bare sender: all that loopback takes from a loop that does nothing but write.
#[derive(Args, Debug)]
pub struct SendOptions {
    /// Connections to wait for
    #[arg(long)]
    connections: usize,
}

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

/// The first thing that a load says: where it listens.
#[derive(Debug, Serialize, Deserialize)]
pub struct Listening {
    /// There.
    pub listening: SocketAddr,
}

/// The last thing that a load says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LoadDone {
    /// What was sent.
    pub sent: loadgen::Summary,
    /// What it cost.
    pub usage: Usage,
}

/// The last thing that a bare sender says.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendDone {
    /// Bytes sent.
    pub bytes: u64,
    /// What it cost.
    pub usage: Usage,
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

/// Plays a role.
pub fn run(role: &Role) -> Result<()> {
    match role {
        Role::Load(options) => feed(options),
        Role::Send(options) => send(options),
        Role::Memory(options) => say(&memory::run(options)?),
        Role::Roof { job, connect, run_for } => run_roof(*job, connect, *run_for),
        Role::Killable(options) => killable::run(options),
        Role::Strained(options) => strained::run(options),
        Role::Replica(options) => hold_copies(options),
        Role::Footprint => say(&footprint()?),
        Role::EmptyBatches { batches } => say(&ticks::empty_batches(*batches)?),
        Role::ShortBatches(ShortBatchesOptions { connect, batch, warm_up, run_for }) => {
            say(&ticks::short_batches(*connect, *batch, *warm_up, *run_for)?)
        }
        Role::Timer { interval, run_for } => say(&ticks::bare_timer(*interval, *run_for)),
    }
}

fn hold_copies(options: &ReplicaOptions) -> Result<()> {
    let mut signals =
        Signals::new([SIGINT, SIGTERM]).context("the signals could not be watched")?;
    let replica = Replica::listen(options.listen, &options.dir, &options.token)?;
    say(&Listening { listening: replica.address() })?;
    signals.forever().next();
    Ok(())
}

/// Pulled by a signal.
fn stop_on_signals() -> Result<Stop> {
    let stop = Stop::new();
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, stop.flag())
            .context("the signals could not be watched")?;
    }
    Ok(stop)
}

fn send(options: &SendOptions) -> Result<()> {
    let stop = stop_on_signals()?;
    let text = Text::render(&Data::default())?;
    let listener = TcpListener::bind("127.0.0.1:0").context("no port is free on loopback")?;
    say(&Listening {
        listening: listener.local_addr().context("the sender's address is not known")?,
    })?;
    let bytes = roof::send(&listener, options.connections, text.as_bytes(), &stop)
        .context("the bare sender failed")?;
    say(&SendDone { bytes, usage: usage::of_this_process()? })
}

fn feed(options: &LoadOptions) -> Result<()> {
    let stop = stop_on_signals()?;
    let load = Load {
        data: Data {
            preset: options.lines_for.preset(),
            keys: options.vocabulary,
            ..Data::default()
        },
        connections: options.connections,
        schedule: options.rate.clone(),
        records: options.records,
        run_for: options.run_for,
        warm_up: options.warm_up,
        label: match (options.stamped, options.numbered) {
            (true, _) => Label::Stamp,
            (false, true) => Label::Numbers,
            (false, false) => Label::None,
        },
        ..Load::default()
    };
    let sent = match &options.connect {
        Some(target) => loadgen::send(std::slice::from_ref(target), &load, &stop, |_| ())?,
        None => {
            let listener = loadgen::listen("127.0.0.1:0")?;
            say(&Listening {
                listening: listener.local_addr().context("the load's address is not known")?,
            })?;
            loadgen::serve(listener, &load, &stop, |_| ())?
        }
    };
    say(&LoadDone { sent, usage: usage::of_this_process()? })
}

fn run_roof(job: RoofJob, connect: &[SocketAddr], run_for: Duration) -> Result<()> {
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

/// A JSON line on stdout, for the benchmark that has started this process.
fn say(what: &impl Serialize) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(what)?)
        .context("nobody listens to this part of a benchmark")
}
