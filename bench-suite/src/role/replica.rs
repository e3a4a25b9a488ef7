//! Holds copies for a durable job.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use millstream::replica::Replica;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::{Listening, say};

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

pub(super) fn hold(options: &ReplicaOptions) -> Result<()> {
    let mut signals =
        Signals::new([SIGINT, SIGTERM]).context("the signals could not be watched")?;
    let replica = Replica::listen(options.listen, &options.dir, &options.token)?;
    say(&Listening { listening: replica.address() })?;
    signals.forever().next();
    Ok(())
}
