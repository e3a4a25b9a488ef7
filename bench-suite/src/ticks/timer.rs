//! A bare timer: a loop that sleeps until each tick, and does nothing else. What it is late by, the
//! machine is.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::Lateness;
use super::lateness::Noted;

/// How late a sleep ends that should end every `interval`, for as long as `run_for`.
pub fn bare_timer(interval: Duration, run_for: Duration) -> Lateness {
    wake_in_time();
    let mut noted = Noted::new();
    let started = Instant::now();
    let mut due = started;
    while due - started < run_for {
        due += interval;
        sleep(due.saturating_duration_since(Instant::now()));
        noted.note(due.elapsed());
    }
    noted.lateness()
}

/// Without the 50 µs that Linux may otherwise take to wake several threads at once: as good as a bare
/// timer can be.
fn wake_in_time() {
    // Where it is forbidden, the timer is later, and the benchmark milder by so much.
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_timerslack(1).unwrap_or(());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tick_is_noted_also_those_that_are_missed() {
        let lateness = bare_timer(Duration::from_micros(10), Duration::from_millis(20));
        assert_eq!(lateness.moments, 2000);
    }
}
