//! What came of the turns.

use std::fmt;

use serde::Serialize;

/// The outcomes of all runs, by turn and by side.
#[derive(Clone, Debug)]
pub struct Taken<T> {
    sides: Vec<String>,
    /// By turn, then by side; nothing for a run that has not been.
    runs: Vec<Vec<Option<Result<T, String>>>>,
}

/// A run of which nothing came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// Counted from 1.
    pub turn: usize,
    /// Whose run.
    pub side: String,
    /// Why, in a sentence.
    pub reason: String,
}

impl<T> Taken<T> {
    pub(super) fn new(sides: impl Iterator<Item = String>) -> Self {
        Taken { sides: sides.collect(), runs: Vec::new() }
    }

    pub(super) fn add(
        &mut self,
        turn: usize,
        side: usize,
        outcome: Result<T, String>,
    ) -> Result<&T, &str> {
        if self.runs.len() <= turn {
            self.runs.resize_with(turn + 1, || self.sides.iter().map(|_| None).collect());
        }
        self.runs[turn][side].insert(outcome).as_ref().map_err(String::as_str)
    }

    /// How many sides took turns.
    pub fn sides(&self) -> usize {
        self.sides.len()
    }

    /// What a side is called.
    pub fn name(&self, side: usize) -> &str {
        &self.sides[side]
    }

    /// What a side's runs gave, in order of the turns; those that failed left out.
    pub fn outcomes(&self, side: usize) -> impl Iterator<Item = &T> {
        self.runs.iter().filter_map(move |turn| outcome(turn, side))
    }

    /// What two sides gave in the same turn; turns in which one of them failed left out.
    pub fn pairs(&self, a: usize, b: usize) -> impl Iterator<Item = (&T, &T)> {
        self.runs.iter().filter_map(move |turn| outcome(turn, a).zip(outcome(turn, b)))
    }

    /// Turn by turn, how many times as large a figure of side `a` is as that of side `b`. Pairs of
    /// which it is no number are left out.
    pub fn ratios(&self, a: usize, b: usize, figure: impl Fn(&T) -> f64) -> Vec<f64> {
        let ratios = self.pairs(a, b).map(|(a, b)| figure(a) / figure(b));
        ratios.filter(|ratio| ratio.is_finite()).collect()
    }

    /// The runs that failed, in order of the turns.
    pub fn failures(&self) -> Vec<Failure> {
        let turns = self.runs.iter().enumerate();
        let runs = turns.flat_map(|(turn, runs)| {
            runs.iter().zip(&self.sides).map(move |(run, side)| (turn + 1, run, side))
        });
        let failed = runs.filter_map(|(turn, run, side)| match run {
            Some(Err(reason)) => Some(Failure { turn, side: side.clone(), reason: reason.clone() }),
            Some(Ok(_)) | None => None,
        });
        failed.collect()
    }
}

fn outcome<T>(turn: &[Option<Result<T, String>>], side: usize) -> Option<&T> {
    turn[side].as_ref()?.as_ref().ok()
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "turn {}, {}: {}", self.turn, self.side, self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_of_one_turn_and_their_ratios_are_numbers() {
        let mut taken = Taken::new(["a", "b"].map(String::from).into_iter());
        let runs = [(Ok(1.0), Ok(2.0)), (Err("gone".into()), Ok(3.0)), (Ok(5.0), Ok(0.0))];
        for (turn, (a, b)) in runs.into_iter().enumerate() {
            assert_eq!(taken.add(turn, 0, a.clone()).ok().copied(), a.ok());
            assert!(taken.add(turn, 1, b).is_ok());
        }
        assert_eq!(taken.pairs(0, 1).collect::<Vec<_>>(), [(&1.0, &2.0), (&5.0, &0.0)]);
        assert_eq!(taken.ratios(0, 1, |n| *n), [0.5]);
        assert_eq!(taken.ratios(1, 0, |n| *n), [2.0, 0.0]);
        assert_eq!(taken.outcomes(0).collect::<Vec<_>>(), [&1.0, &5.0]);
    }
}
