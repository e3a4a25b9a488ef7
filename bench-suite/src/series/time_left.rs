//! About how long runs to come will take.

use std::time::{Duration, Instant};

use loadgen::time;

/// By what was expected of all runs, and what those that are over have taken.
pub(crate) struct TimeLeft {
    started: Instant,
    expected_of_done: Duration,
    expected_of_others: Duration,
}

impl TimeLeft {
    /// Of runs that are expected to take so long.
    pub(crate) fn of(expected: impl Iterator<Item = Duration>) -> Self {
        let expected_of_others = expected.sum();
        TimeLeft { started: Instant::now(), expected_of_done: Duration::ZERO, expected_of_others }
    }

    pub(crate) fn one_is_done(&mut self, expected: Duration) {
        self.expected_of_done += expected;
        self.expected_of_others = self.expected_of_others.saturating_sub(expected);
    }

    /// In whole seconds, as people write it.
    pub(crate) fn told(&self) -> String {
        let taken_for_expected = match self.expected_of_done.as_secs_f64() {
            0.0 => 1.0,
            expected => self.started.elapsed().as_secs_f64() / expected,
        };
        let left = self.expected_of_others.mul_f64(taken_for_expected);
        time::written(Duration::from_secs(left.as_secs_f64().round() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_down_to_nothing() {
        let second = Duration::from_secs(1);
        let mut left = TimeLeft::of([second, 4 * second].into_iter());
        assert_eq!(left.told(), "5s");
        left.one_is_done(second);
        left.one_is_done(4 * second);
        assert_eq!(left.told(), "0s");
    }
}
