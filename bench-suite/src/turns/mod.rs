//! Sides that are compared take turns, because a machine drifts: what disturbs one side disturbs the
//! other in the same turn, and their ratio stays.
//!
//! A *side* is anything that can be run again and again, and gives an outcome each time. In a *turn*
//! every side runs once. A run that fails is a sentence, and the others go on.

mod median;
mod order;
mod signed_rank;
mod ratio;
mod taken;

use std::time::{Duration, Instant};

use anyhow::Result;

pub use median::{CONFIDENCE, Estimate, Interval, LEAST_VALUES, median};
pub use order::Order;
pub use ratio::{DEFAULT_LEAST, LEAST_PAIRS, MOST_PAIRS, Ratio, Verdict, percent};
pub use signed_rank::Shift;
pub use taken::{Failure, Taken};

/// One of those that take turns.
pub struct Side<'a, T> {
    name: String,
    run: Box<dyn FnMut() -> Result<T> + 'a>,
}

impl<'a, T> Side<'a, T> {
    /// Under this name, what `run` does once a turn.
    pub fn new(name: impl Into<String>, run: impl FnMut() -> Result<T> + 'a) -> Self {
        Side { name: name.into(), run: Box::new(run) }
    }

    /// What it is called in progress and in failures.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// How often, and in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How often each side runs.
    pub turns: usize,
    /// Who comes first.
    pub order: Order,
}

/// A run that is over.
#[derive(Debug)]
pub struct Progress<'a, T> {
    /// Which turn it was, counted from 1.
    pub turn: usize,
    /// Whose run.
    pub side: &'a str,
    /// What came of it, or why nothing did.
    pub outcome: Result<&'a T, &'a str>,
    /// About how long the runs to come will take, by those that have been.
    pub left: Duration,
}

/// Runs every side in every turn, and tells of each run when it is over.
///
/// ```
/// use bench_suite::turns::{Order, Plan, Side, take};
/// let mut a = 0;
/// let mut sides = [Side::new("a", || { a += 1; Ok(a) }), Side::new("b", || Ok(2))];
/// let plan = Plan { turns: 3, order: Order::Alternating };
/// let taken = take(plan, &mut sides, |_| ());
/// assert_eq!(taken.ratios(0, 1, |outcome| f64::from(*outcome)), [0.5, 1.0, 1.5]);
/// ```
pub fn take<T>(
    plan: Plan,
    sides: &mut [Side<'_, T>],
    mut tell: impl FnMut(&Progress<'_, T>),
) -> Taken<T> {
    let mut taken = Taken::new(sides.iter().map(|side| side.name.clone()));
    let (mut runs, mut spent) = (0, Duration::ZERO);
    for turn in 0..plan.turns {
        for at in plan.order.of_turn(turn, sides.len()) {
            let side = &mut sides[at];
            let started = Instant::now();
            let outcome = (side.run)().map_err(|e| format!("{e:#}"));
            runs += 1;
            spent += started.elapsed();
            let to_come = (plan.turns * taken.sides() - runs) as f64;
            let outcome = taken.add(turn, at, outcome);
            tell(&Progress {
                turn: turn + 1,
                side: &side.name,
                outcome,
                left: spent.mul_f64(to_come / runs as f64),
            });
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use anyhow::bail;

    use super::*;

    /// Who ran when, a letter each.
    fn runs(order: Order, names: &str, turns: usize) -> String {
        let ran = RefCell::new(String::new());
        let side = |name: char| {
            let ran = &ran;
            Side::new(name, move || {
                ran.borrow_mut().push(name);
                Ok(())
            })
        };
        let mut sides: Vec<Side<'_, ()>> = names.chars().map(side).collect();
        take(Plan { turns, order }, &mut sides, |_| ());
        ran.take()
    }

    #[test]
    fn sides_run_in_turn() {
        assert_eq!(runs(Order::Alternating, "AB", 3), "ABABAB");
        assert_eq!(runs(Order::Mirrored, "AB", 3), "ABBAAB");
        assert_eq!(runs(Order::Alternating, "ABC", 2), "ABCABC");
        assert_eq!(runs(Order::Mirrored, "ABC", 2), "ABCCBA");
        assert_eq!(runs(Order::Alternating, "AB", 0), "");
    }

    #[test]
    fn a_run_that_fails_is_told_and_costs_its_own_pair_alone() {
        let mut turn = 0;
        let unsteady = || {
            turn += 1;
            if turn == 2 {
                bail!("no port is free");
            }
            Ok(f64::from(turn))
        };
        let mut sides = [Side::new("unsteady", unsteady), Side::new("steady", || Ok(2.0))];
        let mut told = Vec::new();
        let plan = Plan { turns: 3, order: Order::Mirrored };
        let taken = take(plan, &mut sides, |run| {
            told.push((run.turn, run.side.to_string(), run.outcome.is_ok()));
        });
        let run = |turn, side: &str, ok| (turn, side.to_string(), ok);
        let second = [run(2, "steady", true), run(2, "unsteady", false)];
        assert_eq!(told[2..4], second);
        assert_eq!(told.len(), 6);
        assert_eq!(taken.ratios(0, 1, |n| *n), [0.5, 1.5]);
        assert_eq!(taken.outcomes(1).count(), 3);
        let [failure] = &taken.failures()[..] else { panic!("one run has failed") };
        assert_eq!(failure.to_string(), "turn 2, unsteady: no port is free");
    }

    #[test]
    fn the_time_left_ends_at_zero() {
        let mut sides = [Side::new("a", || Ok(())), Side::new("b", || Ok(()))];
        let mut left = Vec::new();
        let plan = Plan { turns: 2, order: Order::Alternating };
        take(plan, &mut sides, |run| left.push(run.left));
        assert!(left[..3].iter().all(|left| *left > Duration::ZERO), "{left:?}");
        assert_eq!(left[3], Duration::ZERO);
    }
}
