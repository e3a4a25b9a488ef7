//! Feeds lines: from the load generator, or from a bare loop.

use std::net::TcpListener;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use loadgen::{Data, Label, Load, Schedule, Stop, Text};
use serde::{Deserialize, Serialize};
use signal_hook::consts::{SIGINT, SIGTERM};

use super::{Listening, say};
use crate::job::Workload;
use crate::roof;
use crate::usage::{self, Usage};

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

pub(super) fn feed(options: &LoadOptions) -> Result<()> {
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

pub(super) fn send(options: &SendOptions) -> Result<()> {
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

/// Pulled by a signal.
fn stop_on_signals() -> Result<Stop> {
    let stop = Stop::new();
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, stop.flag())
            .context("the signals could not be watched")?;
    }
    Ok(stop)
}
