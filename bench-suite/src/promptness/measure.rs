//! Who runs when: empty batches, short batches beside a timer, and stamped lines, in turns.

use std::time::Duration;

use anyhow::Result;
use millstream::millis;

use super::Options;
use super::figures::{Figures, Short};
use crate::job::Workload;
use crate::latency;
use crate::part::{FeedingLoad, Part};
use crate::stderr;
use crate::ticks::EmptyBatches;
use loadgen::time;

/// What of the short batches is not measured: the first make the tables.
const WARM_UP: Duration = Duration::from_secs(1);

/// How long the load goes on after what is measured.
const AFTERWARDS: Duration = Duration::from_secs(3);

/// How long empty batches may take.
const EMPTY_LIMIT: Duration = Duration::from_secs(120);

/// Measures everything as often as asked, in turns.
pub fn measure(options: &Options) -> Result<Figures> {
    let mut figures = Figures::default();
    for turn in 1..=options.runs {
        let empty = empty(options)?;
        let short = short(options.run_for)?;
        let latency = at_a_high_rate(options)?;
        stderr::tell(format_args!(
            "turn {turn} of {}: an empty batch {:.1} us; {:.3} % of batches late, {:.3} % of a \
             timer's ticks; 99 % of the results within {:.1} ms",
            options.runs,
            empty.from_tick.p50_us,
            short.batches.late_share() * 100.0,
            short.timer.late_share() * 100.0,
            latency.stamped.raw_latency_ms.unwrap_or_default().p99,
        ));
        figures.add(empty, short, latency);
        if let Some(reason) = figures.reason_not_valid() {
            stderr::tell(format_args!("bench-suite: the figures so far are not valid: {reason}"));
        }
    }
    Ok(figures)
}

fn empty(options: &Options) -> Result<EmptyBatches> {
    let batches = options.empty_batches.to_string();
    let mut part = Part::start("empty batches", &role("empty-batches", &["--batches", &batches]))?;
    part.hear(EMPTY_LIMIT)
}

/// Batches of 1 ms at 200 k lines/s, and a timer of 1 ms.
fn short(run_for: Duration) -> Result<Short> {
    let load_for = WARM_UP + run_for + AFTERWARDS;
    let flags = ["--connections", "1", "--rate", "200k", "--for", &time::written(load_for)];
    let load = FeedingLoad::start(&flags.map(String::from))?;
    let (address, measured_for) = (load.address.to_string(), time::written(run_for));
    let flags =
        ["--connect", &address, "--batch", "1ms", "--warm-up", &time::written(WARM_UP), "--for"];
    let flags = [&flags[..], &[&measured_for]].concat();
    let mut batches = Part::start("short batches", &role("short-batches", &flags))?;
    let timer_for = time::written(WARM_UP + run_for);
    let flags = ["--interval", "1ms", "--for", &timer_for];
    let mut timer = Part::start("timer", &role("timer", &flags))?;
    Ok(Short {
        batches: batches.hear(load_for)?,
        timer: timer.hear(load_for)?,
        load: load.done(load_for)?,
    })
}

/// Stamped lines in batches of 5 ms.
fn at_a_high_rate(options: &Options) -> Result<latency::Run> {
    let options = latency::Options {
        workload: Workload::WordCount,
        batch: vec![millis(5)],
        rate: "1M".parse()?,
        connections: 1,
        run_for: options.run_for,
        runs: 1,
        json: false,
        results: options.results.clone(),
    };
    latency::one(&options, millis(5))
}

fn role(name: &str, flags: &[&str]) -> Vec<String> {
    ["role", name].iter().chain(flags).map(ToString::to_string).collect()
}
