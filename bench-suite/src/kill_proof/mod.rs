//! Kills a durable job again and again, at random moments, and counts in the files that it has left what was
//! lost, doubled or torn: nothing may be.

mod folders;
mod found;
mod cuts;
mod checker;
mod life;
mod copies;
mod deaths;
mod of_call;
mod every_call;
#[cfg(test)]
mod planted;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use loadgen::Schedule;
use serde::Serialize;

pub use deaths::Signal;

use crate::job::interval;
use crate::killable::outputs_in;
use crate::outcome::Outcome;
use crate::port::free_port;
use crate::senders::{Asked, Senders, Source};
use crate::{stderr, stdout};
use copies::{Copies, Losses};
use deaths::{Deaths, Killer};
use found::Found;
use life::Job;
use of_call::OfCall;

/// The version of the JSON form.
const SCHEMA_VERSION: u32 = 1;

/// Memory, where files are as durable as the system is: a process that is killed loses nothing of them.
const IN_MEMORY: &str = "/dev/shm";

/// Senders, each with a connection of its own.
const CONNECTIONS: usize = 3;

/// A checkpoint comes after so many batches: some lives see one, and some recoveries have several batches to
/// run again.
const CHECKPOINT_BATCHES: u32 = 6;

/// What stands under the help.
pub(crate) const EXAMPLES: &str = "\
The job keeps a total by sender, and three kinds of windows, and writes these and every record to files.
It is a process of its own; senders of stamped lines go on while it dies and comes back. A third of its deaths
come before it has recovered from the one before. In the end it is drained, and its files are checked: each
record that was sent must be there once, whole, in order; each batch's totals, and each window, must be what
the records of their batches sum to.

With --source acknowledged nothing may be lost. With --source tcp a connection that a death has broken may
lack what was sent last over it, and no more: that is counted apart.

Examples:
  200 deaths by SIGKILL:
    bench-suite kill-proof

  Over plain TCP, on a disk, with another choice of moments:
    bench-suite kill-proof --source tcp --dir /var/tmp/proof --seed 7

  With a second copy at a replica, and one of the two lost now and then:
    bench-suite kill-proof --replica

  At every write, sync, rename and unlink of a job of twenty batches:
    bench-suite kill-proof --every-call

  100 times SIGTERM, after which it has to end in time and say whether all was processed:
    bench-suite kill-proof --signal term --kills 100

Exit codes:
  0  all counts are zero    1  failed: a count is not, or the job has failed    2  wrong usage";

/// The flags of `kill-proof`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// How often the job is ended before it is drained
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub kills: u64,
    /// How the lines come to it
    #[arg(long, value_enum, default_value_t = Source::Acknowledged)]
    pub source: Source,
    /// How it is ended
    #[arg(long, value_enum, default_value_t = Signal::Kill)]
    pub signal: Signal,
    /// Where its files are; it must not exist, and stays. Left out, it is a new directory, in memory where
    /// there is such a one, and goes if all counts are zero
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// What the moments and the lines follow from
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Lines a second, over all senders
    #[arg(long, value_name = "RATE", default_value = "5k")]
    pub rate: Schedule,
    /// How often a batch is cut
    #[arg(long, value_name = "TIME", default_value = "50ms", value_parser = interval)]
    pub batch: millstream::Duration,
    /// Have a replica hold a second copy of what the job keeps, in a process of its own: some deaths take the
    /// job's copy with them, some the replica, and some the replica's copy
    #[arg(long)]
    pub replica: bool,
    /// Instead: kill a job of twenty batches at every call by which it changes its files, a run for each,
    /// and its recovery at such a call too; needs strace, and some minutes
    #[arg(long, conflicts_with_all = ["kills", "source", "signal", "rate", "batch", "replica"])]
    pub every_call: bool,
    /// Print what was found as JSON
    #[arg(long)]
    pub json: bool,
}

/// What a proof comes to.
#[derive(Serialize)]
struct Proof<'a> {
    schema_version: u32,
    source: &'a str,
    signal: Signal,
    seed: u64,
    seconds: f64,
    sent: u64,
    #[serde(flatten)]
    deaths: &'a Deaths,
    /// What deaths have taken of two copies; without --replica there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    losses: Option<&'a Losses>,
    #[serde(flatten)]
    found: &'a Found,
}

