//! Where a run stands.

use std::time::{Duration, Instant};

use super::outgoing::Tally;

/// The figures of a run, at a moment.
pub(crate) struct Standing {
    pub(crate) sent: Tally,
    /// Of the lines sent, those that are acknowledged; nothing where none ever is.
    pub(crate) acknowledged: Option<u64>,
    /// Time on the schedule's clock.
    pub(crate) elapsed: Duration,
    pub(crate) lag: Option<Duration>,
    /// Lines due so far; [`ENDLESS`](crate::schedule::ENDLESS) if there is no end of them.
    pub(crate) due: u64,
    /// What was sent by the end of the warm-up, and when that was; by now, if it goes on.
    pub(crate) warm_up: (Tally, Duration),
    /// Lines that were due by then, where lines have a moment.
    pub(crate) due_in_warm_up: u64,
    /// Lines due for which there was no connection.
    pub(crate) undealt: u64,
    pub(crate) connections: usize,
    pub(crate) connections_in_all: u64,
    /// Of these, those that the other side ended.
    pub(crate) connections_lost: u64,
    /// Those that have had all their lines, and that no other has replaced yet.
    pub(crate) spent: usize,
    pub(crate) is_ended: bool,
}

/// Whoever knows where the run stands.
pub(crate) trait Stands {
    fn standing(&self, now: Instant) -> Standing;
}
