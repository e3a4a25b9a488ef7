//! Instants and lengths of time in whole milliseconds, with the arithmetic that Spark Streaming
//! gives them.
//!
//! A batch is labelled by a [`Time`], an interval is a [`Duration`]. Neither knows fractions of a
//! millisecond: a grid of batches that is cut every 1000.5 ms would not stay on any clock's grid.
//! What is beyond 63 bits, which no clock will ever show, stays at the last that can be said: a
//! window of that length is one that nothing leaves.

use std::fmt;
use std::ops::{Add, Div, Mul, Sub};

use serde::{Deserialize, Serialize};

/// `n` milliseconds, of 2^63 - 1 at most.
pub const fn millis(n: u64) -> Duration {
    Duration { millis: if n > i64::MAX as u64 { i64::MAX } else { n as i64 } }
}

/// `n` seconds.
pub const fn secs(n: u64) -> Duration {
    millis(n.saturating_mul(1_000))
}

/// `n` minutes.
pub const fn mins(n: u64) -> Duration {
    secs(n.saturating_mul(60))
}

/// A length of time in whole milliseconds; differences of [`Time`]s may be negative. Sums and
/// products beyond 63 bits stay at the longest, or the most negative, duration.
///
/// ```
/// use millstream::{millis, secs};
/// assert_eq!(secs(1) / millis(250), 4.0);
/// assert!(secs(1).is_multiple_of(millis(200)));
/// assert_eq!(secs(2).to_string(), "2000 ms");
/// ```
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Duration {
    millis: i64,
}

impl Duration {
    /// No time at all.
    pub const ZERO: Duration = Duration { millis: 0 };

    /// A duration of `millis` milliseconds.
    pub const fn from_millis(millis: i64) -> Self {
        Duration { millis }
    }

    /// The duration in milliseconds.
    pub const fn as_millis(self) -> i64 {
        self.millis
    }

    /// Whether `self` is a whole multiple of `step`. Nothing is a multiple of zero; in Spark this
    /// divides by zero.
    pub const fn is_multiple_of(self, step: Duration) -> bool {
        step.millis != 0 && self.millis % step.millis == 0
    }

    /// The shorter of the two.
    pub fn min(self, other: Self) -> Self {
        Ord::min(self, other)
    }

    /// The longer of the two.
    pub fn max(self, other: Self) -> Self {
        Ord::max(self, other)
    }

    /// As the standard library's duration; a negative one becomes zero.
    pub fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_millis(self.millis.max(0) as u64)
    }
}

/// A duration that is not a whole number of milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "{got:?} is not a whole number of milliseconds below 2^63; round it, for batches are cut on a grid of milliseconds"
)]
pub struct FractionalMillis {
    /// What was given.
    pub got: std::time::Duration,
}

/// Fails where the duration has a fraction of a millisecond, or is too long for milliseconds in 63
/// bits.
impl TryFrom<std::time::Duration> for Duration {
    type Error = FractionalMillis;

    fn try_from(got: std::time::Duration) -> Result<Self, FractionalMillis> {
        let whole = got.subsec_nanos().is_multiple_of(1_000_000);
        i64::try_from(got.as_millis())
            .ok()
            .filter(|_| whole)
            .map(Duration::from_millis)
            .ok_or(FractionalMillis { got })
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.millis)
    }
}

impl Add for Duration {
    type Output = Duration;
    fn add(self, other: Duration) -> Duration {
        Duration { millis: self.millis.saturating_add(other.millis) }
    }
}

impl Sub for Duration {
    type Output = Duration;
    fn sub(self, other: Duration) -> Duration {
        Duration { millis: self.millis.saturating_sub(other.millis) }
    }
}

impl Mul<i64> for Duration {
    type Output = Duration;
    fn mul(self, n: i64) -> Duration {
        Duration { millis: self.millis.saturating_mul(n) }
    }
}

/// How often `other` goes into `self`, with a fraction.
impl Div for Duration {
    type Output = f64;
    fn div(self, other: Duration) -> f64 {
        self.millis as f64 / other.millis as f64
    }
}

/// An instant in whole milliseconds since the Unix epoch. What is after the last of 63 bits is the
/// last, and what is before the first is the first.
///
/// ```
/// use millstream::{Time, millis};
/// let t = Time::from_millis(1350);
/// assert_eq!(t.floor(millis(200)), Time::from_millis(1200));
/// assert_eq!(t.floor_from(millis(200), Time::from_millis(150)), t);
/// assert_eq!(t.until(t + millis(400), millis(200)).count(), 2);
/// ```
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Time {
    millis: i64,
}

