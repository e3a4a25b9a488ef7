//! The time that a schedule sees.

use std::time::{Duration, Instant};

/// Starts once, stands still while there is nobody to send to, and ends.
#[derive(Debug, Default)]
pub(crate) struct ScheduleClock {
    /// What was counted before the last pause.
    before: Duration,
    running_since: Option<Instant>,
    started: bool,
    ends: Option<Instant>,
}

impl ScheduleClock {
    /// Starts the clock, or lets it go on after a pause.
    pub(crate) fn run(&mut self, now: Instant) {
        self.started = true;
        self.running_since.get_or_insert(now);
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
        let running = self.running_since.map(|since| now.saturating_duration_since(since));
        self.before + running.unwrap_or_default()
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
}
