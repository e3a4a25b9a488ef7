//! How a socket receiver stops: it reads what has arrived if that is wanted, and closes everything.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::time::Duration as StdDuration;

use mio::Events;
use nix::sys::socket::{getsockopt, sockopt};

use super::{SocketReceiver, do_early};
use crate::intake::connection::Connection;
use crate::progress::Notice;

/// How often a draining receiver looks whether it may read on, beside being woken.
const PAUSE_LOOK: StdDuration = StdDuration::from_millis(10);

impl SocketReceiver {
    /// Reads what had arrived when the stop was ordered: a sender that goes on is not followed. It takes its time
    /// where there is a maximum rate.
    fn drain(&mut self) {
        let most: HashMap<usize, u64> = self
            .connections
            .iter_mut()
            .map(|(&id, c)| (id, c.came() + most_arrived_bytes(c)))
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
                    .is_some_and(|c| most.get(id).is_some_and(|&most| c.came() < most))
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
            // Nor is it waited for events that tell of what newcomers have shown.
            self.entrance.stir_all();
            self.tend_link(true);
            self.drain();
        }
        let unfinished =
            self.connections.values().filter(|c| c.has_unfinished_record()).count() as u64;
        if unfinished > 0 && !is_acknowledged {
            let notice = Notice::Unfinished { source: self.name.clone(), connections: unfinished };
            self.around.progress.notice(&notice);
        }
        // The driver keeps what was filled, and another receiver may want the slab.
        let work = self.filling.lock().let_go();
        do_early(work);
        if drain && is_acknowledged {
            self.end_talks();
        }
        if let Some(sentence) = self.denials.sentence() {
            self.around.progress.warn(format!("{}: {sentence}", self.name));
        }
    }
}

/// The most that the kernel may hold of a connection's bytes: it lets that grow while they come.
fn most_arrived_bytes(connection: &mut Connection) -> u64 {
    match getsockopt(connection.transport().socket(), sockopt::RcvBuf) {
        Ok(bytes) => bytes as u64,
        // So it is read until nothing is left, as far as the stop's time goes.
        Err(_) => u64::MAX / 2,
    }
}
