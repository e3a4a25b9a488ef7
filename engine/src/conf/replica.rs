//! Settings of the second copy of what outlives the process.

use super::Conf;
use crate::error::{Error, Result};
use crate::secret::Secret;
use crate::time::{Duration, secs};

/// How long the replica may take where nothing else was set.
const TIMEOUT: Duration = secs(10);

/// Where a second copy is kept.
#[derive(Clone)]
pub(crate) struct ReplicaAt {
    /// `HOST:PORT`.
    pub(crate) address: String,
    token: Secret,
}

impl ReplicaAt {
    pub(crate) fn token(&self) -> Result<Secret> {
        self.token.check("the token of a replica (Conf::replica)")?;
        Ok(self.token.clone())
    }
}

impl Conf {
    /// Keeps a second copy of the checkpoint directory at the [`Replica`](crate::replica::Replica) that listens at
    /// `address`, `HOST:PORT`, and has been given the same `token`. The context needs a checkpoint directory.
    ///
    /// What is in a checkpoint is durable in both copies, and with [`write_ahead_log`](Conf::write_ahead_log) what counts
    /// as received or is acknowledged too; without it what was received since the newest checkpoint is in neither,
    /// and is lost with the process, which a warning says at the start. At a start both are
    /// brought together, and what one lacks, or has damaged, is taken from the other: a job whose disk is
    /// gone goes on from the replica. While the replica cannot be reached nothing is acknowledged; senders are held
    /// back, and a warning says so. Without the log batches go on meanwhile, but for outputs to files behind a
    /// checkpoint that is due, and so they do beside another start that has gone on from the replica's copy, until this
    /// one reaches it again. `docs/replica-protocol.md` says what becomes of every break.
    ///
    /// Outputs are not copied. A job is told from others at the replica by the application's name.
    ///
    /// Cost: what is logged is sent once more, and a sync takes a way over the network and back.
    pub fn replica(mut self, address: impl Into<String>, token: impl Into<String>) -> Self {
        self.replica =
            Some(ReplicaAt { address: address.into(), token: Secret::new(token.into()) });
        self
    }

    /// For how long nothing may move on the link to the replica, while something is waited for, before it is given
    /// up and dialled again; a start waits three times as long for a replica that cannot be reached. Left out, 10
    /// seconds.
    pub fn replica_timeout(mut self, limit: Duration) -> Self {
        self.replica_timeout = Some(limit);
        self
    }

    /// The limit, checked.
    pub(crate) fn replica_limit(&self) -> Result<Duration> {
        let limit = self.replica_timeout.unwrap_or(TIMEOUT);
        match limit > Duration::ZERO {
            true => Ok(limit),
            false => Err(Error::NotPositive { what: "replica timeout", got: limit }),
        }
    }
}
