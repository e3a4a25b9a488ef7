//! When each line is due.

mod clock;

use std::time::Duration;

use crate::rate::Rate;

pub(crate) use clock::ScheduleClock;

/// An open-loop schedule: what is due depends on the time alone, never on what was sent.
///
/// Times are counted from the schedule's start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    pub rate: Rate,
    pub records: Option<u64>,
}

/// How many lines are due when there is no end of them.
pub(crate) const ENDLESS: u64 = u64::MAX;

impl Schedule {
    /// How many lines are due by now.
    pub(crate) fn due(&self, elapsed: Duration) -> u64 {
        let records = self.records.unwrap_or(ENDLESS);
        match self.rate {
            Rate::Max => records,
            Rate::LinesPerS(lines_per_s) => {
                records.min((lines_per_s * elapsed.as_secs_f64()) as u64)
            }
        }
    }

    /// The moment at which a line is due, counting lines from 0.
    pub(crate) fn due_at(&self, line: u64) -> Duration {
        match self.rate {
            Rate::Max => Duration::ZERO,
            Rate::LinesPerS(lines_per_s) => {
                // A rate so low that the moment cannot be expressed means never.
                Duration::try_from_secs_f64((line + 1) as f64 / lines_per_s)
                    .unwrap_or(Duration::MAX)
            }
        }
    }

    /// Whether every line that was asked for is due by now.
    pub(crate) fn is_over(&self, elapsed: Duration) -> bool {
        self.records.is_some_and(|records| self.due(elapsed) == records)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_line_is_due_at_its_moment_and_not_before() {
        let schedule = Schedule { rate: Rate::LinesPerS(1000.0), records: None };
        let (just_before, moment) = (Duration::from_micros(4_999), Duration::from_micros(5_000));
        assert_eq!(schedule.due(just_before), 4);
        assert_eq!(schedule.due_at(4), moment);
        assert_eq!(schedule.due(moment), 5);
    }

    #[test]
    fn no_more_is_due_than_was_asked_for() {
        let schedule = Schedule { rate: Rate::LinesPerS(1000.0), records: Some(500) };
        assert_eq!(schedule.due(SECOND / 4), 250);
        assert!(!schedule.is_over(SECOND / 4));
        assert_eq!(schedule.due(SECOND), 500);
        assert!(schedule.is_over(SECOND));
    }

    #[test]
    fn without_a_rate_everything_is_due_at_once() {
        assert_eq!(Schedule { rate: Rate::Max, records: Some(7) }.due(Duration::ZERO), 7);
        assert_eq!(Schedule { rate: Rate::Max, records: None }.due(Duration::ZERO), ENDLESS);
    }
}
