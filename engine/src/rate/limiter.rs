//! A limit on how many records come in a second: a bucket that fills by the clock, and is emptied by records.

use std::time::Duration;

/// As much as comes in so long may come at once, after a pause. Spark's `RateLimiter`
/// (`org.apache.spark.streaming.receiver`) saves up a whole second.
const BURST_S: f64 = 0.05;

/// Whoever has used up what there was waits until as much may come as in so long, so that a thread that waits
/// wakes up a hundred times a second at most.
const PORTION_S: f64 = 0.01;

/// What rounding may make of a record.
const ROUNDING: f64 = 1e-6;

/// Holds records to so many a second. In any span of time no more come than the limit allows for it, one
/// twentieth of a second's more (one record at least), and what those who take records were not able to know
/// beforehand: a read from a socket brings as many as it does. They are charged, and nothing may come until they
/// are paid for.
///
/// Times are told, as lengths since any fixed moment; they do not go back.
///
/// ```
/// use millstream::rate::RateLimiter;
/// use std::time::Duration;
///
/// let mut limiter = RateLimiter::new(1000.0);
/// let now = Duration::from_secs(7);
/// assert_eq!(limiter.may_take(now), 50);
/// limiter.charge(60, now);
/// assert_eq!(limiter.may_take(now), 0);
/// // The 10 too many, and a hundredth of a second's.
/// assert_eq!(limiter.free_at(now), Some(now + Duration::from_millis(20)));
/// ```
#[derive(Clone, Debug)]
pub struct RateLimiter {
    /// Infinite where there is none.
    max_rate: f64,
    /// Infinite where there is none.
    limit: f64,
    /// What may come; below zero, what came too much.
    credit: f64,
    /// When that was so.
    at: Option<Duration>,
    /// It was used up, and a portion is waited for.
    waits: bool,
}

impl RateLimiter {
    /// Never more than `max_rate` records a second; where that is not positive, there is no limit.
    pub fn new(max_rate: f64) -> Self {
        let max_rate = if max_rate > 0.0 { max_rate } else { f64::INFINITY };
        RateLimiter { max_rate, limit: max_rate, credit: 0.0, at: None, waits: false }
    }

    /// The limit, in records a second; `None` where there is none.
    pub fn limit(&self) -> Option<f64> {
        self.limit.is_finite().then_some(self.limit)
    }

    /// Sets the limit to `rate` records a second, or to the maximum where that is less, from `now` on. A rate
    /// that is not positive changes nothing.
    pub fn set_limit(&mut self, rate: f64, now: Duration) {
        if rate > 0.0 {
            self.fill(now);
            self.limit = rate.min(self.max_rate);
            self.credit = self.credit.min(self.burst());
        }
    }

    /// How many records may come now.
    pub fn may_take(&mut self, now: Duration) -> u64 {
        self.fill(now);
        if self.limit.is_infinite() {
            return u64::MAX;
        }
        self.waits = match self.waits {
            true => self.credit + ROUNDING < self.portion(),
            false => self.credit + ROUNDING < 1.0,
        };
        if self.waits { 0 } else { (self.credit + ROUNDING) as u64 }
    }

    /// So many records have come.
    pub fn charge(&mut self, records: u64, now: Duration) {
        self.fill(now);
        if self.limit.is_finite() {
            self.credit -= records as f64;
        }
    }

    /// When records may come again; `None` where they may now.
    pub fn free_at(&mut self, now: Duration) -> Option<Duration> {
        if self.may_take(now) > 0 {
            return None;
        }
        let missing_s = (self.portion() - self.credit).max(0.0) / self.limit;
        // No clock will show what is longer than a century.
        let missing = Duration::from_secs_f64(missing_s.min(3e9));
        Some(now.saturating_add(missing))
    }

    fn burst(&self) -> f64 {
        (self.limit * BURST_S).max(1.0)
    }

    fn portion(&self) -> f64 {
        (self.limit * PORTION_S).max(1.0)
    }