impl Time {
    /// The instant `millis` milliseconds after the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Time { millis }
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.millis
    }

    /// The latest multiple of `step` that is not after `self`.
    ///
    /// # Panics
    /// If `step` is not positive.
    pub fn floor(self, step: Duration) -> Time {
        self.floor_from(step, Time::default())
    }

    /// The latest instant `zero + n * step` that is not after `self`; right on both sides of
    /// `zero`, where Spark's division towards zero goes the wrong way before it.
    ///
    /// # Panics
    /// If `step` is not positive.
    pub fn floor_from(self, step: Duration, zero: Time) -> Time {
        assert_positive(step);
        zero + step * (self - zero).millis.div_euclid(step.millis)
    }

    /// Whether `self` is a whole number of `step`s after the epoch.
    pub const fn is_multiple_of(self, step: Duration) -> bool {
        Duration { millis: self.millis }.is_multiple_of(step)
    }

    /// `self`, `self + step`, ... before `end`.
    ///
    /// # Panics
    /// If `step` is not positive.
    pub fn until(self, end: Time, step: Duration) -> impl Iterator<Item = Time> {
        assert_positive(step);
        std::iter::successors(Some(self), move |&t| Some(t + step)).take_while(move |&t| t < end)
    }

    /// `self`, `self + step`, ... up to and including `end`.
    ///
    /// # Panics
    /// If `step` is not positive.
    pub fn to(self, end: Time, step: Duration) -> impl Iterator<Item = Time> {
        self.until(end + millis(1), step)
    }

    /// The earlier of the two.
    pub fn min(self, other: Self) -> Self {
        Ord::min(self, other)
    }

    /// The later of the two.
    pub fn max(self, other: Self) -> Self {
        Ord::max(self, other)
    }
}

fn assert_positive(step: Duration) {
    assert!(step > Duration::ZERO, "a step must be positive, this one is {step}");
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.millis)
    }
}

impl Add<Duration> for Time {
    type Output = Time;
    fn add(self, d: Duration) -> Time {
        Time { millis: self.millis.saturating_add(d.millis) }
    }
}

impl Sub<Duration> for Time {
    type Output = Time;
    fn sub(self, d: Duration) -> Time {
        Time { millis: self.millis.saturating_sub(d.millis) }
    }
}

impl Sub for Time {
    type Output = Duration;
    fn sub(self, other: Time) -> Duration {
        Duration { millis: self.millis.saturating_sub(other.millis) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Time {
        Time::from_millis(millis)
    }

    #[test]
    fn floors_go_down_on_both_sides_of_zero() {
        assert_eq!(at(1350).floor(millis(200)), at(1200));
        assert_eq!(at(1350).floor(millis(1350)), at(1350));
        assert_eq!(at(1350).floor_from(millis(200), at(150)), at(1350));
        assert_eq!(at(1350).floor_from(millis(200), at(200)), at(1200));
        assert_eq!(at(100).floor_from(millis(200), at(150)), at(-50));
    }

    #[test]
    fn until_excludes_the_end_and_to_includes_it() {
        let list = |it: &mut dyn Iterator<Item = Time>| it.map(Time::as_millis).collect::<Vec<_>>();
        assert_eq!(list(&mut at(1000).until(at(1100), millis(100))), [1000]);
        assert_eq!(list(&mut at(1000).until(at(1000), millis(100))), [0i64; 0]);
        assert_eq!(list(&mut at(1000).to(at(1100), millis(100))), [1000, 1100]);
        assert_eq!(list(&mut at(1000).to(at(1150), millis(100))), [1000, 1100]);
        assert_eq!(list(&mut at(1000).to(at(1000), millis(100))), [1000]);
    }

    #[test]
    fn division_keeps_the_fraction() {
        assert_eq!(millis(1000) / millis(5), 200.0);
        assert_eq!(millis(1000) / millis(2000), 0.5);
        assert!(!millis(1000).is_multiple_of(millis(6)));
        assert!(!millis(1000).is_multiple_of(Duration::ZERO));
    }

    #[test]
    fn what_is_beyond_63_bits_stays_at_the_last() {
        let (longest, last) = (Duration::from_millis(i64::MAX), at(i64::MAX));
        assert_eq!([millis(u64::MAX), secs(u64::MAX), mins(u64::MAX)], [longest; 3]);
        assert_eq!(
            [longest + millis(1), longest * 2, longest - millis(1) * i64::MIN],
            [longest; 3]
        );
        assert_eq!([at(1) + longest, last + secs(1)], [last; 2]);
        assert_eq!(at(-2) - longest - longest, at(i64::MIN));
        assert_eq!(last - at(i64::MIN), longest);
        assert_eq!(at(i64::MAX - 1500).until(last, secs(1)).count(), 2);
    }

    #[test]
    fn fractions_of_a_millisecond_are_refused_with_the_number() {
        let e = Duration::try_from(std::time::Duration::from_micros(1500)).unwrap_err();
        assert!(e.to_string().contains("1.5ms"), "{e}");
    }
}
