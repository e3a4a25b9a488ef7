//! What a run came to.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::rate::Rate;

/// The form of [`Summary`] that this version writes.
pub const SCHEMA_VERSION: u32 = 1;

/// A run may lag its schedule by this share of its lines when the schedule ends.
pub(crate) const LAG_SHARE_ALLOWED: f64 = 0.01;

/// What was sent, how fast, and whether that is what was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The form of this summary: [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Lines sent: those whose newline was handed to the operating system.
    pub records: u64,
    /// Bytes sent.
    pub bytes: u64,
    /// How long that took, from the start of the schedule to its last line; times without any
    /// client are left out.
    pub seconds: f64,
    /// The rate that was asked for, or null for as fast as possible.
    pub rate_asked_lines_per_s: Option<f64>,
    /// The rate that was held: `records` by `seconds`.
    pub rate_held_lines_per_s: f64,
    /// Megabytes (millions of bytes) per second.
    pub mb_per_s: f64,
    /// How late lines were sent, or null without a schedule to be late for.
    pub lag_ms: Option<LagMs>,
    /// Connections that came about, in all.
    pub connections: u64,
    /// Of these, how many the other side ended before the run did.
    pub connections_lost: u64,
    /// Of these, how many stopped reading, so that their last line was never finished.
    pub connections_stalled: u64,
    /// Whether the run was stopped from outside.
    pub interrupted: bool,
    /// Whether the schedule was held, within 1 % of the records that it asked for.
    pub valid: bool,
    /// If not, the sentence that says by how much.
    pub reason: Option<String>,
}

/// How late the oldest line of each write was, in milliseconds after the moment it was due.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LagMs {
    /// Half of the writes were at most so late.
    pub p50: f64,
    /// 99 of 100 writes were at most so late.
    pub p99: f64,
    /// None was later.
    pub max: f64,
}

impl LagMs {
    pub(crate) fn from_histogram_us(lag_us: &Histogram<u64>) -> Self {
        let at = |quantile| lag_us.value_at_quantile(quantile) as f64 / 1e3;
        Self { p50: at(0.5), p99: at(0.99), max: lag_us.max() as f64 / 1e3 }
    }
}

/// Why a run with this backlog at the end of its schedule is not valid, if it is not.
pub(crate) fn reason_not_valid(rate: Rate, behind: u64, asked: u64) -> Option<String> {
    let lines_per_s = rate.lines_per_s()?;
    let share = behind as f64 / asked as f64;
    // Where no line was asked for, 0 / 0 is not a number, and greater than nothing.
    (share > LAG_SHARE_ALLOWED).then(|| {
        format!(
            "the schedule was not held: at its end {behind} of {asked} lines were still to be sent \
             ({:.1} %, and {:.0} % are allowed), {:.0} ms behind; ask for a lower rate than {rate}, \
             or read faster",
            share * 100.0,
            LAG_SHARE_ALLOWED * 100.0,
            behind as f64 / lines_per_s * 1e3,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_percent_behind_is_allowed_and_no_more() {
        let rate = Rate::LinesPerS(1000.0);
        assert_eq!(reason_not_valid(rate, 10, 1000), None);
        assert_eq!(reason_not_valid(rate, 0, 0), None);
        assert_eq!(reason_not_valid(Rate::Max, 10, 10), None);
        let reason = reason_not_valid(rate, 11, 1000).unwrap();
        assert!(reason.contains("11 of 1000 lines") && reason.contains("11 ms behind"), "{reason}");
    }
}
