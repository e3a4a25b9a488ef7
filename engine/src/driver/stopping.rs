//! How a driver stops: receivers first, then, if that is wanted, what they have received is processed.

use std::time::{Duration as StdDuration, Instant};

use super::Driver;
use crate::block::SourceId;
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
    /// within `limit`. Where a maximum rate does not let all of it in within half of that, the rest is left.
    pub(super) fn stop_receivers(&mut self, drain: bool, limit: StdDuration) -> bool {
        let receivers = std::mem::take(&mut self.receivers);
        for receiver in &receivers {
            receiver.stop(drain);
        }
        let ordered = Instant::now();
        let (deadline, read_until) = (ordered + limit, ordered + limit / 2);
        let mut in_time = true;
        for receiver in receivers {
            let is_paced = drain && self.reads_at_a_maximum_rate(receiver.source());
            let mut leaves_the_rest = false;
            while in_time && !receiver.wait(DRAIN_LOOK) {
                let now = Instant::now();
                in_time =
                    now < deadline && (!drain || self.orders.status.wanted() != Some(Stop::Now));
                if in_time && is_paced && !leaves_the_rest && now >= read_until {
                    leaves_the_rest = true;
                    receiver.stop(false);
                }
                if in_time && drain && self.runs_on(is_paced) {
                    self.run_next();
                }
            }
            let name = &self.graph.sources[receiver.source()].name;
            if in_time && leaves_the_rest {
                self.orders.progress.warn(format!(
                    "{name}: what Conf::max_rate has not let in within half of the time for the stop is left \
                     unread (Conf::graceful_stop_timeout sets the limit)"
                ));
            }
            if !in_time {
                self.intake.only_store();
                receiver.stop(false);
                if !receiver.wait(STOP_NOW_LIMIT) {
                    self.orders
                        .progress
                        .warn(format!("the receiver of {name} did not stop in time"));
                }
            }
        }
        in_time
    }

    /// Whether a receiver that drains may take long for its rate alone. One whose lines are acknowledged reads no
    /// more of them, and what users' receivers would store is refused.
    fn reads_at_a_maximum_rate(&self, source: SourceId) -> bool {
        let reads = matches!(
            self.graph.sources[source].kind,
            SourceKind::Dial(..) | SourceKind::Listen(..)
        );
        let rate = self.rates.get(source).and_then(Option::as_ref);
        reads && rate.is_some_and(|rate| rate.has_maximum())
    }

    /// Whether a batch is to run while a receiver drains: it waits for memory that only a batch gives back, its own, or
    /// one by which windows of raw records move on; or it takes its time, and its records are to have their batches as
    /// before, and not be one burst at the end.
    fn runs_on(&self, is_paced: bool) -> bool {
        let is_full = self.orders.engine.parts().slabs.is_full();
        let has_unassigned = self.intake.has_unassigned();
        if is_full && (has_unassigned || self.history.lock().bytes() > 0) {
            return true;
        }
        let is_due = is_paced && self.clock.now() >= self.backlog.waits_for(self.next, self.ended);
        is_due && has_unassigned
    }
}

/// Waits for the end of the writer's thread, and says so where that does not come.
pub(super) fn say_unless_ended(writer: Option<EngineThread>, progress: &Progress) {
    if writer.is_some_and(|writer| !writer.wait(STOP_NOW_LIMIT)) {
        progress.warn("the disk did not answer in time; what was being written is given up");
    }
}
