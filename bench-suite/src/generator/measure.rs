//! Who runs when: one sender at a time, with a reader that discards.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use loadgen::Schedule;
use serde::Serialize;

use super::Options;
use crate::part::{FeedingLoad, Part};
use crate::role::{LoadDone, RoofDone, RoofJob, SendDone};
use crate::stderr;
use crate::usage::Usage;
use loadgen::time;

/// How long a sender goes at full speed: two seconds to warm up, two to measure.
const FULL_SPEED: Duration = Duration::from_secs(4);

#[derive(Debug, Serialize)]
pub(super) struct Measured {
    /// For each rate, what the generator says.
    pub(super) held: Vec<LoadDone>,
    pub(super) turns: Vec<Turn>,
}

/// Generator and bare sender, one after the other.
#[derive(Debug, Serialize)]
pub(super) struct Turn {
    pub(super) generator: FullSpeed,
    pub(super) bare: FullSpeed,
}

/// One sender at full speed.
#[derive(Debug, Serialize)]
pub(super) struct FullSpeed {
    /// What the reader got.
    pub(super) bytes_per_s: f64,
    pub(super) bytes_sent: u64,
    /// What the sender cost.
    pub(super) usage: Usage,
}

pub(super) fn all(options: &Options) -> Result<Measured> {
    let seconds = options.rates.len() as u64 * options.run_for.as_secs()
        + 2 * options.turns as u64 * FULL_SPEED.as_secs();
    let steps = options.rates.len() + options.turns;
    stderr::tell(format_args!(
        "{steps} measurements, about {seconds} s in all; the machine should do nothing else"
    ));
    let mut held = Vec::new();
    for rate in &options.rates {
        stderr::tell(format_args!(
            "{}/{steps}  {rate} lines/s for {:?}",
            held.len() + 1,
            options.run_for
        ));
        held.push(hold(rate, options)?);
    }
    let mut turns = Vec::new();
    for turn in 1..=options.turns {
        stderr::tell(format_args!(
            "{}/{steps}  full speed, turn {turn}",
            options.rates.len() + turn
        ));
        let generator = generator_at_full_speed(options)?;
        turns.push(Turn { generator, bare: bare_at_full_speed(options)? });
    }
    Ok(Measured { held, turns })
}

fn hold(rate: &Schedule, options: &Options) -> Result<LoadDone> {
    let load = FeedingLoad::start(
        &[
            "--rate",
            &rate.to_string(),
            "--connections",
            &options.connections.to_string(),
            "--for",
            &time::written(options.run_for),
        ]
        .map(String::from),
    )?;
    let reader = reader(load.address, options, options.run_for + Duration::from_secs(2))?;
    let done = load.done(options.run_for);
    // It would read on from nobody.
    drop(reader);
    done
}

fn generator_at_full_speed(options: &Options) -> Result<FullSpeed> {
    let load = FeedingLoad::start(&["--connections".into(), options.connections.to_string()])?;
    let read: RoofDone = reader(load.address, options, FULL_SPEED)?.hear(FULL_SPEED)?;
    let LoadDone { sent, usage } = load.end()?;
    Ok(FullSpeed { bytes_per_s: read.bytes_per_s, bytes_sent: sent.bytes, usage })
}

fn bare_at_full_speed(options: &Options) -> Result<FullSpeed> {
    let connections = options.connections.to_string();
    let args = ["role", "send", "--connections", &connections].map(String::from);
    let (mut sender, address) = Part::start_listening("bare sender", &args)?;
    let read: RoofDone = reader(address, options, FULL_SPEED)?.hear(FULL_SPEED)?;
    let SendDone { bytes, usage } = sender.end()?;
    Ok(FullSpeed { bytes_per_s: read.bytes_per_s, bytes_sent: bytes, usage })
}

fn reader(address: SocketAddr, options: &Options, run_for: Duration) -> Result<Part> {
    let time = time::written(run_for);
    let mut args =
        ["role", "roof", RoofJob::Receive.name(), "--for", &time].map(String::from).to_vec();
    for _ in 0..options.connections {
        args.extend(["--connect".into(), address.to_string()]);
    }
    Part::start("reader", &args)
}
