//! The two copies of what the job must not lose, of which a death may take one: its directory, or the replica, or
//! what that has. Never both: the other one must have been filled again.

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;
use serde::Serialize;

use crate::killable::{KEPT_IN, REPLICA_TOKEN};
use crate::part::Part;
use crate::port::free_port;
use crate::role::Listening;

/// What deaths have taken besides.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Losses {
    /// How often the job's own copy was deleted.
    pub(super) directories_deleted: u64,
    /// How often the replica was killed, and of these how often its copy was deleted.
    pub(super) replicas_killed: u64,
    pub(super) replicas_deleted: u64,
}

/// The job's own directory, and the replica's.
pub(super) struct Copies {
    own: PathBuf,
    second: PathBuf,
    port: u16,
    replica: Option<Part>,
    /// Neither lacks anything that was acknowledged.
    are_both_whole: bool,
    losses: Losses,
}

impl Copies {
    /// Starts the replica of a job in `directory`.
    pub(super) fn start(directory: &Path) -> Result<Copies> {
        let mut copies = Copies {
            own: directory.join(KEPT_IN),
            second: directory.join("copies"),
            port: free_port()?,
            replica: None,
            are_both_whole: false,
            losses: Losses::default(),
        };
        copies.replica_starts()?;
        Ok(copies)
    }

    /// Where the replica listens.
    pub(super) fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// A life has ended, which had recovered, or not. Loses a copy now and then.
    pub(super) fn a_life_has_ended(
        &mut self,
        had_recovered: bool,
        rng: &mut Xoshiro256PlusPlus,
    ) -> Result<()> {
        self.are_both_whole |= had_recovered;
        match rng.random_range(0..6) {
            0 | 1 if self.are_both_whole => {
                self.are_both_whole = false;
                self.losses.directories_deleted += 1;
                delete(&self.own)
            }
            2 => self.replica_dies(false),
            3 if self.are_both_whole => self.replica_dies(true),
            _ => Ok(()),
        }
    }

    pub(super) fn losses(&self) -> Losses {
        self.losses.clone()
    }

    fn replica_dies(&mut self, and_its_copy: bool) -> Result<()> {
        if let Some(replica) = self.replica.take() {
            replica.kill()?;
        }
        self.losses.replicas_killed += 1;
        if and_its_copy {
            self.are_both_whole = false;
            self.losses.replicas_deleted += 1;
            delete(&self.second)?;
        }
        self.replica_starts()
    }

    fn replica_starts(&mut self) -> Result<()> {
        let (address, directory) = (self.address().to_string(), self.second.display().to_string());
        let flags = [
            "role",
            "replica",
            "--listen",
            &address,
            "--dir",
            &directory,
            "--token",
            REPLICA_TOKEN,
        ];
        let mut replica = Part::start("replica", &flags.map(String::from))?;
        let Listening { .. } = replica.hear(Duration::ZERO)?;
        self.replica = Some(replica);
        Ok(())
    }
}

fn delete(directory: &Path) -> Result<()> {
    match fs::remove_dir_all(directory) {
        Err(e) if e.kind() != ErrorKind::NotFound => {
            Err(e).with_context(|| directory.display().to_string())
        }
        _ => Ok(()),
    }
}

impl fmt::Display for Losses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<28}{:>12}", "own copies deleted", self.directories_deleted)?;
        writeln!(f, "{:<28}{:>12}", "replicas killed", self.replicas_killed)?;
        writeln!(f, "{:<28}{:>12}", "  and their copies deleted", self.replicas_deleted)
    }
}
