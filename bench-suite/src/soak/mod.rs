//! Lets a durable job run for long, with keys that come and go and restarts, and shows that it is at the end as
//! it was at first.

mod quarter;
mod found;
mod run;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytesize::ByteSize;
use clap::Args;
use loadgen::Schedule;
use loadgen::time::written;

use crate::interrupt::{Interrupt, Interrupted};
use crate::job::{interval, size, some_time};
use crate::outcome::{Outcome, refuse};
use crate::port::free_port;
use crate::senders::{Asked, Senders, Source};
use crate::strain::{Job, check_budget, wrong_sources};
use crate::{stderr, stdout};
use found::{Found, SCHEMA_VERSION, directory_limit_bytes};
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
  0  all of it held    1  failed, or stopped by Ctrl-C    2  wrong usage    4  something did not hold
  5  it says too little: a quarter in which nothing was seen";

/// The flags of `soak`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// For how long
    #[arg(long = "for", value_name = "TIME", default_value = "2h", value_parser = some_time)]
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
    /// The job's memory budget, 64MiB at least
    #[arg(long, value_name = "BYTES", default_value = "256MiB", value_parser = size)]
    pub memory: ByteSize,
    /// Where its files are; it must not exist. Left out, it is a new directory for temporary files
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Print what was found as JSON
    #[arg(long)]
    pub json: bool,
}

/// A quarter is no shorter than this, nor a life, and has so many batches: else there is nothing to compare.
const LEAST_TIME: Duration = Duration::from_secs(1);
const LEAST_BATCHES: u32 = 5;

/// Runs it, prints what was found, and tells by the outcome whether it held.
pub fn run(options: &Options) -> Result<Outcome> {
    check(options).unwrap_or_else(|reason| refuse(reason));
    let interrupt = Interrupt::listen()?;
    let directory = match &options.dir {
        Some(directory) => directory.clone(),
        None => std::env::temp_dir().join(format!("millstream-soak-{}", std::process::id())),
    };
    fs::create_dir(&directory).with_context(|| {
        format!("{} must be a new directory in one that is there", directory.display())
    })?;
    stderr::tell(format_args!(
        "soak: the job's files are in {} while it runs, and stay there if something does not hold",
        directory.display()
    ));
    let done = soaked(options, &directory, &interrupt).and_then(|found| told(options, &found));
    // What the signal does to a job may be told as a failure of the job.
    let done = done.map_err(|e| interrupt.why(e));
    match &done {
        Ok(Outcome::Good | Outcome::NotValid) => remove(&directory)?,
        Err(e) if e.is::<Interrupted>() => remove(&directory)?,
        _ => stderr::tell(format_args!("soak: the job's files are in {}", directory.display())),
    }
    done
}

/// Why such a run would show nothing.
fn check(options: &Options) -> Result<(), String> {
    check_budget(options.memory)?;
    let least = LEAST_TIME.max(options.batch.to_std() * LEAST_BATCHES);
    if options.run_for < least * 4 {
        return Err(format!(
            "--for {} is too short: its four quarters are compared, and each must be {} at least, {LEAST_BATCHES} \
             batches; give --for {} or more",
            written(options.run_for),
            written(least),
            written(least * 4)
        ));
    }
    if options.restart_every < LEAST_TIME {
        return Err(format!(
            "--restart-every {} is too short: it is looked what a life takes, and it must be {} at least",
            written(options.restart_every),
            written(LEAST_TIME)
        ));
    }
    Ok(())
}

/// Lets it run.
fn soaked(options: &Options, directory: &Path, interrupt: &Interrupt) -> Result<Found> {
    let job = Job {
        port: free_port()?,
        batch: options.batch,
        memory: options.memory,
        work: Duration::ZERO,
        directory: Some(directory.to_path_buf()),
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
    let mut run = Run::start(&job, directory, options.restart_every, interrupt)?;
    let mut quarter = |number: u32| run.quarter(options.run_for / 4 * number);
    let [first, second, third, mut last] = [quarter(1)?, quarter(2)?, quarter(3)?, quarter(4)?];
    let sent = senders.end()?;
    let (began, restarts) = (run.began, run.restarts);
    let (drained, sums) = run.end(&mut last)?;
    ensure!(drained, "the job has stopped before all that it had received was processed");
    let quarters = [first.found(), second.found(), third.found(), last.found()];
    let seconds = began.elapsed().as_secs_f64();
    let memory_bytes = options.memory.as_u64();
    let p99_ratio = Found::p99_ratio(&quarters);
    let found = Found {
        schema_version: SCHEMA_VERSION,
        seconds,
        restarts,
        sent: sent.records(),
        counted: sums.iter().map(|(_, sum)| sum.records).sum(),
        sources_wrong: wrong_sources(&sent, &sums),
        directory_limit_bytes: directory_limit_bytes(sent.records() as f64 / seconds, memory_bytes),
        p99_ratio: p99_ratio.as_ref().ok().copied(),
        p99_ratio_missing: p99_ratio.err(),
        quarters,
        ..Found::default()
    };
    Ok(found.judged())
}

/// Prints it; what it comes to, with a sentence for all that is not as it should be.
fn told(options: &Options, found: &Found) -> Result<Outcome> {
    stdout::print_json_or_text(options.json, found, found)?;
    let sentences = found.misses.iter().chain(&found.doubts);
    sentences.for_each(|sentence| stderr::tell(format_args!("soak: {sentence}")));
    Ok(match found.misses.is_empty() {
        true => Outcome::valid_if(found.doubts.is_empty()),
        false => Outcome::ObjectiveMissed,
    })
}

fn remove(directory: &Path) -> Result<()> {
    fs::remove_dir_all(directory).with_context(|| directory.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::given;

    fn checked(flags: &str) -> Result<(), String> {
        check(&given(flags.split_whitespace()).map_err(|e| e.to_string())?)
    }

    #[test]
    fn what_is_too_short_for_four_quarters_is_refused_with_a_sentence() {
        for (flags, said) in [
            ("--for 3s", "--for 4s or more"),
            ("--for 0s", "10ms"),
            ("--for 18446744073709551615s", "too long"),
            ("--for 30s --batch 2s", "--for 40s or more"),
            ("--restart-every 0s", "--restart-every 0s is too short"),
            ("--memory 1", "64MiB"),
        ] {
            let e = checked(flags).unwrap_err();
            assert!(e.contains(said), "{flags}: {e}");
        }
        assert_eq!(checked("--for 4s --restart-every 1s"), Ok(()));
        assert_eq!(checked(""), Ok(()));
    }
}
