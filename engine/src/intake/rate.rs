//! The rate at which one receiver may take in records, beside the bytes that all of them may: a maximum, an
//! estimate of what batches can keep up with, or both.
//!
//! What is stored record by record waits until it may come. A read from a socket brings as many records as it
//! does, so it is bounded by the bytes that records have had so far, and what came too much is paid for by
//! waiting.

use std::sync::{Arc, OnceLock};
use std::time::Duration as StdDuration;

use parking_lot::Mutex;

use super::admission::Wake;
use crate::clock::Clock;
use crate::conf::Rates;
use crate::error::Result;
use crate::rate::{RateEstimator, RateLimiter};
use crate::time::Time;

/// A read brings no more bytes than twice the records of a second: so many end in it if all are empty, or nearly so. But
/// so few bytes that reading them costs more than it saves are not read by themselves.
const LEAST_READ_BYTES: usize = 64;

/// Bytes and records are weighed down by half once so many records have come: lines change.
const RECORDS_REMEMBERED: f64 = 1000.0;

/// The rate of one receiver.
pub(crate) struct SourceRate {
    clock: Clock,
    has_maximum: bool,
    state: Mutex<State>,
    wake: OnceLock<Wake>,
}

struct State {
    limiter: RateLimiter,
    /// With backpressure, and the lowest rate.
    estimator: Option<(RateEstimator, f64)>,
    sizes: Sizes,
}

impl SourceRate {
    /// As the settings have it; `None` where nothing limits a rate.
    pub(crate) fn new(rates: &Rates, clock: &Clock) -> Result<Option<Arc<Self>>> {
        let mut limiter = RateLimiter::new(rates.max_rate);
        let mut estimator = None;
        if let Some((initial_rate, pid)) = rates.backpressure {
            limiter.set_limit(initial_rate, clock.since_epoch());
            estimator = Some((RateEstimator::new(rates.batch_interval, pid)?, pid.min_rate));
        }
        let state = Mutex::new(State { limiter, estimator, sizes: Sizes::default() });
        let (clock, has_maximum) = (clock.clone(), rates.max_rate.is_finite());
        let rate = SourceRate { clock, has_maximum, state, wake: OnceLock::new() };
        Ok(rate.limit().map(|_| Arc::new(rate)))
    }

    /// Has `wake` called when the limit has changed. The first call counts.
    pub(super) fn on_change(&self, wake: Wake) {
        self.wake.get_or_init(|| wake);
    }

    /// Whether there is a maximum, whatever is estimated.
    pub(crate) fn has_maximum(&self) -> bool {
        self.has_maximum
    }

    /// In records a second.
    pub(crate) fn limit(&self) -> Option<f64> {
        self.state.lock().limiter.limit()
    }

    // ---- the receiver's side ----

    /// How many records may come now.
    pub(super) fn may_take(&self) -> u64 {
        self.state.lock().limiter.may_take(self.clock.since_epoch())
    }

    /// How long to wait until some may; no time where they may now. `None` where a clock that is moved by hand
    /// wakes whoever waits.
    pub(super) fn wait(&self) -> Option<StdDuration> {
        let free_at = self.state.lock().limiter.free_at(self.clock.since_epoch());
        free_at.map_or(Some(StdDuration::ZERO), |at| self.clock.remaining_since_epoch(at))
    }

    /// So many records are stored.
    pub(super) fn charge(&self, records: u64) {
        self.state.lock().limiter.charge(records, self.clock.since_epoch());
    }

    /// How many bytes a read may bring, for no more records than may come now, going by those so far; and not many more
    /// than in a second or two, however short they have become.
    pub(super) fn most_to_read(&self) -> usize {
        let mut state = self.state.lock();
        let records = state.limiter.may_take(self.clock.since_epoch());
        let bytes = state.sizes.bytes_of(records);
        match state.limiter.limit() {
            Some(limit) => bytes.min(((2.0 * limit) as usize).max(LEAST_READ_BYTES)),
            None => bytes,
        }
    }

    /// A read has brought so many bytes, and with them the ends of so many records.
    pub(super) fn has_read(&self, bytes: u64, records: u64) {
        let mut state = self.state.lock();
        state.sizes.has_read(bytes, records);
        state.limiter.charge(records, self.clock.since_epoch());
    }

    /// From now on the maximum alone binds: no batch comes any more that an estimate would be for.
    pub(super) fn lift_estimate(&self) {
        let mut state = self.state.lock();
        state.estimator = None;
        state.limiter.set_limit(f64::INFINITY, self.clock.since_epoch());
    }

    // ---- the driver's side ----

    /// A batch was over at `ended`, with so many records of this receiver.
    pub(crate) fn after_batch(
        &self,
        ended: Time,
        records: u64,
        processing_ms: f64,
        scheduling_delay_ms: f64,
    ) {
        let mut state = self.state.lock();
        let Some((estimator, min_rate)) = &mut state.estimator else { return };
        let nothing_known = estimator.rate().is_none();
        let records = i64::try_from(records).unwrap_or(i64::MAX);
        let rate = estimator.after_batch(ended, records, processing_ms, scheduling_delay_ms);
        // The original waits for a second batch. What the first has shown is better than what was guessed.
        let first = estimator.rate().filter(|_| nothing_known).map(|rate| rate.max(*min_rate));
        let Some(rate) = rate.or(first) else { return };
        state.limiter.set_limit(rate, self.clock.since_epoch());
        drop(state);
        if let Some(wake) = self.wake.get() {
            wake();
        }
    }
}

/// How long records are: unknown at first, and then taken for as long as what has come without an end.
#[derive(Default)]
struct Sizes {
    bytes: f64,
    records: f64,
}

