//! What one run of a side gives.

use serde::Serialize;

use crate::fed::same_share;
use crate::job::Summary;
use crate::memory::{self, Done};
use crate::role::RoofDone;

/// What one run of a side gives.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Run {
    pub(super) records_per_s: f64,
    pub(super) bytes_per_s: f64,
    /// Processor seconds of the side's own process for a million records.
    pub(super) cpu_s_per_m: f64,
    pub(super) found: Found,
}

/// What a run found, as far as the other side can be held to it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "compared")]
pub(super) enum Found {
    /// So much in so many lines. Two that were fed for as long had the same lines, but not as many.
    Share { found: u64, lines: u64 },
    /// This in every batch.
    Batch(memory::Found),
    /// A window that was compared with a recomputation from its batches.
    Recomputed { is_right: bool },
    /// Nothing that adds up over a run: a word is in as many windows as overlap.
    Nothing,
}

impl Found {
    pub(super) fn agrees_with(&self, other: &Found) -> bool {
        match (*self, *other) {
            (Found::Nothing, _) | (_, Found::Nothing) => true,
            (Found::Batch(found), Found::Batch(other)) => found == other,
            (Found::Recomputed { is_right }, Found::Recomputed { is_right: other }) => {
                is_right && other
            }
            (Found::Share { found, lines }, Found::Share { found: other, lines: of }) => {
                same_share((found, lines), (other, of))
            }
            (Found::Share { .. } | Found::Batch(_) | Found::Recomputed { .. }, _) => false,
        }
    }
}

impl From<Summary> for Run {
    fn from(job: Summary) -> Self {
        let (found, lines) = job.found();
        Run {
            records_per_s: job.lines_per_s,
            bytes_per_s: job.bytes_per_s,
            cpu_s_per_m: job.usage.cpu_seconds / (job.records as f64 / 1e6),
            found: Found::Share { found, lines },
        }
    }
}

impl From<RoofDone> for Run {
    fn from(bare: RoofDone) -> Self {
        Run {
            records_per_s: bare.lines_per_s,
            bytes_per_s: bare.bytes_per_s,
            cpu_s_per_m: bare.usage.cpu_seconds / (bare.lines as f64 / 1e6),
            found: Found::Share { found: bare.found, lines: bare.lines },
        }
    }
}

impl From<Done> for Run {
    fn from(done: Done) -> Self {
        Run {
            records_per_s: done.records as f64 / done.seconds,
            bytes_per_s: done.bytes as f64 / done.seconds,
            cpu_s_per_m: done.cpu_seconds / (done.records as f64 / 1e6),
            found: Found::Batch(done.found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_in_other_ways_or_is_not_right_does_not_agree() {
        let share = |found| Found::Share { found, lines: 1000 };
        let batch = |sum| Found::Batch(memory::Found { keys: 1, sum });
        let window = |is_right| Found::Recomputed { is_right };
        assert!(share(100).agrees_with(&share(101)) && !share(100).agrees_with(&share(103)));
        assert!(batch(1000).agrees_with(&batch(1000)) && !batch(1000).agrees_with(&batch(1001)));
        assert!(window(true).agrees_with(&window(true)));
        assert!(
            !window(false).agrees_with(&window(true)) && !window(true).agrees_with(&window(false))
        );
        assert!(!share(1).agrees_with(&batch(1)) && share(1).agrees_with(&Found::Nothing));
    }
}
