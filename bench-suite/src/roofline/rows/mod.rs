//! The rows: what is compared with what, and what must be reached. A row is an entry in one of the
//! lists below.

mod over_tcp;
mod from_memory;
mod windows;

use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser};
use serde::Serialize;

use super::run::{Found, Run};
use crate::roof::Reference;
use crate::turns::Side;

/// Two sides, and what the first must reach.
pub(super) struct Row {
    pub(super) name: &'static str,
    /// The first side, for `--help`.
    pub(super) about: &'static str,
    pub(super) target: Target,
    /// Where the second side is a bare loop: what it reaches on a quiet machine.
    pub(super) reference: Option<Reference>,
    /// What a run takes beyond the time that is measured, about.
    pub(super) beside: Duration,
    /// The side that must reach something, and the one that it is compared with.
    pub(super) sides: fn(&Setting) -> [Side<'static, Run>; 2],
}

/// What must be reached.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Target {
    /// This share of the other side's rate.
    pub(super) share: Option<f64>,
    /// So many million records a second.
    pub(super) m_records_per_s: Option<f64>,
}

impl Target {
    pub(super) const fn share(share: f64) -> Self {
        Target { share: Some(share), m_records_per_s: None }
    }
}

/// What all rows are measured with.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Setting {
    /// Of a run that is fed over TCP.
    pub(super) connections: usize,
    /// The size of a batch from memory; much more than the cache holds.
    pub(super) batch_bytes: usize,
    /// How much of each run is measured.
    pub(super) run_for: Duration,
}

/// All rows, in the order of the table.
pub(super) fn all() -> impl Iterator<Item = &'static Row> {
    over_tcp::ROWS.iter().chain(from_memory::ROWS).chain(windows::ROWS)
}

/// Takes the names of rows, and tells them in `--help`.
pub(super) fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(all().map(|row| PossibleValue::new(row.name).help(row.about)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_row_has_a_name_of_its_own_and_a_target() {
        let names: BTreeSet<&str> = all().map(|row| row.name).collect();
        assert_eq!(names.len(), all().count());
        let has_target = |target: &Target| target.share.or(target.m_records_per_s).is_some();
        assert!(all().all(|row| has_target(&row.target)));
    }
}
