//! How far the sides of paired runs differ, by the ranks of their differences.
//!
//! The estimate is that of Hodges and Lehmann: the median of the means of all pairs of differences. Its
//! interval is the one that Wilcoxon's signed-rank test does not refuse. It assumes that the differences
//! lie as far above their middle as below, which turns that swap who comes first see to, and nothing of
//! how far: a run that something disturbed counts as one that differs, and not by how much.

use serde::{Deserialize, Serialize};

/// How far, chance aside.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shift {
    /// The estimate.
    pub estimate: f64,
    /// At or above this.
    pub low: f64,
    /// At or below this.
    pub high: f64,
    /// How likely an interval that was found so holds the true shift.
    pub confidence: f64,
}

impl Shift {
    /// Of these differences, with at least this confidence; nothing where there are too few.
    pub fn of(differences: &[f64], confidence: f64) -> Option<Self> {
        let n = differences.len();
        let mut means = Vec::with_capacity(n * (n + 1) / 2);
        for (i, a) in differences.iter().enumerate() {
            means.extend(differences[i..].iter().map(|b| f64::midpoint(*a, *b)));
        }
        means.sort_by(f64::total_cmp);
        // The most of the least rank sums that together are unlikely enough.
        let unlikely = (1.0 - confidence) / 2.0;
        let mut below = 0.0;
        let mut left_out = None;
        for (sum, likely) in rank_sums(n).into_iter().enumerate() {
            if below + likely > unlikely {
                break;
            }
            below += likely;
            left_out = Some((sum, below));
        }
        let (left_out, below) = left_out?;
        Some(Shift {
            estimate: super::median(means.iter().copied())?,
            low: *means.get(left_out)?,
            high: *means.get(means.len() - 1 - left_out)?,
            confidence: 1.0 - 2.0 * below,
        })
    }
}

/// How likely each sum of the ranks of the positive differences is, if each is as likely positive as
/// negative.
fn rank_sums(n: usize) -> Vec<f64> {
    let mut likely = vec![0.0; n * (n + 1) / 2 + 1];
    likely[0] = 1.0;
    for rank in 1..=n {
        for sum in (0..likely.len()).rev() {
            let with = if sum >= rank { likely[sum - rank] } else { 0.0 };
            likely[sum] = f64::midpoint(likely[sum], with);
        }
    }
    likely
}

#[cfg(test)]
mod tests {
    use rand::rngs::Xoshiro256PlusPlus;
    use rand::{RngExt, SeedableRng};

    use super::*;

    #[test]
    fn critical_values_are_those_of_the_tables() {
        // The greatest rank sum that a two-sided test of this level refuses.
        for (n, level, critical) in
            [(6, 0.05, 0), (10, 0.05, 8), (10, 0.01, 3), (20, 0.05, 52), (20, 0.01, 37)]
        {
            let likely = rank_sums(n);
            let up_to = |sum: usize| 2.0 * likely[..=sum].iter().sum::<f64>();
            assert!(up_to(critical) <= level && up_to(critical + 1) > level, "{n} {level}");
        }
    }

    #[test]
    fn too_few_differences_say_nothing() {
        assert_eq!(Shift::of(&[0.1; 7], 0.99), None);
        assert!(Shift::of(&[0.1; 8], 0.99).is_some());
        assert_eq!(Shift::of(&[], 0.95), None);
    }

    #[test]
    fn it_misses_the_truth_as_seldom_as_it_says_and_finds_a_small_shift() {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        let (mut missed, mut found) = (0, 0);
        let rounds = 4000;
        for _ in 0..rounds {
            // About normal, 3 % wide, and now and then a run that something disturbed.
            let mut noise = || {
                let sum: f64 = (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
                let odd = if random.random::<f64>() < 0.05 { 4.0 } else { 1.0 };
                sum * 0.03 * odd
            };
            let same: Vec<f64> = (0..20).map(|_| noise()).collect();
            let shift = Shift::of(&same, 0.99).unwrap();
            missed += u32::from(shift.low > 0.0 || shift.high < 0.0);
            let slower: Vec<f64> = (0..20).map(|_| 0.05 + noise()).collect();
            found += u32::from(Shift::of(&slower, 0.99).unwrap().low > 0.0);
        }
        assert!(f64::from(missed) / f64::from(rounds) < 0.014, "{missed}");
        assert!(f64::from(found) / f64::from(rounds) > 0.97, "{found}");
    }
}
