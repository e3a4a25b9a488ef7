//! What was found: as a table and as JSON, and whether it held.

use std::fmt;

use serde::Serialize;

use super::quarter::QuarterFound;
use crate::strain::mib;
use crate::strained::CHECKPOINT_INTERVAL;

/// The version of the JSON form.
pub(super) const SCHEMA_VERSION: u32 = 1;

/// Of the last quarter's figures to the second's: the most that counts as the same.
const SAME: f64 = 1.1;

/// So much memory more, in the pages of an allocator, says nothing.
const MEMORY_SLACK_BYTES: u64 = 16 << 20;

/// The engine keeps two (`KEPT` in its `checkpoint`), and a third one is whole before the oldest of them goes.
const CHECKPOINTS: u64 = 3;

/// A checkpoint, of states and windows, must take no more than this share of the memory budget.
const CHECKPOINT_SHARE: f64 = 0.25;

/// A log is read from the older of the two checkpoints on.
const INTERVALS: f64 = 2.0;

/// Those of blocks and of batches. Of each one file is filled, and one is not collected yet, for files go as a whole.
const LOG_FILES: u64 = 2 * 2;

/// A log's file that has more is followed by a new one: `SEGMENT_BYTES` in the engine's `log`, which is not public.
const LOG_FILE_BYTES: u64 = 64 << 20;

/// No stamped line, with what the log puts around it, is longer.
const MOST_LINE_BYTES: f64 = 160.0;

/// What was found.
#[derive(Serialize)]
pub(super) struct Found {
    pub(super) schema_version: u32,
    pub(super) seconds: f64,
    pub(super) restarts: u64,
    pub(super) sent: u64,
    pub(super) counted: u64,
    pub(super) sources_wrong: u64,
    pub(super) quarters: Vec<QuarterFound>,
    pub(super) directory_limit_bytes: u64,
    /// The last quarter's 99th percentile by the second's.
    pub(super) p99_ratio: f64,
}

/// More than this the directory must never have held: what comes in two checkpoint intervals, two files of each
/// log, and three checkpoints.
pub(super) fn directory_limit_bytes(records_per_s: f64, memory_bytes: u64) -> u64 {
    let interval_s = CHECKPOINT_INTERVAL.to_std().as_secs_f64();
    let logged_bytes = records_per_s * MOST_LINE_BYTES * INTERVALS * interval_s;
    let checkpoint_bytes = memory_bytes as f64 * CHECKPOINT_SHARE;
    logged_bytes as u64 + LOG_FILES * LOG_FILE_BYTES + CHECKPOINTS * checkpoint_bytes as u64
}

impl Found {
    pub(super) fn holds(&self) -> bool {
        let (second, last) = (&self.quarters[1], &self.quarters[3]);
        let is_same = |of: fn(&QuarterFound) -> u64, slack: u64| {
            of(last) <= (of(second) as f64 * SAME) as u64 + slack
        };
        self.sources_wrong == 0
            && self.sent == self.counted
            && self.sent > 0
            && self.quarters.iter().all(|quarter| quarter.failed_batches == 0)
            && is_same(|quarter| quarter.most.memory_bytes, MEMORY_SLACK_BYTES)
            && is_same(|quarter| quarter.most.descriptors, 0)
            && self.quarters.iter().all(|q| q.most.directory_bytes <= self.directory_limit_bytes)
            && self.p99_ratio <= SAME
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<24}{:>14.0} s, {} restarts", "ran for", self.seconds, self.restarts)?;
        writeln!(f, "{:<24}{:>14}", "records sent", self.sent)?;
        writeln!(f, "{:<24}{:>14}", "records counted", self.counted)?;
        writeln!(f, "{:<24}{:>14}", "sources that differ", self.sources_wrong)?;
        let row = |f: &mut fmt::Formatter<'_>, what, of: &dyn Fn(&QuarterFound) -> String| {
            write!(f, "{what:<24}")?;
            self.quarters.iter().try_for_each(|quarter| write!(f, "{:>14}", of(quarter)))?;
            writeln!(f)
        };
        row(f, "by quarter: batches", &|quarter| quarter.batches.to_string())?;
        row(f, "  failed", &|quarter| quarter.failed_batches.to_string())?;
        row(f, "  late, in the middle", &|quarter| format!("{:.1} ms", quarter.median_ms))?;
        row(f, "  99th percentile", &|quarter| format!("{:.1} ms", quarter.p99_ms))?;
        row(f, "  memory", &|quarter| format!("{:.1} MiB", mib(quarter.most.memory_bytes)))?;
        row(f, "  descriptors", &|quarter| quarter.most.descriptors.to_string())?;
        row(f, "  directory", &|quarter| format!("{:.1} MiB", mib(quarter.most.directory_bytes)))?;
        let limit = mib(self.directory_limit_bytes);
        writeln!(f, "{:<24}{limit:>14.1} MiB", "directory, at most")?;
        write!(f, "{:<24}{:>14.3}", "p99, last by second", self.p99_ratio)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_may_hold_three_checkpoints_beside_its_logs() {
        const MIB: u64 = 1 << 20;
        assert_eq!(directory_limit_bytes(0.0, 256 * MIB), (4 * 64 + 3 * 64) * MIB);
        let logged_bytes = 20_000 * 160 * 20;
        assert_eq!(directory_limit_bytes(20e3, 0), logged_bytes + 4 * 64 * MIB);
    }
}
