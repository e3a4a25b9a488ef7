//! What was found: as a table and as JSON, and whether it held.

use std::fmt;

use serde::Serialize;

use super::quarter::QuarterFound;
use crate::strain::mib;

/// The version of the JSON form.
pub(super) const SCHEMA_VERSION: u32 = 1;

/// Of the last quarter's figures to the second's: the most that counts as the same.
const SAME: f64 = 1.1;

/// So much memory more, in the pages of an allocator, says nothing.
const MEMORY_SLACK_BYTES: u64 = 16 << 20;

/// The engine's checkpoints are so far apart where nothing else is set.
const CHECKPOINTS_EVERY_S: f64 = 10.0;

/// A log's files are begun anew at this size, and gone as a whole: there are two logs.
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
/// log, and two checkpoints.
pub(super) fn directory_limit_bytes(records_per_s: f64, memory_bytes: u64) -> u64 {
    (records_per_s * MOST_LINE_BYTES * 2.0 * CHECKPOINTS_EVERY_S) as u64
        + 4 * LOG_FILE_BYTES
        + 2 * memory_bytes / 4
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
