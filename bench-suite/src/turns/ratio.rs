//! What pairs of runs say of two sides.

use std::fmt;

use serde::Serialize;

use super::Shift;

/// How sure a verdict is: sides that are alike are called different in one of a hundred comparisons.
const CONFIDENCE: f64 = 0.99;

/// Fewer pairs have no interval that is sure enough.
pub const LEAST_PAIRS: usize = 8;

/// More pairs are not judged: how likely their ranks are takes as many steps as the cube of their number.
pub const MOST_PAIRS: usize = 1000;

/// The least difference that counts where nothing is said.
pub const DEFAULT_LEAST: f64 = 0.03;

/// How many times as much one side takes as the other, chance aside.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// So many times.
    pub estimate: f64,
    /// At least.
    pub low: f64,
    /// At most.
    pub high: f64,
    /// By so many pairs of runs.
    pub pairs: usize,
}

/// What a ratio says, where less is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The second side takes less.
    Better,
    /// The second side takes more.
    Worse,
    /// None that is larger than what was asked about.
    NoDifference,
    /// It cannot be told.
    Inconclusive,
}

impl Ratio {
    /// Of the ratios of pairs; nothing for so few that no interval is sure enough.
    pub fn of(ratios: &[f64]) -> Option<Self> {
        let logs: Vec<f64> = ratios.iter().map(|ratio| ratio.ln()).collect();
        let Shift { estimate, low, high, .. } = Shift::of(&logs, CONFIDENCE)?;
        let pairs = ratios.len();
        Some(Ratio { estimate: estimate.exp(), low: low.exp(), high: high.exp(), pairs })
    }

    /// Whether the second side is worse, where a difference of this share is the least that counts. What
    /// is sure to be there and sure to be less is no difference that counts.
    pub fn verdict(&self, least: f64) -> Verdict {
        let counts_for_nothing = self.high <= 1.0 + least && self.low >= 1.0 / (1.0 + least);
        match () {
            () if counts_for_nothing => Verdict::NoDifference,
            () if self.low > 1.0 => Verdict::Worse,
            () if self.high < 1.0 => Verdict::Better,
            () => Verdict::Inconclusive,
        }
    }

    /// How far the interval reaches from its estimate to either side, at most: a difference of that share
    /// is found in half of such comparisons, and one of twice that in nearly all.
    pub fn floor(&self) -> f64 {
        (self.high / self.estimate).max(self.estimate / self.low) - 1.0
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} ({:.3} to {:.3})", self.estimate, self.low, self.high)
    }
}

impl Verdict {
    /// In a few words.
    pub fn told(self, least: f64) -> String {
        match self {
            Verdict::Better => "better".into(),
            Verdict::Worse => "worse".into(),
            Verdict::NoDifference => format!("no difference above {} %", percent(least)),
            Verdict::Inconclusive => "inconclusive".into(),
        }
    }
}

/// A share in percent, as short as it can be.
pub fn percent(share: f64) -> String {
    let text = format!("{:.2}", share * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(estimate: f64, low: f64, high: f64) -> Verdict {
        Ratio { estimate, low, high, pairs: 10 }.verdict(0.03)
    }

    #[test]
    fn verdicts_follow_the_interval() {
        assert_eq!(verdict(1.05, 1.03, 1.07), Verdict::Worse);
        assert_eq!(verdict(1.05, 1.001, 1.2), Verdict::Worse);
        assert_eq!(verdict(0.9, 0.8, 0.99), Verdict::Better);
        assert_eq!(verdict(1.0, 0.98, 1.02), Verdict::NoDifference);
        assert_eq!(verdict(1.01, 1.005, 1.02), Verdict::NoDifference);
        assert_eq!(verdict(1.01, 0.99, 1.04), Verdict::Inconclusive);
        assert_eq!(verdict(1.0, 0.9, 1.1), Verdict::Inconclusive);
    }

    #[test]
    fn too_few_pairs_say_nothing() {
        assert_eq!(Ratio::of(&[1.0; LEAST_PAIRS - 1]), None);
        let ratio = Ratio::of(&[1.05; LEAST_PAIRS]).unwrap();
        assert!((ratio.low - 1.05).abs() < 1e-9 && ratio.floor() < 1e-9, "{ratio:?}");
        assert_eq!(ratio.verdict(0.03), Verdict::Worse);
    }
}
