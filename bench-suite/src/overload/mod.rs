//! Sends two jobs more than they can do, from a cold start, and shows that nothing grows, nothing is lost, and
//! the rest is soon done.

mod group;
mod plan;
mod ran;
mod held_back;
mod found;
mod too_much;

use std::time::Duration;

use anyhow::{Result, ensure};
use bytesize::ByteSize;
use clap::Args;
use loadgen::Schedule;
use loadgen::time::written;

use crate::interrupt::Interrupt;
use crate::job::{interval, size, some_time};
use crate::outcome::{Outcome, refuse};
use crate::port::free_port;
use crate::senders::{Asked, Senders, Source};
use crate::strain::Job;
use crate::{stderr, stdout};
use found::{Found, PhaseFound, SCHEMA_VERSION};
use group::MemoryGroup;
use plan::{Plan, WINDOW_BATCHES, times};
use ran::Ran;

/// Senders, each with a connection of its own.
const CONNECTIONS: usize = 2;

/// Beside the budget a process may have this share of it.
const BESIDE: f64 = 0.1;

/// A job that is told to stop says something at least so often beside.
const TO_SPEAK: Duration = Duration::from_secs(30);

/// How often progress is told.
const TOLD_EVERY: Duration = Duration::from_secs(30);

/// What stands under the help.
pub(crate) const EXAMPLES: &str = "\
A first job shows what can be done: records of a given cost, sent as fast as they are taken. Two more jobs, one
after the other, each start in a control group whose memory is limited to the budget and a tenth more, and are
sent too much from their first moment on, each for half of the time: one whose records have that cost, so many
times what can be done, which is held back before its memory is full; and one whose records cost nothing, with
longer batches, as much as it takes, which the memory budget holds back. What was sent must all be counted in the
end, the process must never have had more memory than the budget and a tenth, and once the senders end the rest
must be done in 30 s and 4 batches.

Examples:
  Ten times too much for ten minutes:
    bench-suite overload

  A quick look:
    bench-suite overload --for 20s --memory 64MiB

Exit codes:
  0  all of it held    1  failed, or stopped by Ctrl-C    2  wrong usage    4  something did not hold
  5  it says too little: no control group could be made, so that the memory was only watched; or the job whose records
     have that cost was not sent too much, for nothing held its senders back, they were too slow themselves, or it did
     so much more than was found beforehand that less than half of --times what it did was offered; or the budget was
     never what held the senders back";

/// The flags of `overload`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// How long too much is sent, half of it to either job
    #[arg(long = "for", value_name = "TIME", default_value = "10m", value_parser = some_time)]
    pub run_for: Duration,
    /// How many times as much as can be done
    #[arg(long, value_name = "N", default_value = "10", value_parser = times)]
    pub times: f64,
    /// The jobs' memory budget, 64MiB at least
    #[arg(long, value_name = "BYTES", default_value = "256MiB", value_parser = size)]
    pub memory: ByteSize,
    /// What a record costs the first job
    #[arg(long, value_name = "TIME", default_value = "5us", value_parser = humantime::parse_duration)]
    pub work: Duration,
    /// How often a batch is cut; the second job's are up to five times as long
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = interval)]
    pub batch: millstream::Duration,
    /// Print what was found as JSON
    #[arg(long)]
    pub json: bool,
}

/// Runs it, prints what was found, and tells by the outcome whether it held.
pub fn run(options: &Options) -> Result<Outcome> {
    let plan = Plan::of(options).unwrap_or_else(|reason| refuse(reason));
    let overload = Overload { options, plan, interrupt: Interrupt::listen()? };
    // What the signal does to a job may be told as a failure of the job.
    let found = overload.run().map_err(|e| overload.interrupt.why(e))?;
    stdout::print_json_or_text(options.json, &found, &found)?;
    Ok(told(&found))
}

/// What it comes to, with a sentence for all that is not as it should be.
fn told(found: &Found) -> Outcome {
    let tell = |sentence: &str| stderr::tell(format_args!("overload: {sentence}"));
    found.misses.iter().for_each(|miss| tell(miss));
    if !found.misses.is_empty() {
        return Outcome::ObjectiveMissed;
    }
    let doubts = found.doubts();
    doubts.iter().for_each(|doubt| tell(doubt));
    Outcome::valid_if(doubts.is_empty())
}

