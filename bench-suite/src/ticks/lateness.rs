//! How late many moments were.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// What is later than this counts as late.
const LATE: Duration = Duration::from_millis(1);

/// How late moments were, in microseconds, and how many of them were late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lateness {
    /// How many moments there were.
    pub moments: u64,
    /// Of these, how many were more than a millisecond late.
    pub late: u64,
    /// Half were so late at most.
    pub p50_us: f64,
    /// 99 % were.
    pub p99_us: f64,
    /// 99.9 % were.
    pub p99_9_us: f64,
    /// The latest.
    pub max_us: f64,
}

impl Lateness {
    /// The share of moments that were more than a millisecond late.
    pub fn late_share(&self) -> f64 {
        if self.moments == 0 { 0.0 } else { self.late as f64 / self.moments as f64 }
    }
}

/// Notes moments one by one.
pub(super) struct Noted {
    ns: Histogram<u64>,
    late: u64,
}

impl Noted {
    pub(super) fn new() -> Self {
        let ns = Histogram::new_with_bounds(1, 3_600_000_000_000, 3);
        Noted { ns: ns.expect("the bounds are in order"), late: 0 }
    }

    pub(super) fn note(&mut self, late: Duration) {
        self.late += u64::from(late > LATE);
        self.ns.saturating_record(u64::try_from(late.as_nanos()).unwrap_or(u64::MAX));
    }

    pub(super) fn lateness(&self) -> Lateness {
        let us = |ns: u64| ns as f64 / 1e3;
        Lateness {
            moments: self.ns.len(),
            late: self.late,
            p50_us: us(self.ns.value_at_quantile(0.50)),
            p99_us: us(self.ns.value_at_quantile(0.99)),
            p99_9_us: us(self.ns.value_at_quantile(0.999)),
            max_us: us(self.ns.max()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_a_millisecond_is_late_and_no_less() {
        let mut noted = Noted::new();
        for us in [10, 20, 30, 1000, 1001] {
            noted.note(Duration::from_micros(us));
        }
        let lateness = noted.lateness();
        assert_eq!((lateness.moments, lateness.late, lateness.late_share()), (5, 1, 0.2));
        assert!((29.9..30.1).contains(&lateness.p50_us), "{lateness:?}");
        assert_eq!(Noted::new().lateness(), Lateness::default());
    }
}
