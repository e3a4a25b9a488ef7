//! The wall clock, as it stood at one moment.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Read once, and then counted on by the monotonic clock: a step moves it no more.
///
/// Latencies of stamped records are differences of such clocks of two processes.
///
/// ```
/// let clock = loadgen::WallClock::now();
/// assert!(clock.now_us() > 1_700_000_000_000_000);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct WallClock {
    wall_us: u64,
    read_at: Instant,
}

impl WallClock {
    /// Reads it.
    pub fn now() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { wall_us: wall.as_micros() as u64, read_at: Instant::now() }
    }

    /// Now, in microseconds since the epoch.
    pub fn now_us(&self) -> u64 {
        self.at_us(Instant::now())
    }

    /// At a moment, in microseconds since the epoch.
    pub fn at_us(&self, moment: Instant) -> u64 {
        let since = moment.saturating_duration_since(self.read_at).as_micros() as u64;
        let before = self.read_at.saturating_duration_since(moment).as_micros() as u64;
        (self.wall_us + since).saturating_sub(before)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn goes_by_the_monotonic_clock_in_both_directions() {
        let clock = WallClock::now();
        let second = Duration::from_secs(1);
        assert_eq!(clock.at_us(clock.read_at + second), clock.wall_us + 1_000_000);
        assert_eq!(clock.at_us(clock.read_at - second), clock.wall_us - 1_000_000);
    }
}
