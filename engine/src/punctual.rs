//! Timed waits that end on time.

use std::time::Duration;

/// Of an interval, what is spent looking at the clock instead of sleeping: one part in so many.
const WATCHED_SHARE: u32 = 100;

/// More than a thread that was to sleep is usually late by need not be watched.
const MOST_WATCHED: Duration = Duration::from_micros(150);

/// How long before its time a wait for something that comes every `interval` should end, so that the rest
/// is spent looking at the clock: the kernel wakes a thread that sleeps some time after it should.
pub(crate) fn watched(interval: Duration) -> Duration {
    (interval / WATCHED_SHARE).min(MOST_WATCHED)
}

/// Has the kernel wake the calling thread when a timed wait of it is over. Linux usually allows itself
/// 50 µs more, to wake several threads at once; a batch would begin that much later.
///
/// Cost: none but for the wake-ups that are no longer shared. Elsewhere than on Linux this does
/// nothing.
pub(crate) fn wake_this_thread_in_time() {
    // A sandbox may forbid it: then batches begin a little later.
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_timerslack(1).unwrap_or(());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_a_hundredth_of_the_time_is_watched() {
        assert_eq!(watched(Duration::from_millis(1)), Duration::from_micros(10));
        assert_eq!(watched(Duration::from_millis(10)), Duration::from_micros(100));
        assert_eq!(watched(Duration::from_secs(60)), MOST_WATCHED);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_kernel_may_not_wake_this_thread_late() {
        wake_this_thread_in_time();
        assert_eq!(nix::sys::prctl::get_timerslack(), Ok(1));
    }
}
