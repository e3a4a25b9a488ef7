//! How often each key comes up.

use std::fmt;
use std::str::FromStr;

use rand::{Rng, RngExt};
use rand_distr::Zipf;

use crate::error::{Error, Result};

/// The most keys there may be; a word takes 16 bytes of memory.
pub(super) const MOST_KEYS: usize = 10_000_000;

/// From one rank's key to the next rank's, as a share of all keys: the golden section, whose
/// multiples lie as far apart as they can, however many there are.
const STRIDE_SHARE: f64 = 0.618_033_988_749_895;

/// How often each of some keys comes up.
///
/// | written | which key |
/// |---|---|
/// | `zipf` | that of rank r in proportion to 1 / r^skew; ranks are scattered over numbered keys |
/// | `uniform` | each as often as every other |
/// | `hot:10/0.9` | in 90 of 100 cases one of 10 keys, else one of the others |
/// | `sequential` | one after the other, and again from the first |
/// | `churn:100` | one of so many keys at a time; with every hundredth the oldest goes for good, and a new one comes |
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distribution {
    /// Zipf's law; at a skew of 0 all keys come up equally often.
    Zipf {
        /// The exponent, from 0 to 10.
        skew: f64,
    },
    /// All alike.
    Uniform,
    /// A few that most go to.
    Hot {
        /// How many are hot: at least one, and not all.
        keys: usize,
        /// The share that goes to them, from 0 to 1.
        share: f64,
    },
    /// One after the other.
    Sequential,
    /// Keys that come and go.
    Churn {
        /// After so many draws, on each connection, the oldest key goes and a new one comes.
        every: u64,
    },
}

impl Default for Distribution {
    fn default() -> Self {
        Self::Zipf { skew: 1.0 }
    }
}

impl Distribution {
    pub(super) fn check(&self, all_keys: usize) -> Result<()> {
        let refuse = |sentence| Err(Error::Usage(sentence));
        match *self {
            Self::Zipf { skew } if !(0.0..=10.0).contains(&skew) => refuse(format!(
                "--skew {skew} is not possible: it must lie between 0 (all words alike) and 10"
            )),
            Self::Hot { .. } if all_keys < 2 => refuse(format!(
                "--distribution {self} is not possible with --vocabulary {all_keys}: it takes at \
                 least two keys, a hot one and another"
            )),
            Self::Hot { keys, .. } if keys == 0 || keys >= all_keys => refuse(format!(
                "--distribution {self}: {keys} of {all_keys} keys cannot be hot; it must be from 1 \
                 to {}",
                all_keys - 1
            )),
            Self::Hot { share, .. } if !(0.0..=1.0).contains(&share) => refuse(format!(
                "--distribution {self}: {share} is not a share: it must lie between 0 and 1"
            )),
            Self::Churn { every: 0 } => {
                refuse("--distribution churn:0 is not possible: it must be at least 1".into())
            }
            _ => Ok(()),
        }
    }

    /// Whether a draw depends on those before it, so that a text must not begin again.
    pub(super) fn has_order(&self) -> bool {
        matches!(self, Self::Sequential | Self::Churn { .. })
    }
}

impl FromStr for Distribution {
    type Err = Error;

    fn from_str(written: &str) -> Result<Self> {
        let (kind, rest) = written.split_once(':').unwrap_or((written, ""));
        let read = match (kind, rest) {
            ("zipf", "") => Some(Self::default()),
            ("uniform", "") => Some(Self::Uniform),
            ("sequential", "") => Some(Self::Sequential),
            ("churn", every) => every.parse().ok().map(|every| Self::Churn { every }),
            ("hot", rest) => rest.split_once('/').and_then(|(keys, share)| {
                Some(Self::Hot { keys: keys.parse().ok()?, share: share.parse().ok()? })
            }),
            _ => None,
        };
        read.ok_or_else(|| {
            Error::Usage(format!(
                "{written:?} is no distribution: write zipf, uniform, hot:10/0.9 (ten keys get \
                 90 of 100), sequential or churn:100 (a new key with every hundredth)"
            ))
        })
    }
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zipf { .. } => f.write_str("zipf"),
            Self::Uniform => f.write_str("uniform"),
            Self::Hot { keys, share } => write!(f, "hot:{keys}/{share}"),
            Self::Sequential => f.write_str("sequential"),
            Self::Churn { every } => write!(f, "churn:{every}"),
        }
    }
}