struct Overload<'a> {
    options: &'a Options,
    plan: Plan,
    interrupt: Interrupt,
}

/// A job that is sent too much.
struct Phase {
    name: &'static str,
    job: Job,
    /// Nothing for as much as is taken.
    offered_per_s: Option<f64>,
}

impl Overload<'_> {
    fn run(&self) -> Result<Found> {
        let limit_bytes = (self.options.memory.as_u64() as f64 * (1.0 + BESIDE)) as u64;
        // Whether there can be a group is told before all else.
        match MemoryGroup::make(limit_bytes) {
            Ok(group) => stderr::tell(format_args!(
                "overload: jobs run in the control group {}, which goes with each",
                group.directory().display()
            )),
            Err(e) => stderr::tell(format_args!(
                "overload: no control group could be made, so the memory is only watched ({e:#})"
            )),
        }
        let capacity_per_s = self.calibrated()?;
        let offered_per_s = capacity_per_s * self.options.times;
        stderr::tell(format_args!(
            "overload: {capacity_per_s:.0} records/s can be done; {offered_per_s:.0} are sent for {each}, and then as \
             many as are taken, at no cost, for {each}",
            each = written(self.plan.each)
        ));
        let (work, batch) = (self.options.work, self.options.batch);
        let phases = [
            Phase { name: "work", job: self.job(work, batch)?, offered_per_s: Some(offered_per_s) },
            Phase {
                name: "memory",
                job: self.job(Duration::ZERO, self.plan.long_batch)?,
                offered_per_s: None,
            },
        ];
        let found = phases.iter().map(|phase| self.phase(phase, limit_bytes));
        let found = found.collect::<Result<Vec<PhaseFound>>>()?;
        let misses = found.iter().flat_map(|phase| phase.misses(limit_bytes)).collect();
        Ok(Found {
            schema_version: SCHEMA_VERSION,
            capacity_per_s,
            times: self.options.times,
            budget_bytes: self.options.memory.as_u64(),
            limit_bytes,
            phases: found,
            misses,
        })
    }

    /// Sends one of the jobs too much, in a group of its own where there can be one.
    fn phase(&self, phase: &Phase, limit_bytes: u64) -> Result<PhaseFound> {
        let group = MemoryGroup::make(limit_bytes).ok();
        let mut ran = Ran::new()?;
        ran.see_through(phase, self, group.as_ref())?;
        Ok(PhaseFound::of(phase, ran, group.as_ref()))
    }

    /// A job of these settings.
    fn job(&self, work: Duration, batch: millstream::Duration) -> Result<Job> {
        let memory = self.options.memory;
        Ok(Job { port: free_port()?, batch, memory, work, directory: None })
    }

    /// What the job can do: records a second, with more there all the time.
    fn calibrated(&self) -> Result<f64> {
        let (options, looks) = (self.options, self.plan.looks);
        let job = self.job(options.work, options.batch)?;
        let mut ran = Ran::new()?;
        let mut life = job.start(None, &self.interrupt)?;
        let senders = senders(&job, "max".parse()?);
        // The first batches find out what may be taken in.
        ran.watch(&mut life, looks, &self.interrupt)?;
        let (records, before) = (ran.watched.records, ran.began.elapsed());
        ran.watch(&mut life, looks, &self.interrupt)?;
        // Windows of raw records may have all the memory until they move on.
        for _ in 0..WINDOW_BATCHES {
            if ran.watched.records == records {
                ran.watch(&mut life, options.batch.to_std(), &self.interrupt)?;
            }
        }
        let (records, took) = (ran.watched.records - records, ran.began.elapsed() - before);
        senders.end()?;
        // What is left is of no use to anybody.
        life.kill()?;
        ensure!(records > 0, "the job has counted nothing in {:.1} s", took.as_secs_f64());
        Ok(records as f64 / took.as_secs_f64())
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_did_not_hold_outweighs_what_says_too_little() {
        let found = |misses: &[&str]| Found {
            misses: misses.iter().map(ToString::to_string).collect(),
            ..Found::default()
        };
        assert_eq!(told(&found(&["it has grown"])), Outcome::ObjectiveMissed);
        assert_eq!(told(&found(&[])), Outcome::NotValid);
    }
}
