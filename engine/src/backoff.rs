//! How long to wait before something that has failed is tried again: a dial, a receiver's start, a write.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);

/// Spark waits this long every time.
const CEILING: Duration = Duration::from_secs(2);

/// Doubles from 100 ms to 2 s, and starts again after a success.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait after one more failure.
    pub(crate) fn failed(&mut self) -> Duration {
        let wait = FIRST.saturating_mul(1 << self.failures.min(10));
        self.failures = self.failures.saturating_add(1);
        wait.min(CEILING)
    }

    /// Starts again; says whether something had failed.
    pub(crate) fn succeeded(&mut self) -> bool {
        std::mem::take(&mut self.failures) > 0
    }

    /// Whether the last failure is worth a sentence: the first of a row, and then every thirtieth,
    /// about once a minute.
    pub(crate) fn worth_a_word(&self) -> bool {
        self.failures % 30 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_ceiling_and_start_again() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..7).map(|_| backoff.failed().as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1600, 2000, 2000]);
        backoff.succeeded();
        assert_eq!(backoff.failed(), FIRST);
        assert!(backoff.worth_a_word());
        backoff.failed();
        assert!(!backoff.worth_a_word());
    }
}