/// Draws keys by their ranks.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    count: u64,
    distribution: Distribution,
    /// From one rank's key to the next rank's.
    stride: u64,
    /// Of Zipf's law; of no use to the others.
    zipf: Zipf<f64>,
}

impl Keys {
    pub(super) fn new(count: usize, distribution: Distribution) -> Self {
        let skew = if let Distribution::Zipf { skew } = distribution { skew } else { 0.0 };
        let zipf = Zipf::new(count as f64, skew).expect("keys and skew have been checked");
        let count = count as u64;
        Self { count, distribution, stride: stride(count), zipf }
    }

    /// How many there are, at a time.
    pub(super) fn count(&self) -> usize {
        self.count as usize
    }

    /// Whether a draw depends on those before it.
    pub(super) fn has_order(&self) -> bool {
        self.distribution.has_order()
    }

    /// The rank of the draw at a position, both from 0. Ranks of keys that come and go are as many
    /// as there are draws; all others are below the number of keys.
    #[inline]
    pub(super) fn rank(&self, random: &mut impl Rng, position: u64) -> u64 {
        match self.distribution {
            Distribution::Zipf { .. } => random.sample(self.zipf) as u64 - 1,
            Distribution::Uniform => random.random_range(0..self.count),
            Distribution::Hot { keys, share } => {
                let keys = keys as u64;
                let is_hot = random.random_bool(share);
                random.random_range(if is_hot { 0..keys } else { keys..self.count })
            }
            Distribution::Sequential => position % self.count,
            Distribution::Churn { every } => position / every + random.random_range(0..self.count),
        }
    }

    /// The number of a rank's key, so that frequent keys are no neighbours. In an order, keys stay
    /// as they are.
    pub(super) fn key(&self, rank: u64) -> u64 {
        if self.has_order() { rank } else { rank * self.stride % self.count }
    }
}

/// The golden section of a number of keys, or the next number above it that shares no divisor with
/// it, so that every rank has a key of its own.
fn stride(count: u64) -> u64 {
    let golden = (count as f64 * STRIDE_SHARE) as u64;
    (golden..).find(|&stride| common_divisor(stride, count) == 1).unwrap_or(1)
}

fn common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::seed::{Purpose, generator};

    #[test]
    fn every_rank_has_a_key_of_its_own() {
        for count in [1, 2, 3, 10, 9_999, 10_000, 30_030] {
            let keys = Keys::new(count, Distribution::Uniform);
            let numbers: HashSet<u64> = (0..count as u64).map(|rank| keys.key(rank)).collect();
            assert_eq!(numbers.len(), count);
            assert!(numbers.iter().all(|&number| number < count as u64));
        }
    }

    #[test]
    fn keys_that_churn_go_for_good_and_are_always_as_many() {
        let keys = Keys::new(10, Distribution::Churn { every: 100 });
        let mut random = generator(1, Purpose::Line, 0);
        for position in 0..10_000 {
            let oldest = position / 100;
            assert!((oldest..oldest + 10).contains(&keys.rank(&mut random, position)));
        }
    }

    #[test]
    fn of_one_key_none_can_be_hot() {
        let refusal = |written: &str, all_keys| {
            let distribution: Distribution = written.parse().unwrap();
            distribution.check(all_keys).unwrap_err().to_string()
        };
        assert!(refusal("hot:1/0.5", 1).contains("it takes at least two keys"));
        assert!(refusal("hot:2/0.5", 2).contains("it must be from 1 to 1"));
        assert!("hot:1/0.5".parse::<Distribution>().unwrap().check(2).is_ok());
    }

    #[test]
    fn is_written_as_it_is_read() {
        for written in ["zipf", "uniform", "hot:10/0.9", "sequential", "churn:100"] {
            assert_eq!(written.parse::<Distribution>().unwrap().to_string(), written);
        }
        for written in ["", "hot", "hot:1", "hot:x/1", "churn", "churn:-1", "normal", "zipf:2"] {
            let refusal = written.parse::<Distribution>().unwrap_err().to_string();
            let sentence = format!("{written:?} is no distribution: write zipf");
            assert!(refusal.starts_with(&sentence), "{refusal}");
        }
    }
}
