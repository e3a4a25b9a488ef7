//! What a driver does for its stream to outlive the process: it goes on from what was written down, and has
//! checkpoints written.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, TryRecvError};

use super::Driver;
use crate::error::{Error, Result};
use crate::journal::Recovered;
use crate::snapshot::Snapshot;
use crate::time::{Duration, Time};

/// Where and how a stream is made to outlive its process.
#[derive(Clone)]
pub(crate) struct Durability {
    pub(crate) directory: PathBuf,
    /// Whether to go on from what is in the directory; else there must be nothing.
    pub(crate) go_on: bool,
    /// How far checkpoints are apart.
    pub(crate) interval: Duration,
    /// Whether what receivers take in is logged before it counts.
    pub(crate) log: bool,
}

impl Durability {
    /// Fails where there is something in the directory that would be lost sight of.
    pub(super) fn check(&self, recovered: &Recovered) -> Result {
        let is_new =
            recovered.parts.is_none() && recovered.again.is_empty() && recovered.waiting.is_empty();
        match is_new || self.go_on {
            true => Ok(()),
            false => Err(Error::Setting {
                setting: "the checkpoint directory",
                got: format!("{}, in which a job has left off", self.directory.display()),
                want: "a new one, or gone on from, which StreamingContext::get_or_create does"
                    .into(),
            }),
        }
    }
}

/// The checkpoints of a running stream.
pub(super) struct Checkpointing {
    pub(super) interval: Duration,
    /// One that is being written.
    under_way: Option<Receiver<Result<()>>>,
}

impl Checkpointing {
    pub(super) fn every(interval: Duration) -> Self {
        Checkpointing { interval, under_way: None }
    }
}

impl Driver {
    /// Runs again what had been begun when the process died, and takes in what no batch had been given.
    pub(super) fn go_on_from(&mut self, recovered: Recovered) -> Result {
        let (batches, waiting) = (recovered.again.len(), recovered.waiting.len());
        for again in recovered.again {
            let time = again.assigned.time;
            self.next = time + self.orders.batch_interval;
            let (report, error) = self.turn().run_again(again)?;
            self.has_run(time, &report, error);
        }
        let policy = self.orders.engine.parts().policy;
        for logged in recovered.waiting {
            match self.graph.sources.get(logged.source) {
                Some(source) if source.name == logged.name => {
                    let frame = logged.frame;
                    self.intake.store_again(logged.parcel(policy), frame);
                }
                _ => self.orders.progress.warn(format!(
                    "the log has records of the source {:?}, which is not in its place; they are left out",
                    logged.name
                )),
            }
        }
        if batches + waiting > 0 {
            self.orders.progress.warn(format!(
                "gone on from what was written down: {batches} batches were run again, and {waiting} parcels \
                 that no batch had been given are in the next one"
            ));
        }
        Ok(())
    }

    /// Has a checkpoint written where one is due after the batch at `time`.
    pub(super) fn checkpoint_if_due(&mut self, time: Time) {
        let Some(checkpointing) = &mut self.checkpointing else { return };
        let is_busy = checkpointing
            .under_way
            .as_ref()
            .is_some_and(|under_way| matches!(under_way.try_recv(), Err(TryRecvError::Empty)));
        if !is_busy && (time - self.zero).is_multiple_of(checkpointing.interval) {
            self.begin_checkpoint();
        }
    }

    /// Has a checkpoint written of what the batches so far have left.
    fn begin_checkpoint(&mut self) {
        let (Some(checkpointing), Some(log)) = (&mut self.checkpointing, &self.log) else { return };
        let done = self.next - self.orders.batch_interval;
        let parts = Snapshot::take(&self.graph, &self.history, self.zero, done)
            .and_then(Snapshot::into_parts);
        match parts {
            Ok(parts) => checkpointing.under_way = Some(log.checkpoint(parts)),
            Err(error) => self.orders.status.fail(error),
        }
    }

    /// Writes a checkpoint and waits for it, for as long as a stop may take. Says whether it was written.
    pub(super) fn last_checkpoint(&mut self, is_over: impl Fn() -> bool) -> bool {
        self.begin_checkpoint();
        let Some(checkpointing) = &self.checkpointing else { return false };
        let Some(under_way) = &checkpointing.under_way else { return false };
        loop {
            match under_way.recv_timeout(super::stopping::LOOK) {
                Ok(written) => return written.is_ok(),
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) if !is_over() => {}
                Err(_) => return false,
            }
        }
    }
}