impl Sizes {
    fn has_read(&mut self, bytes: u64, records: u64) {
        self.bytes += bytes as f64;
        self.records += records as f64;
        if self.records > RECORDS_REMEMBERED {
            self.bytes /= 2.0;
            self.records /= 2.0;
        }
    }

    /// The bytes of so many records, and one at least.
    fn bytes_of(&self, records: u64) -> usize {
        let mean = (self.bytes + 1.0) / (self.records + 1.0);
        // A number that is too large for one becomes the largest.
        (mean * records as f64).max(1.0) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::conf::Conf;
    use crate::time::{millis, secs};

    fn rate(conf: Conf, hand: &ManualClock) -> Arc<SourceRate> {
        let rates = conf.rates_for(secs(1)).unwrap();
        SourceRate::new(&rates, &hand.clone().into()).unwrap().unwrap()
    }

    fn hand() -> ManualClock {
        ManualClock::at(Time::from_millis(1_000_000))
    }

    #[test]
    fn without_settings_there_is_no_rate() {
        let rates = Conf::new("t").rates_for(secs(1)).unwrap();
        assert!(SourceRate::new(&rates, &Clock::system()).unwrap().is_none());
    }

    /// What a sender that is never out of lines brings in `seconds`, by second: lines of these lengths, in turn.
    fn read(rate: &SourceRate, hand: &ManualClock, lengths: &[u64], seconds: usize) -> Vec<u64> {
        let (mut line, mut left) = (0, lengths[0]);
        let by_second = (0..seconds).map(|_| {
            let mut came = 0;
            for _ in 0..1000 {
                while rate.may_take() > 0 {
                    let bytes = (rate.most_to_read() as u64).min(64 << 10);
                    let (mut read, mut records) = (bytes, 0);
                    while read >= left {
                        read -= left;
                        records += 1;
                        line = (line + 1) % lengths.len();
                        left = lengths[line];
                    }
                    left -= read;
                    rate.has_read(bytes, records);
                    came += records;
                }
                hand.advance(millis(1));
            }
            came
        });
        by_second.collect()
    }

    #[test]
    fn reads_bring_the_maximum_rate_within_a_few_percent_whatever_lines_are_long() {
        for max_rate in [50, 1000, 100_000] {
            for lengths in [&[1][..], &[100], &[8, 2000, 30, 1, 500], &[10_000]] {
                let hand = hand();
                let rate = rate(Conf::new("t").max_rate(max_rate), &hand);
                for came in read(&rate, &hand, lengths, 5) {
                    let off = came.abs_diff(max_rate);
                    assert!(off <= max_rate / 15 + 4, "{came} of {max_rate}, {lengths:?}");
                }
            }
        }
    }

    #[test]
    fn lines_that_become_short_all_at_once_are_paid_for() {
        let hand = hand();
        let rate = rate(Conf::new("t").max_rate(1000), &hand);
        read(&rate, &hand, &[5000], 2);
        let by_second = read(&rate, &hand, &[2], 100);
        let came: u64 = by_second.iter().sum();
        assert!((95_000..=105_000).contains(&came), "{came}");
        let most = by_second.iter().max().unwrap();
        assert!(*most <= 2100, "{by_second:?}");
        // A second or two without a record, and no more.
        let longest = by_second.split(|came| *came > 0).map(<[u64]>::len).max();
        assert!(longest <= Some(2), "{by_second:?}");
    }

    #[test]
    fn the_first_batch_sets_a_rate_and_each_one_after_it() {
        let hand = hand();
        let rate = rate(Conf::new("t").backpressure(true), &hand);
        assert_eq!(rate.limit(), Some(100.0));
        let at = |seconds| Time::from_millis(1_000_000) + secs(seconds);
        rate.after_batch(at(1), 0, 10.0, 0.0);
        assert_eq!(rate.limit(), Some(100.0));
        rate.after_batch(at(2), 100, 50.0, 0.0);
        assert_eq!(rate.limit(), Some(2000.0));
        rate.after_batch(at(3), 2000, 2000.0, 0.0);
        assert_eq!(rate.limit(), Some(1000.0));
        rate.after_batch(at(4), 1000, 1000.0, 1000.0);
        assert_eq!(rate.limit(), Some(800.0));
        rate.after_batch(at(5), 10, 1000.0, 1000.0);
        assert_eq!(rate.limit(), Some(100.0), "the lowest");
    }

    #[test]
    fn no_estimate_passes_the_maximum() {
        let hand = hand();
        let conf = Conf::new("t").backpressure(true).initial_rate(5000).max_rate(3000);
        let rate = rate(conf, &hand);
        assert_eq!(rate.limit(), Some(3000.0));
        rate.after_batch(Time::from_millis(1_001_000), 3000, 1.0, 0.0);
        assert_eq!(rate.limit(), Some(3000.0));
    }

    #[test]
    fn once_the_estimate_is_lifted_the_maximum_is_left_for_good() {
        let hand = hand();
        let after_a_batch = |rate: &SourceRate| {
            rate.after_batch(Time::from_millis(1_002_000), 100, 50.0, 0.0);
            rate.limit()
        };
        let both = rate(Conf::new("t").backpressure(true).max_rate(3000), &hand);
        both.lift_estimate();
        assert_eq!((both.limit(), after_a_batch(&both)), (Some(3000.0), Some(3000.0)));
        hand.advance(secs(1));
        assert_eq!(both.may_take(), 150, "a twentieth of a second's");
        let estimated = rate(Conf::new("t").backpressure(true), &hand);
        estimated.lift_estimate();
        assert_eq!((estimated.limit(), after_a_batch(&estimated)), (None, None));
    }
}
