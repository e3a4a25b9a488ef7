//! How long lines are.

use std::fmt;
use std::str::FromStr;

use rand::{Rng, RngExt};
use rand_distr::{Exp1, StandardNormal};

use crate::error::{Error, Result};

/// How long lines are, each with its newline.
///
/// | written | bytes |
/// |---|---|
/// | `97` | so many |
/// | `20..200` | each length in this range as often as every other |
/// | `exp:97` | exponentially distributed with this mean: mostly short, some long |
/// | `lognormal:97/0.5` | with this mean, and this standard deviation of the logarithm: a long tail |
///
/// A drawn length below what a line needs, or above a MiB, becomes that.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LineBytes {
    /// Always so many. Lines of words end with a whole word, so they have so many in the mean.
    Fixed(usize),
    /// Evenly from the first to the last.
    Uniform(usize, usize),
    /// Exponentially, with this mean.
    Exponential(f64),
    /// Log-normally.
    LogNormal {
        /// The mean of the lengths.
        mean: f64,
        /// The standard deviation of their logarithms.
        sigma: f64,
    },
}

/// No line is longer: a MiB.
pub(super) const LONGEST_LINE_BYTES: usize = 1 << 20;

/// Beyond this, a log-normal length is almost always the shortest or the longest.
const LARGEST_SIGMA: f64 = 5.0;

impl LineBytes {
    pub(super) fn check(&self, least: usize) -> Result<()> {
        let fits = |bytes: f64| (least as f64..=LONGEST_LINE_BYTES as f64).contains(&bytes);
        let possible = match *self {
            Self::Fixed(bytes) => fits(bytes as f64),
            Self::Uniform(from, to) => fits(from as f64) && fits(to as f64) && from <= to,
            Self::Exponential(mean) => fits(mean),
            Self::LogNormal { mean, sigma } => fits(mean) && (0.0..=LARGEST_SIGMA).contains(&sigma),
        };
        if possible {
            return Ok(());
        }
        if matches!(*self, Self::Uniform(from, to) if from > to) {
            return Err(Error::Usage(format!(
                "--line-bytes {self} is not possible: the first number must not be above the second"
            )));
        }
        let sigma = match self {
            Self::LogNormal { .. } => format!(", and the deviation between 0 and {LARGEST_SIGMA}"),
            _ => String::new(),
        };
        Err(Error::Usage(format!(
            "--line-bytes {self} is not possible: it must lie between {least} and {LONGEST_LINE_BYTES}{sigma}"
        )))
    }

    pub(super) fn mean(&self) -> f64 {
        match *self {
            Self::Fixed(bytes) => bytes as f64,
            Self::Uniform(from, to) => (from + to) as f64 / 2.0,
            Self::Exponential(mean) | Self::LogNormal { mean, .. } => mean,
        }
    }

    /// A length that is possible for lines of at least so many bytes.
    #[inline]
    pub(super) fn draw(&self, random: &mut impl Rng, least: usize) -> usize {
        let drawn = match *self {
            Self::Fixed(bytes) => bytes,
            Self::Uniform(from, to) => random.random_range(from..=to),
            Self::Exponential(mean) => (mean * random.sample::<f64, _>(Exp1)).round() as usize,
            Self::LogNormal { mean, sigma } => {
                let normal: f64 = random.sample(StandardNormal);
                // The mean of exp(sigma * normal) is exp(sigma² / 2).
                (mean * (sigma * normal - sigma * sigma / 2.0).exp()).round() as usize
            }
        };
        drawn.clamp(least, LONGEST_LINE_BYTES)
    }
}

impl FromStr for LineBytes {
    type Err = Error;

    fn from_str(written: &str) -> Result<Self> {
        let read = || {
            if let Some(mean) = written.strip_prefix("exp:") {
                return Some(Self::Exponential(mean.parse().ok()?));
            }
            if let Some(rest) = written.strip_prefix("lognormal:") {
                let (mean, sigma) = rest.split_once('/')?;
                return Some(Self::LogNormal {
                    mean: mean.parse().ok()?,
                    sigma: sigma.parse().ok()?,
                });
            }
            if let Some((from, to)) = written.split_once("..") {
                return Some(Self::Uniform(from.parse().ok()?, to.parse().ok()?));
            }
            written.parse().ok().map(Self::Fixed)
        };
        read().ok_or_else(|| {
            Error::Usage(format!(
                "{written:?} is no length: write bytes as in 97, 20..200, exp:97 (with \
                 this mean) or lognormal:97/0.5 (mean, and deviation of the logarithm)"
            ))
        })
    }
}

impl fmt::Display for LineBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(bytes) => write!(f, "{bytes}"),
            Self::Uniform(from, to) => write!(f, "{from}..{to}"),
            Self::Exponential(mean) => write!(f, "exp:{mean}"),
            Self::LogNormal { mean, sigma } => write!(f, "lognormal:{mean}/{sigma}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::{Purpose, generator};

    #[test]
    fn lengths_have_the_asked_mean() {
        let mut random = generator(1, Purpose::Line, 0);
        for written in ["97", "20..200", "exp:97", "lognormal:97/0.5", "lognormal:97/1"] {
            let line_bytes: LineBytes = written.parse().unwrap();
            assert_eq!(line_bytes.to_string(), written);
            let draws = 100_000;
            let sum: usize = (0..draws).map(|_| line_bytes.draw(&mut random, 0)).sum();
            let mean = sum as f64 / f64::from(draws);
            assert!((mean / line_bytes.mean() - 1.0).abs() < 0.02, "{written}: {mean}");
        }
    }

    #[test]
    fn what_is_no_length_is_refused_with_the_ways_to_write_one() {
        for written in ["", "-1", "1.5", "9..", "exp:", "lognormal:97", "a..b"] {
            let refusal = written.parse::<LineBytes>().unwrap_err().to_string();
            let sentence = format!("{written:?} is no length: write bytes as in 97");
            assert!(refusal.starts_with(&sentence), "{refusal}");
        }
        for (written, sentence) in [
            ("15", "it must lie between 16 and 1048576"),
            ("20..10", "the first number must not be above the second"),
            ("exp:2000000", "it must lie between 16 and 1048576"),
            ("lognormal:97/9", "and the deviation between 0 and 5"),
        ] {
            let refusal = written.parse::<LineBytes>().unwrap().check(16).unwrap_err();
            assert!(refusal.to_string().contains(sentence), "{refusal}");
        }
    }
}
