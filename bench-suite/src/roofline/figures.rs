//! What a row came to.

use serde::Serialize;

use super::rows::{Row, Target};
use super::run::Run;
use super::verdict::{Verdict, judge};
use crate::turns::{Estimate, Failure, Taken, median};

/// What a row came to.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    pub(super) row: &'static str,
    pub(super) target: Target,
    /// The side that must reach the target, and the one that it is compared with.
    pub(super) sides: [SideFigures; 2],
    /// The first side's rate as a share of the second's, turn by turn.
    pub(super) share: Option<Estimate>,
    /// The first side's records a second, in millions.
    pub(super) m_records_per_s: Option<Estimate>,
    /// Of the bare loop's rate on a quiet machine, what it reached here; nothing where that is not
    /// known.
    pub(super) share_of_reference: Option<f64>,
    pub(super) verdict: Verdict,
    pub(super) failures: Vec<Failure>,
}

/// The medians of a side's runs, and the runs; medians are 0 where all have failed.
#[derive(Debug, Serialize)]
pub(super) struct SideFigures {
    pub(super) name: String,
    pub(super) records_per_s: f64,
    pub(super) bytes_per_s: f64,
    pub(super) cpu_s_per_m: f64,
    pub(super) runs: Vec<Run>,
}

impl Figures {
    /// Of a row whose two sides took turns on a machine of this short name.
    pub(super) fn of(row: &Row, taken: &Taken<Run>, machine: &str) -> Self {
        let sides = [0, 1].map(|side| SideFigures::of(taken.name(side), taken.outcomes(side)));
        let share = Estimate::of(&taken.ratios(0, 1, |run| run.records_per_s));
        let rates: Vec<f64> = taken.outcomes(0).map(|run| run.records_per_s / 1e6).collect();
        let rate = Estimate::of(&rates);
        let share_of_reference =
            row.reference.and_then(|quiet| quiet.share(machine, sides[1].bytes_per_s));
        let agree = taken.pairs(0, 1).all(|(ours, theirs)| ours.found.agrees_with(&theirs.found));
        Figures {
            row: row.name,
            target: row.target,
            verdict: judge(&row.target, share, rate, share_of_reference, agree),
            sides,
            share,
            m_records_per_s: rate,
            share_of_reference,
            failures: taken.failures(),
        }
    }
}

impl SideFigures {
    fn of<'r>(name: &str, runs: impl Iterator<Item = &'r Run>) -> Self {
        let runs: Vec<Run> = runs.cloned().collect();
        let middle = |figure: fn(&Run) -> f64| median(runs.iter().map(figure)).unwrap_or(0.0);
        SideFigures {
            name: name.to_string(),
            records_per_s: middle(|run| run.records_per_s),
            bytes_per_s: middle(|run| run.bytes_per_s),
            cpu_s_per_m: middle(|run| run.cpu_s_per_m),
            runs,
        }
    }
}
