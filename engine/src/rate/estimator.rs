//! The rate that batches can keep up with, by a controller with a proportional, an integral and a derivative
//! part.

use super::pid::Pid;
use crate::error::{Error, Result};
use crate::time::{Duration, Time};

/// Estimates, after each batch, how many records a second of a source can be processed. The formula of
/// Spark's `PIDRateEstimator` (`org.apache.spark.streaming.scheduler.rate`):
///
/// ```text
/// rate of the batch   p = records / processing time
/// error               e = last rate - p
/// what waits          h = scheduling delay * p / batch interval
/// trend               d = (e - last e) / time since the last estimate
/// new rate              = last rate - proportional * e - integral * h - derivative * d,
///                         but no less than the minimum rate
/// ```
///
/// With Spark's constants that is `p - 0.2 h`: the rate follows the last batch, less a fifth of what waits.
///
/// ```
/// use millstream::rate::{Pid, RateEstimator};
/// use millstream::{Time, secs};
///
/// let mut estimator = RateEstimator::new(secs(1), Pid::default())?;
/// let at = |seconds: i64| Time::from_millis(seconds * 1000);
/// assert_eq!(estimator.after_batch(at(1), 5000, 500.0, 0.0), None);
/// // 4,000 records a second were processed, half a second late: a fifth of 2,000 is made good.
/// assert_eq!(estimator.after_batch(at(2), 4000, 1000.0, 500.0), Some(3600.0));
/// # Ok::<(), millstream::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RateEstimator {
    batch_interval_ms: f64,
    pid: Pid,
    /// What the last batch that counted has left; `None` before the first.
    last: Option<Last>,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    at: Time,
    rate: f64,
    error: f64,
}

impl RateEstimator {
    /// For batches every `batch_interval`.
    ///
    /// Fails where the batch interval or the minimum rate is not positive, where another constant is negative,
    /// and where one is not finite.
    pub fn new(batch_interval: Duration, pid: Pid) -> Result<Self> {
        if batch_interval <= Duration::ZERO {
            return Err(Error::NotPositive { what: "batch interval", got: batch_interval });
        }
        pid.check()?;
        Ok(RateEstimator { batch_interval_ms: batch_interval.as_millis() as f64, pid, last: None })
    }

    /// The rate, in records a second, after a batch that was over at `ended` and had so many records of the
    /// source.
    ///
    /// A batch says nothing where it had no records, took no time, or ended no later than the one before. The
    /// first batch that does is only taken note of.
    pub fn after_batch(
        &mut self,
        ended: Time,
        records: i64,
        processing_ms: f64,
        scheduling_delay_ms: f64,
    ) -> Option<f64> {
        let is_later = match &self.last {
            Some(last) => ended > last.at,
            None => ended >= Time::default(),
        };
        if !is_later || records <= 0 || processing_ms.is_nan() || processing_ms <= 0.0 {
            return None;
        }
        let batch_rate = records as f64 / processing_ms * 1000.0;
        let Some(last) = self.last else {
            self.last = Some(Last { at: ended, rate: batch_rate, error: 0.0 });
            return None;
        };
        let error = last.rate - batch_rate;
        let waiting = scheduling_delay_ms * batch_rate / self.batch_interval_ms;
        let trend = (error - last.error) / ((ended - last.at).as_millis() as f64 / 1000.0);
        let Pid { proportional, integral, derivative, min_rate } = self.pid;
        let rate = last.rate - proportional * error - integral * waiting - derivative * trend;
        let rate = rate.max(min_rate);
        self.last = Some(Last { at: ended, rate, error });
        Some(rate)
    }

    /// The rate that the next estimate begins with: the last one, or that of the first batch.
    pub(crate) fn rate(&self) -> Option<f64> {
        self.last.map(|last| last.rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::secs;

    fn at(millis: i64) -> Time {
        Time::from_millis(millis)
    }

    #[test]
    fn constants_out_of_range_are_refused_with_the_number() {
        let of = |pid| RateEstimator::new(secs(1), pid).map(drop).map_err(|e| e.to_string());
        for bad in [-1.0, f64::NAN, f64::INFINITY] {
            let refused = [
                of(Pid { proportional: bad, ..Pid::default() }),
                of(Pid { integral: bad, ..Pid::default() }),
                of(Pid { derivative: bad, ..Pid::default() }),
                of(Pid { min_rate: bad, ..Pid::default() }),
            ];
            for refused in refused {
                assert!(refused.unwrap_err().contains(&bad.to_string()), "{bad}");
            }
        }
        assert!(of(Pid { min_rate: 0.0, ..Pid::default() }).is_err());
        assert!(of(Pid { proportional: 0.0, integral: 0.0, ..Pid::default() }).is_ok());
        for millis in [0, -5] {
            let interval = Duration::from_millis(millis);
            assert!(RateEstimator::new(interval, Pid::default()).is_err());
        }
    }

    #[test]
    fn a_source_that_is_offered_more_than_can_be_done_settles_at_what_can() {
        // A record takes 0.4 ms, and 50 ms are there for each batch; a sender would send ten times as much.
        let mut estimator = RateEstimator::new(secs(1), Pid::default()).unwrap();
        let (mut rate, mut free_at) = (25_000.0, 0.0);
        for n in 1..=50 {
            let due = n as f64 * 1000.0;
            let records = (25_000.0_f64).min(rate);
            let processing_ms = 50.0 + 0.4 * records;
            let late = (free_at - due).max(0.0);
            free_at = due + late + processing_ms;
            let ended = at(free_at as i64);
            if let Some(new) = estimator.after_batch(ended, records as i64, processing_ms, late) {
                rate = new;
            }
        }
        let late = free_at - 51_000.0;
        assert!((2_000.0..2_500.0).contains(&rate), "{rate} records a second");
        assert!(late < 1000.0, "{late} ms late at the end");
    }

    #[test]
    fn the_derivative_part_follows_a_trend_by_the_time_between_estimates() {
        let pid = Pid { proportional: 0.5, integral: 0.0, derivative: 0.1, min_rate: 1.0 };
        let mut estimator = RateEstimator::new(secs(1), pid).unwrap();
        assert_eq!(estimator.after_batch(at(0), 1000, 1000.0, 0.0), None);
        // e = 1000 - 500, d = 500 / 2 s: 1000 - 250 - 25.
        assert_eq!(estimator.after_batch(at(2000), 500, 1000.0, 0.0), Some(725.0));
        // e = 725 - 500, d = (225 - 500) / 1 s: 725 - 112.5 + 27.5.
        assert_eq!(estimator.after_batch(at(3000), 500, 1000.0, 0.0), Some(640.0));
    }

    #[test]
    fn batches_that_say_nothing_leave_everything_as_it_was() {
        let mut estimator = RateEstimator::new(secs(1), Pid::default()).unwrap();
        assert_eq!(estimator.after_batch(at(-1), 10, 10.0, 0.0), None);
        assert_eq!(estimator.rate(), None);
        assert_eq!(estimator.after_batch(at(0), 10, 10.0, 0.0), None);
        assert_eq!(estimator.rate(), Some(1000.0));
        for (ended, records, processing) in
            [(0, 10, 10.0), (5, 0, 10.0), (5, -1, 10.0), (5, 10, 0.0), (5, 10, f64::NAN)]
        {
            assert_eq!(estimator.after_batch(at(ended), records, processing, 0.0), None);
        }
        assert_eq!(estimator.after_batch(at(1), 20, 10.0, 0.0), Some(2000.0));
    }
}
