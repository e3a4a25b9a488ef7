//! The wall clock as a sender of stamped records sees it.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Read once, and then counted on by the monotonic clock, as the sender does: a step while both run
/// moves neither.
#[derive(Clone, Copy, Debug)]
pub(super) struct WallClock {
    start_us: u64,
    start: Instant,
}

impl WallClock {
    pub(super) fn start() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { start_us: since.as_micros() as u64, start: Instant::now() }
    }

    /// In microseconds since the epoch.
    pub(super) fn now_us(&self) -> u64 {
        self.start_us + self.start.elapsed().as_micros() as u64
    }
}
