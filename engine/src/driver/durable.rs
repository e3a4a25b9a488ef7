//! What a driver does for its stream to outlive the process: it goes on from what was written down, and has
//! checkpoints written.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::Duration as StdDuration;

use super::Driver;
use crate::error::{Error, Result};
use crate::journal::Recovered;
use crate::occasional::Occasional;
use crate::snapshot::Snapshot;
use crate::time::{Duration, Time, secs};
use crate::turn::Ran;

/// How often who waits for a checkpoint looks whether it still should.
const LOOK: StdDuration = StdDuration::from_millis(10);

/// A disk that takes longer than this for a first checkpoint is of no use.
const FIRST_LIMIT: Duration = secs(30);

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
    interval: Duration,
    /// From which batch on one is due.
    due_at: Time,
    /// Bytes of batches behind the newest, which would be run again.
    behind_bytes: u64,
    /// More than that are not left behind, however soon the next is due: they are read into memory again.
    most_behind_bytes: u64,
    /// One that is being written, and the bytes that will not be behind any more.
    under_way: Option<(Receiver<Result<()>>, u64)>,
    /// For a sentence about those that cannot be.
    said: Occasional,
}

impl Checkpointing {
    pub(super) fn new(interval: Duration, most_behind_bytes: u64) -> Self {
        Checkpointing {
            interval,
            due_at: Time::default(),
            behind_bytes: 0,
            most_behind_bytes,
            under_way: None,
            said: Occasional::default(),
        }
    }

    /// Whether one is due after the batch at `time`, and none under way.
    fn is_due(&mut self, time: Time) -> bool {
        if let Some((under_way, bytes)) = &self.under_way {
            match under_way.try_recv() {
                Err(TryRecvError::Empty) => return false,
                Ok(Ok(())) => {}
                // It was left out: what it should have had is behind the one before.
                Ok(Err(_)) | Err(TryRecvError::Disconnected) => self.behind_bytes += bytes,
            }
            self.under_way = None;
        }
        time >= self.due_at || self.behind_bytes > self.most_behind_bytes
    }

    /// One that was due after the batch at `time` cannot be. Says whether that is worth a sentence.
    fn is_left_out(&mut self, time: Time) -> bool {
        self.due_at = time + self.interval;
        self.said.is_time()
    }

    /// Notes that one is being written of all batches so far, the last of which is that at `time`.
    fn begun(&mut self, time: Time, written: Receiver<Result<()>>) {
        self.due_at = time + self.interval;
        self.under_way = Some((written, std::mem::take(&mut self.behind_bytes)));
    }
}

impl Driver {
    /// Runs again what had been begun when the process died, and takes in what no batch had been given.
    pub(super) fn go_on_from(&mut self, recovered: Recovered) -> Result {
        let (batches, mut waiting) = (recovered.again.len(), 0);
        for again in recovered.again {
            let time = again.assigned.time;
            self.next = time + self.orders.batch_interval;
            let Ran { report, first_error, logged_bytes } = self.turn().run_again(again)?;
            self.has_run(time, &report, first_error);
            self.are_behind(logged_bytes);
        }
        let policy = self.orders.engine.parts().policy;
        for logged in recovered.waiting {
            if self.graph.source(logged.source, &logged.name).is_some() {
                let (frame, reads) = (logged.frame, self.reads[logged.source]);
                self.intake.store_again(logged.parcel(policy), frame, reads);
                waiting += 1;
            }
        }
        self.recovered_waits = waiting > 0;
        if batches + waiting > 0 {
            self.orders.progress.warn(format!(
                "gone on from what was written down: {batches} batches were run again, and {waiting} parcels \
                 that no batch had been given are in the next one"
            ));
        }
        Ok(())
    }

    /// Has a checkpoint written where one is due after the batch at `time`, of which so many bytes are in the log;
    /// not where that was cut short, for it is to be run again.
    pub(super) fn checkpoint_if_due(&mut self, time: Time, logged_bytes: u64) {
        if self.cut_short {
            return;
        }
        self.are_behind(logged_bytes);
        if self.checkpointing.as_mut().is_some_and(|checkpointing| checkpointing.is_due(time)) {
            self.begin_checkpoint();
        }
    }

    /// A batch is in no checkpoint yet, of which so many bytes are in the log.
    fn are_behind(&mut self, logged_bytes: u64) {
        if let Some(checkpointing) = &mut self.checkpointing {
            checkpointing.behind_bytes += logged_bytes;
        }
    }

    /// Has a checkpoint written of what the batches so far have left; says whether. Where a window keeps a block that
    /// is damaged there can be none: what is in none is in the log, or lost with the process.
    fn begin_checkpoint(&mut self) -> bool {
        let (Some(checkpointing), Some(log)) = (&mut self.checkpointing, &self.log) else {
            return false;
        };
        let done = self.next - self.orders.batch_interval;
        let parts = Snapshot::take(&self.graph, &self.history.lock(), self.zero, done)
            .and_then(Snapshot::into_parts);
        match parts {
            Ok(parts) => {
                checkpointing.begun(done, log.checkpoint(parts));
                return true;
            }
            Err(error @ Error::SpilledDamaged { .. }) => {
                if checkpointing.is_left_out(done) {
                    let until = "checkpoints are left out until the window has moved on";
                    self.orders.progress.warn(format!("{error}; {until}"));
                }
            }
            Err(error) => self.orders.status.fail(error),
        }
        false
    }

    /// Writes the checkpoint that a new job begins with, for later ones count their slides from its time.
    pub(super) fn first_checkpoint(&mut self) -> Result {
        self.begin_checkpoint();
        let begun =
            self.checkpointing.as_mut().and_then(|checkpointing| checkpointing.under_way.take());
        let Some((written, _)) = begun else { return Ok(()) };
        let too_long =
            || Error::Deadline { what: "the first checkpoint".into(), limit: FIRST_LIMIT };
        written.recv_timeout(FIRST_LIMIT.to_std()).unwrap_or_else(|_| Err(too_long()))
    }

    /// Writes a checkpoint and waits for it, until `is_over`. Says whether it was written.
    pub(super) fn last_checkpoint(&mut self, is_over: impl Fn() -> bool) -> bool {
        if self.cut_short || !self.begin_checkpoint() {
            return false;
        }
        let under_way =
            self.checkpointing.as_ref().and_then(|checkpointing| checkpointing.under_way.as_ref());
        let Some((under_way, _)) = under_way else { return false };
        loop {
            match under_way.recv_timeout(LOOK) {
                Ok(written) => return written.is_ok(),
                Err(RecvTimeoutError::Timeout) if !is_over() => {}
                Err(_) => return false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_checkpoint_that_was_left_out_leaves_its_batches_behind() {
        let at = |seconds| Time::default() + secs(seconds);
        let mut checkpointing = Checkpointing::new(secs(10), 100);
        for (outcome, is_due) in [(Ok(()), false), (Err(Error::NoOutput), true)] {
            checkpointing.behind_bytes = 90;
            let (tell, told) = channel();
            checkpointing.begun(at(1), told);
            assert!(!checkpointing.is_due(at(20)), "one is under way");
            tell.send(outcome).unwrap();
            checkpointing.behind_bytes += 20;
            assert_eq!(checkpointing.is_due(at(2)), is_due);
        }
        assert!(checkpointing.is_due(at(11)));
    }
}