    fn fill(&mut self, now: Duration) {
        let passed = self.at.map(|at| now.saturating_sub(at));
        self.at = self.at.max(Some(now));
        self.credit = match passed {
            Some(passed) if self.limit.is_finite() => {
                self.credit + self.limit * passed.as_secs_f64()
            }
            // The first look, and without a limit: as after a pause.
            _ => f64::INFINITY,
        };
        self.credit = self.credit.min(self.burst());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Random;

    const MS: Duration = Duration::from_millis(1);

    /// What comes in the steps of a millisecond up to `until_ms` where each takes what it may.
    fn taken(limiter: &mut RateLimiter, from_ms: u32, until_ms: u32) -> u64 {
        let steps = (from_ms..until_ms).map(|ms| {
            let now = MS * ms;
            let may = limiter.may_take(now);
            limiter.charge(may, now);
            may
        });
        steps.sum()
    }

    #[test]
    fn a_second_has_as_many_as_it_may_and_a_twentieth_at_first() {
        for rate in [1.0, 20.0, 1000.0, 123_456.0, 1e7] {
            let mut limiter = RateLimiter::new(rate);
            let first = taken(&mut limiter, 0, 1000) as f64;
            let burst = (rate / 20.0).max(1.0);
            assert!(first <= rate + burst + 1.0 && first >= rate * 0.99 - 1.0, "{first} of {rate}");
            let then = taken(&mut limiter, 1000, 11_000) as f64;
            assert!((then - 10.0 * rate).abs() <= rate * 0.05 + 2.0, "{then} in ten of {rate}");
        }
    }

    #[test]
    fn a_pause_saves_up_a_twentieth_of_a_second_and_no_more() {
        let mut limiter = RateLimiter::new(1000.0);
        taken(&mut limiter, 0, 500);
        assert_eq!(limiter.may_take(MS * 60_000), 50);
        assert_eq!(limiter.may_take(MS * 600_000), 50);
    }

    #[test]
    fn no_span_of_time_has_more_than_the_limit_and_a_burst_whatever_is_asked_for() {
        let mut random = Random::new(1);
        let mut next = move |below: u64| random.below(below as usize) as u64;
        for _ in 0..200 {
            let rate = (1 + next(5000)) as f64;
            let burst = (rate / 20.0).max(1.0);
            let mut limiter = RateLimiter::new(rate);
            let (mut now, mut came) = (Duration::ZERO, Vec::new());
            // How much a step may bring more than it knows beforehand.
            let most_debt = next(30);
            for _ in 0..300 {
                now += Duration::from_micros(next(40_000));
                let may = limiter.may_take(now);
                if may == 0 {
                    continue;
                }
                let takes = 1 + next(may + most_debt);
                limiter.charge(takes, now);
                came.push((now, takes));
            }
            for first in 0..came.len() {
                let mut sum = 0;
                for &(at, takes) in &came[first..] {
                    sum += takes;
                    let span_s = (at - came[first].0).as_secs_f64();
                    let most = rate * span_s + burst + most_debt as f64 + 1.0;
                    assert!(sum as f64 <= most, "{sum} in {span_s} s at {rate} a second");
                }
            }
        }
    }

    #[test]
    fn a_debt_is_paid_before_anything_comes() {
        let mut limiter = RateLimiter::new(100.0);
        limiter.charge(205, Duration::ZERO);
        let free = limiter.free_at(Duration::ZERO).unwrap();
        assert_eq!(free, Duration::from_millis(2010));
        assert_eq!(limiter.may_take(free - MS), 0);
        assert_eq!(limiter.may_take(free), 1);
        assert_eq!(limiter.free_at(free), None);
    }

    #[test]
    fn under_a_clock_that_stands_still_no_more_comes_than_a_burst() {
        let mut limiter = RateLimiter::new(1000.0);
        let now = Duration::from_secs(5);
        let mut came = 0;
        for _ in 0..1000 {
            let may = limiter.may_take(now);
            limiter.charge(may.min(7), now);
            came += may.min(7);
        }
        assert_eq!(came, 50);
        assert_eq!(limiter.may_take(now - MS), 0, "nor does one that goes back bring any");
    }

    #[test]
    fn the_limit_stays_below_the_maximum_and_ignores_what_is_no_rate() {
        let mut limiter = RateLimiter::new(110.0);
        for (rate, limit) in [(105.0, 105.0), (200.0, 110.0), (0.0, 110.0), (-5.0, 110.0)] {
            limiter.set_limit(rate, Duration::ZERO);
            assert_eq!(limiter.limit(), Some(limit));
        }
        for none in [0.0, -1.0, f64::NAN] {
            let mut limiter = RateLimiter::new(none);
            assert_eq!(limiter.limit(), None);
            limiter.charge(1_000_000, Duration::ZERO);
            assert_eq!((limiter.may_take(MS), limiter.free_at(MS)), (u64::MAX, None));
            limiter.set_limit(1000.0, MS);
            assert!((1040..=1050).contains(&taken(&mut limiter, 1, 1001)));
        }
    }

    #[test]
    fn a_new_limit_holds_at_once() {
        let mut limiter = RateLimiter::new(0.0);
        limiter.set_limit(10_000.0, Duration::ZERO);
        assert_eq!(limiter.may_take(MS), 500);
        limiter.set_limit(100.0, MS);
        assert_eq!(limiter.may_take(MS), 5);
    }
}
