//! The engine's results held against the model's.

use crate::case::Case;
use crate::naive::{Outcome, expected};
use crate::record::Record;
use crate::run::observe;

/// How many records of a difference are shown.
const MOST_SHOWN: usize = 8;

/// What a case showed that agreed with the model.
#[derive(Clone, Copy, Default)]
pub(crate) struct Seen {
    /// Bytes that early work had taken in before their batch's turn.
    pub(crate) early_bytes: u64,
    /// Outputs and stages that failed, as they should.
    pub(crate) failures: usize,
    /// Rounds of retries.
    pub(crate) retries: u32,
}

impl Seen {
    pub(crate) fn and(self, other: Seen) -> Seen {
        Seen {
            early_bytes: self.early_bytes + other.early_bytes,
            failures: self.failures + other.failures,
            retries: self.retries + other.retries,
        }
    }
}

/// Runs the case; `Err` says where it departs from the model. A case that is too large for the model
/// is not run.
pub(crate) fn check(case: &Case) -> Result<Seen, String> {
    let Some(all_expected) = expected(case) else { return Ok(Seen::default()) };
    let observed = observe(case).map_err(|e| format!("the case could not be run: {e}"))?;
    let mut seen = Seen::default();
    for (batch, wanted) in all_expected.into_iter().enumerate() {
        let got = &observed.outcomes[batch];
        for (output, (wanted, got)) in wanted.outcomes.iter().zip(got).enumerate() {
            if wanted != got {
                return Err(format!("batch {batch}, output {output}: {}", difference(wanted, got)));
            }
        }
        let report = &observed.reports[batch];
        let errors = wanted.errors;
        if report.errors.len() != errors {
            return Err(format!("batch {batch}: {errors} errors wanted, {:?}", report.errors));
        }
        let lines = case.input.iter().map(|batches| batches[batch].len() as u64).sum::<u64>();
        if report.records != lines {
            return Err(format!("batch {batch}: {} of {lines} records reported", report.records));
        }
        seen.early_bytes += report.early_bytes;
        seen.failures += errors;
        seen.retries += report.stages.iter().map(|stage| stage.retries).sum::<u32>();
    }
    Ok(seen)
}

fn difference(wanted: &Outcome, got: &Outcome) -> String {
    match (wanted, got) {
        (Some(wanted), Some(got)) => {
            let missing = shown(&without(wanted, got));
            format!("missing {missing}; too much {}", shown(&without(got, wanted)))
        }
        (Some(wanted), None) => format!("failed, though it should have {}", shown(wanted)),
        (None, Some(got)) => format!("should have failed, and has {}", shown(got)),
        (None, None) => "nothing".into(),
    }
}

/// The records of `all` that are not in `others`; both are sorted.
fn without(all: &[Record], others: &[Record]) -> Vec<Record> {
    let mut others = others.iter().peekable();
    let mut left = Vec::new();
    for record in all {
        while others.next_if(|other| *other < record).is_some() {}
        if others.next_if(|other| *other == record).is_none() {
            left.push(record.clone());
        }
    }
    left
}

fn shown(records: &[Record]) -> String {
    let first = &records[..records.len().min(MOST_SHOWN)];
    match records.len() - first.len() {
        0 => format!("{first:?}"),
        more => format!("{first:?} and {more} more"),
    }
}
