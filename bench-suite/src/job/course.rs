//! How a run went on: a bounded number of moments, however long it was.

use millstream::Duration;
use millstream::progress::BatchReport;
use serde::{Deserialize, Serialize};

/// The most moments of a course. When there are more, neighbours become one.
const MOST_MOMENTS: usize = 120;

/// Some batches that follow one another, as one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// The label of the last of them, in milliseconds after that of the first batch with records.
    pub at_ms: i64,
    /// How many there are.
    pub batches: u64,
    /// Records in all of them.
    pub records: u64,
    /// The longest processing time of one of them.
    pub processing_ms: f64,
    /// The longest time that one of them waited for its turn.
    pub scheduling_delay_ms: f64,
}

/// Moments of equal numbers of batches, but for the last.
#[derive(Default)]
pub(super) struct Course {
    batches_each: u64,
    moments: Vec<Moment>,
}

impl Course {
    /// One more batch, so long after the first with records.
    pub(super) fn add(&mut self, since_first: Duration, report: &BatchReport) {
        let batch = Moment {
            at_ms: since_first.as_millis(),
            batches: 1,
            records: report.records,
            processing_ms: rounded(report.processing_ms),
            scheduling_delay_ms: rounded(report.scheduling_delay_ms),
        };
        match self.moments.last_mut() {
            Some(last) if last.batches < self.batches_each => *last = last.with(&batch),
            _ => self.moments.push(batch),
        }
        if self.moments.len() > MOST_MOMENTS {
            self.batches_each = 2 * self.batches_each.max(1);
            let pairs = self.moments.chunks(2);
            self.moments =
                pairs.map(|pair| pair[1..].iter().fold(pair[0], |a, b| a.with(b))).collect();
        }
    }

    pub(super) fn moments(&self) -> &[Moment] {
        &self.moments
    }
}

impl Moment {
    fn with(&self, later: &Moment) -> Moment {
        Moment {
            at_ms: later.at_ms,
            batches: self.batches + later.batches,
            records: self.records + later.records,
            processing_ms: self.processing_ms.max(later.processing_ms),
            scheduling_delay_ms: self.scheduling_delay_ms.max(later.scheduling_delay_ms),
        }
    }
}

/// To a microsecond, which is as much as is kept of it.
fn rounded(ms: f64) -> f64 {
    (ms * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests {
    use millstream::{Time, secs};

    use super::*;

    fn course(batches: u64) -> Vec<Moment> {
        let mut course = Course::default();
        for n in 0..batches {
            let mut report = BatchReport::from((Time::default(), secs(1)));
            (report.records, report.processing_ms) = (10, n as f64);
            course.add(secs(n), &report);
        }
        course.moments().to_vec()
    }

    #[test]
    fn a_short_run_has_a_moment_for_each_batch() {
        let moments = course(3);
        let at: Vec<_> = moments.iter().map(|m| (m.at_ms, m.batches, m.processing_ms)).collect();
        assert_eq!(at, [(0, 1, 0.0), (1000, 1, 1.0), (2000, 1, 2.0)]);
    }

    #[test]
    fn a_long_run_has_no_more_and_loses_no_batch() {
        for batches in [MOST_MOMENTS as u64, MOST_MOMENTS as u64 + 1, 1000, 12_345] {
            let moments = course(batches);
            assert!((MOST_MOMENTS / 2..=MOST_MOMENTS).contains(&moments.len()), "{batches}");
            assert_eq!(moments.iter().map(|m| m.batches).sum::<u64>(), batches);
            assert_eq!(moments.iter().map(|m| m.records).sum::<u64>(), 10 * batches);
            assert!(moments.is_sorted_by_key(|m| m.at_ms));
            let longest = moments.iter().map(|m| m.processing_ms).fold(0.0, f64::max);
            assert_eq!(longest, batches as f64 - 1.0);
        }
    }
}
