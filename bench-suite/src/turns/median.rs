//! Medians, and how far off chance may have put them.
//!
//! The interval is that of order statistics, which assumes nothing of how the values are spread but
//! that each was drawn as the others were: the median of all values there could be lies between the
//! k-th smallest of n and the k-th largest, unless fewer than k of them fell on one of its sides. How
//! likely that is, coins tell: each value falls below the median or above it as a coin does.

use serde::Serialize;

/// How sure an interval is, at least: it misses the median in one of twenty cases at most.
pub const CONFIDENCE: f64 = 0.95;

/// Fewer values have no interval: of five, all may lie on one side of the median in one of sixteen
/// cases.
pub const LEAST_VALUES: usize = 6;

/// Where a median lies, chance aside.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// At or above this.
    pub low: f64,
    /// At or below this.
    pub high: f64,
    /// How likely an interval that was found so holds the median: [`CONFIDENCE`] at least.
    pub confidence: f64,
}

/// What some values say of the median of all there could be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// Theirs.
    pub median: f64,
    /// Where that of all there could be lies; nothing for fewer than [`LEAST_VALUES`].
    pub interval: Option<Interval>,
    /// How many values there are.
    pub values: usize,
}

impl Estimate {
    /// Of these values; of none there is none.
    ///
    /// ```
    /// use bench_suite::turns::Estimate;
    /// let estimate = Estimate::of(&[5.0, 1.0, 4.0, 2.0, 3.0, 6.0]).unwrap();
    /// let interval = estimate.interval.unwrap();
    /// assert_eq!((interval.low, estimate.median, interval.high), (1.0, 3.5, 6.0));
    /// ```
    pub fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let median = middle_of(&sorted)?;
        Some(Estimate { median, interval: interval(&sorted), values: sorted.len() })
    }
}

/// The middle value, or the mean of the two middle ones; of none there is none.
pub fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    middle_of(&sorted)
}

fn middle_of(sorted: &[f64]) -> Option<f64> {
    let upper = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 0 => Some(f64::midpoint(sorted[upper - 1], sorted[upper])),
        _ => Some(sorted[upper]),
    }
}

/// The narrowest that is sure enough.
fn interval(sorted: &[f64]) -> Option<Interval> {
    let n = sorted.len();
    // That exactly 0, then exactly 1, .. of n coins show heads.
    let mut exactly = 0.5_f64.powi(i32::try_from(n).ok()?);
    let mut fewer_on_one_side = 0.0;
    let mut narrowest = None;
    for k in 1..=n.div_ceil(2) {
        fewer_on_one_side += exactly;
        exactly *= (n - k + 1) as f64 / k as f64;
        let confidence = 1.0 - 2.0 * fewer_on_one_side;
        if confidence < CONFIDENCE {
            break;
        }
        narrowest = Some(Interval { low: sorted[k - 1], high: sorted[n - k], confidence });
    }
    narrowest
}

#[cfg(test)]
mod tests {
    use rand::rngs::Xoshiro256PlusPlus;
    use rand::{RngExt, SeedableRng};

    use super::*;

    fn ranks(n: usize) -> Option<(f64, f64, f64)> {
        let values: Vec<f64> = (1..=n).rev().map(|rank| rank as f64).collect();
        let Interval { low, high, confidence } = Estimate::of(&values)?.interval?;
        Some((low, high, (confidence * 1e4).round() / 1e4))
    }

    #[test]
    fn intervals_are_those_of_the_tables_of_the_sign_test() {
        assert_eq!((ranks(0), ranks(1), ranks(LEAST_VALUES - 1)), (None, None, None));
        assert_eq!(ranks(LEAST_VALUES), Some((1.0, 6.0, 0.9688)));
        assert_eq!(ranks(8), Some((1.0, 8.0, 0.9922)));
        assert_eq!(ranks(9), Some((2.0, 8.0, 0.9609)));
        assert_eq!(ranks(10), Some((2.0, 9.0, 0.9785)));
        assert_eq!(ranks(15), Some((4.0, 12.0, 0.9648)));
        assert_eq!(ranks(20), Some((6.0, 15.0, 0.9586)));
        assert_eq!(ranks(100), Some((40.0, 61.0, 0.9648)));
    }

    #[test]
    fn a_median_is_in_the_middle() {
        assert_eq!(median([]), None);
        assert_eq!(median([3.0]), Some(3.0));
        assert_eq!(median([3.0, 1.0]), Some(2.0));
        assert_eq!(median([9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median([4.0, 9.0, 1.0, 2.0]), Some(3.0));
        assert_eq!(Estimate::of(&[]), None);
    }

    #[test]
    fn an_interval_misses_the_true_median_as_seldom_as_it_says_however_skewed_the_values_are() {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        for n in [6, 9, 15] {
            let rounds = 20_000;
            let mut missed = 0;
            let mut confidence = 0.0;
            for _ in 0..rounds {
                // The median of these is 1, and a few are a thousand times as much.
                let values: Vec<f64> =
                    (0..n).map(|_| ((0.5 - random.random::<f64>()) * 14.0).exp()).collect();
                let interval = Estimate::of(&values).unwrap().interval.unwrap();
                confidence = interval.confidence;
                missed += u32::from(interval.low > 1.0 || interval.high < 1.0);
            }
            let held = 1.0 - f64::from(missed) / f64::from(rounds);
            assert!((held - confidence).abs() < 0.006, "{n}: {held} and not {confidence}");
        }
    }
}
