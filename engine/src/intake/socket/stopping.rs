//! How a socket receiver stops: it reads what has arrived if that is wanted, and closes everything.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::time::Duration as StdDuration;

use mio::Events;

use super::{SocketReceiver, do_early};
use crate::intake::assignment::Stored;
use crate::progress::Notice;

/// The most that a kernel holds of a connection's bytes, with room to spare: Linux's default limit
/// is 6 MiB.
const MOST_ARRIVED_BYTES: u64 = 8 << 20;

/// How often a draining receiver looks whether it may read on, beside being woken.
const PAUSE_LOOK: StdDuration = StdDuration::from_millis(10);

impl SocketReceiver {
    /// Reads what had arrived when the stop was ordered: a sender that goes on is not followed. It takes its time
    /// where there is a maximum rate.
    fn drain(&mut self) {
        let most: HashMap<usize, u64> = self
            .connections
            .iter()
            .map(|(&id, c)| (id, c.received() + MOST_ARRIVED_BYTES))
            .collect();
        self.draining = true;
        if let Some(rate) = &self.around.rate {
            rate.lift_estimate();
        }
        for id in Vec::from_iter(self.connections.keys().copied()) {
            self.queue(id);
        }
        // What events would tell of is not waited for.
        self.connections.values_mut().for_each(|connection| connection.may_have_ended = true);
        while !self.ready.is_empty() && self.order.stop_wanted() == Some(true) {
            self.read_ready_once();
            let connections = &self.connections;
            self.ready.retain(|id| {
                connections
                    .get(id)
                    .is_some_and(|c| most.get(id).is_some_and(|&most| c.received() < most))
            });
            if self.paused.load(Ordering::Relaxed)
                && let Err(e) = self.poll.poll(&mut Events::with_capacity(8), Some(PAUSE_LOOK))
            {
                self.around.progress.warn(format!("{}: waiting for room failed: {e}", self.name));
                return;
            }
        }
    }

    /// Reads what has arrived if `drain`, closes the last blocks and everything else. A record
    /// that its sender had not finished is no record. What is acknowledged is what had been taken in: of the
    /// rest its senders hear nothing, and send it again.
    pub(super) fn stop(mut self, drain: bool) {
        let is_acknowledged = self.talks.is_some();
        if drain && !is_acknowledged {
            self.tend_link(true);
            self.drain();
        }
        let unfinished =
            self.connections.values().filter(|c| c.has_unfinished_record()).count() as u64;
        if unfinished > 0 && !is_acknowledged {
            let notice = Notice::Unfinished { source: self.name.clone(), connections: unfinished };
            self.around.progress.notice(&notice);
        }
        let work = self.filling.lock().cut(Stored::EarlyWorkMayBegin);
        do_early(work);
        if drain && is_acknowledged {
            self.end_talks();
        }
        if let Some(sentence) = self.denials.sentence() {
            self.around.progress.warn(format!("{}: {sentence}", self.name));
        }
    }
}
