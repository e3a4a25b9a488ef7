//! Since when a socket has had room that is found to have it.

use std::time::{Duration, Instant};

/// The system wakes a thread so much after what it has waited for, at most, if the thread is not kept
/// from the processor.
const WAKES_WITHIN: Duration = Duration::from_millis(5);

/// When a lane looked last.
///
/// Room that a reader has made is seen late if the lane itself was busy, or kept from the processor.
/// That is no fault of the reader's, and must not look like one: what is not known counts as the
/// lane's own lateness.
#[derive(Clone, Copy, Debug)]
pub(super) struct Looked {
    pub(super) last: Instant,
}

impl Looked {
    /// Since when there may have been room that is found now, by a wait of at most so long.
    pub(super) fn room_since(&self, begun: Instant, at_most: Duration, now: Instant) -> Instant {
        let waited = now.saturating_duration_since(begun);
        if waited > at_most + WAKES_WITHIN {
            // Woken late: it may have come at any time after the wait was to end.
            begun + at_most
        } else if waited < WAKES_WITHIN && begun.duration_since(self.last) > WAKES_WITHIN {
            // It was there already, and the lane was busy before.
            self.last
        } else {
            now
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_lane_did_not_see_is_its_own_lateness() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let looked = Looked { last: at(100) };
        let wait = Duration::from_millis(50);
        // Waited, and was woken.
        assert_eq!(looked.room_since(at(100), wait, at(140)), at(140));
        assert_eq!(looked.room_since(at(101), Duration::ZERO, at(101)), at(101));
        // Was stopped while it waited.
        assert_eq!(looked.room_since(at(100), wait, at(1_100)), at(150));
        // Was busy, or stopped, between two waits.
        assert_eq!(looked.room_since(at(900), wait, at(901)), at(100));
    }
}
