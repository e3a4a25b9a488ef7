//! How a driver stops: receivers first, then, if that is wanted, what they have received is processed.

use std::time::{Duration as StdDuration, Instant};

use super::Driver;
use crate::graph::SourceKind;
use crate::progress::Progress;
use crate::status::{Stop, Stopped};
use crate::threads::EngineThread;

/// A receiver that is told to leave everything takes microseconds, unless it is in the middle of early
/// work, whose end is waited for later; or the machine does not let it run.
pub(super) const STOP_NOW_LIMIT: StdDuration = StdDuration::from_secs(2);

/// How often the driver looks whether a draining receiver needs room.
const DRAIN_LOOK: StdDuration = StdDuration::from_millis(10);

impl Driver {
    /// Stops the receivers and, if `stop` is graceful, processes what they have received and has a last
    /// checkpoint written.
    pub(super) fn stop(&mut self, stop: Stop) -> Stopped {
        let limit = self
            .orders
            .engine
            .parts()
            .conf
            .graceful_stop_limit(self.orders.batch_interval)
            .to_std();
        let status = self.orders.status.clone();
        let deadline = status.deadline().unwrap_or_else(Instant::now);
        if stop == Stop::Now {
            self.intake.only_store();
            let all_read = self.stop_receivers(false, STOP_NOW_LIMIT);
            let drained = all_read && !self.has_more() && !self.cut_short;
            return Stopped { drained, checkpointed: false };
        }
        let all_read =
            self.stop_receivers(true, deadline.saturating_duration_since(Instant::now()));
        while self.has_more() {
            if Instant::now() >= deadline {
                self.orders.progress.warn(format!(
                    "the graceful stop took longer than {} ms; what is left is not processed \
                     (Conf::graceful_stop_timeout sets the limit)",
                    limit.as_millis()
                ));
                return Stopped { drained: false, checkpointed: false };
            }
            if status.wanted() == Some(Stop::Now) {
                return Stopped { drained: false, checkpointed: false };
            }
            self.run_next();
        }
        let is_over = || Instant::now() >= deadline || status.wanted() == Some(Stop::Now);
        let checkpointed = self.last_checkpoint(is_over);
        Stopped { drained: all_read && !self.cut_short, checkpointed }
    }

    /// Whether there is something that no batch has been given.
    fn has_more(&self) -> bool {
        let polled = self.graph.sources.iter().filter_map(|source| match &source.kind {
            SourceKind::Polled(poll) => Some(poll),
            SourceKind::Dial(..) | SourceKind::Listen(..) | SourceKind::Acknowledged(..) => None,
        });
        self.intake.has_unassigned() || polled.into_iter().any(|poll| poll.has_more())
    }

    /// Stops the receivers, which first read what has arrived if `drain`. Says whether they have,
    /// within `limit`.
    pub(super) fn stop_receivers(&mut self, drain: bool, limit: StdDuration) -> bool {
        let receivers = std::mem::take(&mut self.receivers);
        for receiver in &receivers {
            receiver.stop(drain);
        }
        let deadline = Instant::now() + limit;
        let mut in_time = true;
        for receiver in receivers {
            while in_time && !receiver.wait(DRAIN_LOOK) {
                in_time = Instant::now() < deadline
                    && (!drain || self.orders.status.wanted() != Some(Stop::Now));
                if in_time
                    && drain
                    && self.orders.engine.parts().slabs.is_full()
                    && self.intake.has_unassigned()
                {
                    // It waits for memory that only a batch gives back.
                    self.run_next();
                }
            }
            if !in_time {
                self.intake.only_store();
                receiver.stop(false);
                if !receiver.wait(STOP_NOW_LIMIT) {
                    let name = &self.graph.sources[receiver.source()].name;
                    self.orders
                        .progress
                        .warn(format!("the receiver of {name} did not stop in time"));
                }
            }
        }
        in_time
    }
}

/// Waits for the end of the writer's thread, and says so where that does not come.
pub(super) fn say_unless_ended(writer: Option<EngineThread>, progress: &Progress) {
    if writer.is_some_and(|writer| !writer.wait(STOP_NOW_LIMIT)) {
        progress.warn("the disk did not answer in time; what was being written is given up");
    }
}
