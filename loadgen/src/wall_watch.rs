//! Notices that the wall clock has been set.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A clock that is being adjusted gains or loses at most half a millisecond a second; what is more
/// than this between two looks is a step.
const LEAST_STEP: Duration = Duration::from_millis(20);

/// Compares the wall clock with the monotonic one, at each look with the last.
///
/// Latencies are differences of wall clocks of two processes. Each goes on from its start by the
/// monotonic clock, so a step while they run moves nothing; but a process that starts after the step
/// does not agree with one that started before it.
#[derive(Clone, Debug)]
pub struct WallWatch {
    last: (i128, Instant),
}

impl WallWatch {
    /// Looks for the first time.
    pub fn new() -> Self {
        Self { last: (wall_us(), Instant::now()) }
    }

    /// By how many milliseconds the wall clock was set forward, or back if below zero, since the
    /// last look; nothing if it was not.
    pub fn step_ms(&mut self) -> Option<i64> {
        let before = Instant::now();
        let wall_us = wall_us();
        let after = Instant::now();
        // Kept from the processor between the two, it would see a step where there is none.
        let is_one_moment = after.duration_since(before) < LEAST_STEP / 4;
        is_one_moment.then(|| self.see(wall_us, after)).flatten()
    }

    /// Whether a clock that was set by so much in all is elsewhere than it would be.
    pub fn is_elsewhere(set_by_ms: i64) -> bool {
        u128::from(set_by_ms.unsigned_abs()) >= LEAST_STEP.as_millis()
    }

    fn see(&mut self, wall_us: i128, now: Instant) -> Option<i64> {
        let (last_us, last) = std::mem::replace(&mut self.last, (wall_us, now));
        let passed = now.saturating_duration_since(last);
        let step_us = wall_us - last_us - passed.as_micros() as i128;
        let is_step = step_us.unsigned_abs() >= LEAST_STEP.as_micros();
        is_step.then_some((step_us / 1000) as i64)
    }
}

impl Default for WallWatch {
    fn default() -> Self {
        Self::new()
    }
}

fn wall_us() -> i128 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_micros() as i128
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_noticed_once_and_an_adjusted_clock_is_none() {
        let start = Instant::now();
        let mut watch = WallWatch { last: (0, start) };
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(watch.see(1_000_500, at(1)), None);
        assert_eq!(watch.see(5_000_500, at(2)), Some(3_000));
        assert_eq!(watch.see(6_000_500, at(3)), None);
        assert_eq!(watch.see(-1_000_000, at(4)), Some(-8_000));
    }
}
