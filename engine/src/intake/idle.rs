//! Connections from which nothing comes: found without a look at those from which something does.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::{Duration, Instant};

use super::connection::Connection;
use crate::occasional::Occasional;

/// As few entries are not worth clearing away.
const FEW: usize = 1024;

/// Each connection has one moment at which it is looked at, a timeout after the last look or the last byte
/// that was known then. So a connection costs a look a timeout, however much comes, and a read costs nothing.
pub(super) struct IdleWatch {
    timeout: Duration,
    looks: BinaryHeap<Reverse<(Instant, usize)>>,
    closed: u64,
    time: Occasional,
}

impl IdleWatch {
    pub(super) fn new(timeout: Duration) -> Self {
        IdleWatch { timeout, looks: BinaryHeap::new(), closed: 0, time: Occasional::default() }
    }

    /// Watches a connection from which something has come at `heard_at`; the watch begins anew with each call.
    pub(super) fn look_after(&mut self, id: usize, heard_at: Instant) {
        // A timeout beyond what the clock can tell never ends.
        if let Some(at) = heard_at.checked_add(self.timeout) {
            self.looks.push(Reverse((at, id)));
        }
    }

    /// When the next look is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.looks.peek().map(|Reverse((at, _))| *at)
    }

    /// A connection that is due for a look at `now`.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<usize> {
        self.due().filter(|at| *at <= now)?;
        self.looks.pop().map(|Reverse((_, id))| id)
    }

    /// Whether nothing has come for too long.
    pub(super) fn is_too_long(&self, heard_at: Instant, now: Instant) -> bool {
        now.saturating_duration_since(heard_at) >= self.timeout
    }

    /// Forgets those that have gone, once they are most of what is watched.
    pub(super) fn forget_gone(&mut self, connections: &HashMap<usize, Connection>) {
        if self.looks.len() > FEW + 2 * connections.len() {
            self.looks.retain(|Reverse((_, id))| connections.contains_key(id));
        }
    }

    /// Counts a connection that is closed, and says why.
    pub(super) fn close(&mut self) -> String {
        self.closed += 1;
        format!("nothing has come over it for {} ms (Conf::idle_timeout)", self.timeout.as_millis())
    }

    /// A sentence about those that were closed and not told of, once a minute at most.
    pub(super) fn sentence_if_due(&mut self) -> Option<String> {
        if self.closed == 0 || !self.time.is_time() {
            return None;
        }
        let (closed, timeout_ms) = (std::mem::take(&mut self.closed), self.timeout.as_millis());
        Some(format!(
            "connections were closed because nothing had come over them for {timeout_ms} ms \
             (Conf::idle_timeout): {closed}"
        ))
    }
}