/// Runs it, prints what was found, and fails where that is anything.
pub fn run(options: &Options) -> Result<Outcome> {
    let began = Instant::now();
    let place = Place::make(options.dir.as_deref(), options.seed)?;
    if options.every_call {
        return at_every_call(options, &place);
    }
    let batch = options.batch.to_std();
    let mut copies = options.replica.then(|| Copies::start(&place.directory)).transpose()?;
    let job = Job {
        source: options.source,
        port: free_port()?,
        directory: place.directory.clone(),
        batch,
        block: batch / 5,
        checkpoints: batch * CHECKPOINT_BATCHES,
        replica: copies.as_ref().map(Copies::address),
    };
    let senders = Senders::start(Asked {
        name: "kill-proof",
        source: options.source,
        address: job.address(),
        rate: options.rate.clone(),
        records: None,
        connections: CONNECTIONS,
        seed: options.seed,
    });
    let killer =
        Killer { job: &job, signal: options.signal, deaths: options.kills, seed: options.seed };
    let (deaths, sent) = killer.run(senders, copies.as_mut()).with_context(|| place.told())?;
    let losses = copies.as_ref().map(Copies::losses);
    stderr::tell("kill-proof: checking the files");
    let (outputs, batch_ms) = (outputs_in(&place.directory), options.batch.as_millis());
    let found = checker::check(&outputs, batch_ms, &sent, cuts::most_bytes())?;

    let source = options.source.to_possible_value();
    let proof = Proof {
        schema_version: SCHEMA_VERSION,
        source: source.as_ref().map_or("", |value| value.get_name()),
        signal: options.signal,
        seed: options.seed,
        seconds: began.elapsed().as_secs_f64(),
        sent: sent.records(),
        deaths: &deaths,
        losses: losses.as_ref(),
        found: &found,
    };
    match options.json {
        true => stdout::print_json(&proof)?,
        false => stdout::print(
            format!(
                "{deaths}{}{:<28}{:>12}\n{found}",
                losses.iter().map(Losses::to_string).collect::<String>(),
                "records sent",
                proof.sent
            )
            .trim_end(),
        )?,
    }
    if !found.is_clean() {
        bail!("not all counts are zero; {}", place.told());
    }
    place.give_up()?;
    Ok(Outcome::Good)
}

/// What the proof by every call comes to.
#[derive(Serialize)]
struct ProofByCalls<'a> {
    schema_version: u32,
    seed: u64,
    seconds: f64,
    calls: &'a [OfCall],
    sentences: &'a [String],
}

fn at_every_call(options: &Options, place: &Place) -> Result<Outcome> {
    let began = Instant::now();
    let (calls, sentences) =
        every_call::run(&place.directory, options.seed).with_context(|| place.told())?;
    let seconds = began.elapsed().as_secs_f64();
    let (schema_version, seed) = (SCHEMA_VERSION, options.seed);
    match options.json {
        true => stdout::print_json(&ProofByCalls {
            schema_version,
            seed,
            seconds,
            calls: &calls,
            sentences: &sentences,
        })?,
        false => stdout::print((of_call::table(&calls) + &sentences.join("\n")).trim_end())?,
    }
    if calls.iter().any(|of_call| of_call.violations > 0) {
        bail!("not all counts are zero; {}", place.told());
    }
    if calls.iter().all(|of_call| of_call.kills == 0) {
        bail!("no call was found to kill at");
    }
    place.give_up()?;
    Ok(Outcome::Good)
}

/// The directory of a proof.
struct Place {
    directory: PathBuf,
    /// Whether it goes when all is well.
    is_temporary: bool,
}

impl Place {
    fn make(asked: Option<&Path>, seed: u64) -> Result<Self> {
        let directory = asked.map_or_else(
            || {
                let memory = Path::new(IN_MEMORY);
                let parent =
                    if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
                parent.join(format!("kill-proof-{}-{seed}", std::process::id()))
            },
            Path::to_path_buf,
        );
        if let Some(parent) = directory.parent() {
            fs::create_dir_all(parent).with_context(|| parent.display().to_string())?;
        }
        fs::create_dir(&directory).with_context(|| {
            format!("--dir {}: it has to be a new directory", directory.display())
        })?;
        Ok(Place { directory, is_temporary: asked.is_none() })
    }

    fn told(&self) -> String {
        format!("the job's files, and what it said, are in {}", self.directory.display())
    }

    fn give_up(&self) -> Result<()> {
        match self.is_temporary {
            true => fs::remove_dir_all(&self.directory)
                .with_context(|| self.directory.display().to_string()),
            false => Ok(()),
        }
    }
}
