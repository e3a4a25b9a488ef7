//! What this executable does when a benchmark starts it again: feed lines, run a bare loop, or see how
//! late something is.
//! `cargo run -p bench-suite` builds no other package's program, so it brings its own.

mod load;
mod roof;
mod replica;

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};

pub use load::{LoadDone, LoadOptions, SendDone, SendOptions};
pub use replica::ReplicaOptions;
pub use roof::{RoofDone, RoofJob};

use crate::footprint::footprint;
use crate::job::interval;
use crate::killable;
use crate::memory;
use crate::strained;
use crate::ticks;

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

/// The first thing that a load says: where it listens.
#[derive(Debug, Serialize, Deserialize)]
pub struct Listening {
    /// There.
    pub listening: SocketAddr,
}

/// Plays a role.
pub fn run(role: &Role) -> Result<()> {
    match role {
        Role::Load(options) => load::feed(options),
        Role::Send(options) => load::send(options),
        Role::Memory(options) => say(&memory::run(options)?),
        Role::Roof { job, connect, run_for } => roof::run(*job, connect, *run_for),
        Role::Killable(options) => killable::run(options),
        Role::Strained(options) => strained::run(options),
        Role::Replica(options) => replica::hold(options),
        Role::Footprint => say(&footprint()?),
        Role::EmptyBatches { batches } => say(&ticks::empty_batches(*batches)?),
        Role::ShortBatches(ShortBatchesOptions { connect, batch, warm_up, run_for }) => {
            say(&ticks::short_batches(*connect, *batch, *warm_up, *run_for)?)
        }
        Role::Timer { interval, run_for } => say(&ticks::bare_timer(*interval, *run_for)),
    }
}

/// A JSON line on stdout, for the benchmark that has started this process.
fn say(what: &impl Serialize) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(what)?)
        .context("nobody listens to this part of a benchmark")
}
