//! Work on batches that are in memory, in the engine or in a bare loop, with no network and no load
//! beside it.
//!
//! A batch is made anew each time, out of what is measured: so nobody finds more of it in the cache
//! than its last bytes, which are the same for everybody. Time and processor time are taken around
//! the work alone.

mod pairs;
mod bare;
mod engine;
mod work;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;
use serde::{Deserialize, Serialize};

use crate::usage;
pub use work::{By, Work};

/// What to do, who does it, and on how much.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// What is done with a batch
    pub work: Work,
    /// Who does it
    #[arg(long)]
    pub by: By,
    /// On how many threads
    #[arg(long, default_value_t = 1)]
    pub threads: usize,
    /// The size of a batch
    #[arg(long)]
    pub batch_bytes: usize,
    /// How long it works, what is not measured left out
    #[arg(long = "for", value_parser = humantime::parse_duration)]
    pub run_for: Duration,
}

/// What is found in a batch: both sides must find the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Words or keys.
    pub keys: u64,
    /// Of all their counts or sums; it wraps around.
    pub sum: u64,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Done {
    /// Records worked on while it was measured.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How long that took.
    pub seconds: f64,
    /// Processor seconds of this process meanwhile.
    pub cpu_seconds: f64,
    /// In each batch.
    pub found: Found,
}

/// Whoever works on batches, which are all alike.
trait Worker {
    fn records(&self) -> u64;

    fn bytes(&self) -> u64;

    /// Makes a batch, which is not measured.
    fn provide(&mut self);

    /// Works on it.
    fn work(&mut self) -> Result<Found>;
}

/// Tables grow in the first batches, which are not measured.
const WARM_UP_BATCHES: usize = 2;

/// Works on batches until the time is up. Fails where two of them give different results.
pub fn run(options: &Options) -> Result<Done> {
    let mut worker = work::worker(options)?;
    let worker = worker.as_mut();
    let mut found = None;
    let mut one = || -> Result<(f64, f64)> {
        worker.provide();
        let (cpu_before, started) = (usage::of_this_process()?.cpu_seconds, Instant::now());
        let now = worker.work()?;
        let seconds = started.elapsed().as_secs_f64();
        let cpu_seconds = usage::of_this_process()?.cpu_seconds - cpu_before;
        match found.replace(now) {
            Some(before) if before != now => {
                bail!("{now:?} was found in a batch, and {before:?} in the same one before")
            }
            _ => Ok((seconds, cpu_seconds)),
        }
    };
    for _ in 0..WARM_UP_BATCHES {
        one()?;
    }
    let (mut batches, mut seconds, mut cpu_seconds) = (0, 0.0, 0.0);
    while batches == 0 || seconds < options.run_for.as_secs_f64() {
        let (took, cost) = one()?;
        batches += 1;
        seconds += took;
        cpu_seconds += cost;
    }
    let Some(found) = found else { bail!("no batch has been worked on") };
    let (records, bytes) = (worker.records() * batches, worker.bytes() * batches);
    Ok(Done { records, bytes, seconds, cpu_seconds, found })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(work: Work, by: By, threads: usize) -> Found {
        let run_for = Duration::ZERO;
        let done = run(&Options { work, by, threads, batch_bytes: 3 << 20, run_for }).unwrap();
        assert!(done.records > 1000 && done.bytes > 2 << 20 && done.seconds > 0.0, "{done:?}");
        done.found
    }

    #[test]
    fn engine_and_bare_loop_find_the_same_in_the_same_batch() {
        for work in Work::ALL {
            let ours = found(work, By::Engine, 1);
            assert_eq!(ours, found(work, By::Bare, 1), "{work:?}");
            assert!(ours.keys > 1000 && ours.sum > ours.keys, "{work:?}: {ours:?}");
        }
        let on_two = [By::Engine, By::Bare].map(|by| found(Work::WordCount, by, 2));
        assert_eq!(on_two, [found(Work::WordCount, By::Bare, 1); 2]);
    }
}
