//! The time that a schedule sees.

use std::time::{Duration, Instant};

use crate::wall_clock::WallClock;

/// Starts once, stands still while there is nobody to send to, and ends.
#[derive(Debug, Default)]
pub(crate) struct ScheduleClock {
    /// What was counted before the last pause.
    before: Duration,
    running_since: Option<ScheduleTime>,
    started: bool,
    ends: Option<Instant>,
}

/// How the schedule's time, counted from its start, lies in the machine's and in the world's.
///
/// All three go by the machine's monotonic clock; the wall clock is read once, when the schedule
/// starts or goes on, so that its steps move nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScheduleTime {
    since: Instant,
    wall_us: u64,
    elapsed: Duration,
}

impl ScheduleTime {
    pub(crate) fn starting_at(now: Instant) -> Self {
        let wall_us = WallClock::now().at_us(now);
        Self { since: now, wall_us, elapsed: Duration::ZERO }
    }

    /// The schedule's time at a moment.
    pub(crate) fn elapsed(&self, now: Instant) -> Duration {
        self.elapsed + now.saturating_duration_since(self.since)
    }

    /// The world's time, in microseconds since the epoch, at a time of the schedule.
    pub(crate) fn wall_us(&self, elapsed: Duration) -> u64 {
        let since = elapsed.as_micros() as u64;
        (self.wall_us + since).saturating_sub(self.elapsed.as_micros() as u64)
    }
}

impl ScheduleClock {
    /// Starts the clock, or lets it go on after a pause.
    pub(crate) fn run(&mut self, now: Instant) {
        self.started = true;
        let elapsed = self.before;
        self.running_since
            .get_or_insert_with(|| ScheduleTime { elapsed, ..ScheduleTime::starting_at(now) });
    }

    /// Starts the clock at a time of the schedule that is not its beginning.
    pub(crate) fn run_from(&mut self, elapsed: Duration, now: Instant) {
        self.before = elapsed;
        self.run(now);
    }

    /// Lets the clock stand still.
    pub(crate) fn pause(&mut self, now: Instant) {
        self.before = self.elapsed(now);
        self.running_since = None;
    }

    /// Ends the clock at a moment, now or ahead; an earlier end stands.
    pub(crate) fn end(&mut self, moment: Instant) {
        self.ends = Some(self.ends.map_or(moment, |ends| ends.min(moment)));
    }

    /// The time counted by now.
    pub(crate) fn elapsed(&self, now: Instant) -> Duration {
        let now = self.ends.map_or(now, |ends| ends.min(now));
        self.running_since.map_or(self.before, |since| since.elapsed(now))
    }

    /// How its time lies in the world's, while it runs.
    pub(crate) fn time(&self) -> Option<ScheduleTime> {
        self.running_since
    }

    pub(crate) fn is_started(&self) -> bool {
        self.started
    }

    pub(crate) fn is_running(&self, now: Instant) -> bool {
        self.running_since.is_some() && !self.is_ended(now)
    }

    pub(crate) fn is_ended(&self, now: Instant) -> bool {
        self.ends.is_some_and(|ends| ends <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_runs_and_neither_pauses_nor_what_follows_the_end() {
        let zero = Instant::now();
        let at = |seconds| zero + Duration::from_secs(seconds);
        let mut clock = ScheduleClock::default();
        assert_eq!(clock.elapsed(at(1)), Duration::ZERO);
        clock.run(at(1));
        clock.pause(at(3));
        assert_eq!(clock.elapsed(at(9)), Duration::from_secs(2));
        clock.run(at(9));
        clock.end(at(12));
        clock.end(at(20));
        assert!(clock.is_running(at(11)) && !clock.is_ended(at(11)));
        assert_eq!(clock.elapsed(at(11)), Duration::from_secs(4));
        assert!(!clock.is_running(at(12)) && clock.is_ended(at(12)));
        assert_eq!(clock.elapsed(at(99)), Duration::from_secs(5));
    }

    #[test]
    fn the_schedules_time_lies_in_the_worlds() {
        let zero = Instant::now();
        let time =
            ScheduleTime { since: zero, wall_us: 5_000_000, elapsed: Duration::from_secs(2) };
        assert_eq!(time.elapsed(zero + Duration::from_secs(1)), Duration::from_secs(3));
        assert_eq!(time.wall_us(Duration::from_secs(3)), 6_000_000);
        assert_eq!(time.wall_us(Duration::from_secs(1)), 4_000_000);
    }
}
