//! What was found: as a table and as JSON, and whether it held.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::strain::mib;

/// The version of the JSON form.
pub(super) const SCHEMA_VERSION: u32 = 1;

/// How soon all must be done once nothing more comes.
pub(super) const TO_DRAIN: Duration = Duration::from_secs(30);

/// What was found.
#[derive(Serialize)]
pub(super) struct Found {
    pub(super) schema_version: u32,
    /// What the job can do, in records a second.
    pub(super) capacity_per_s: f64,
    pub(super) offered_per_s: f64,
    pub(super) seconds: f64,
    pub(super) sent: u64,
    pub(super) counted: u64,
    /// Sources of which not all was counted, or other records.
    pub(super) sources_wrong: u64,
    pub(super) budget_bytes: u64,
    pub(super) limit_bytes: u64,
    pub(super) peak_bytes: u64,
    /// Whether the limit was that of a control group.
    pub(super) limited: bool,
    pub(super) batches: u64,
    pub(super) scheduling_delay_median_ms: f64,
    pub(super) scheduling_delay_max_ms: f64,
    pub(super) processing_median_ms: f64,
    pub(super) processing_max_ms: f64,
    pub(super) drained_after_s: f64,
    pub(super) failed_batches: u64,
}

impl Found {
    pub(super) fn holds(&self) -> bool {
        self.sources_wrong == 0
            && self.sent == self.counted
            && self.sent > 0
            && self.peak_bytes <= self.limit_bytes
            && self.drained_after_s <= TO_DRAIN.as_secs_f64()
            && self.failed_batches == 0
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<28}{:>14.0} records/s", "can be done", self.capacity_per_s)?;
        writeln!(f, "{:<28}{:>14.0} records/s", "was to be sent", self.offered_per_s)?;
        writeln!(f, "{:<28}{:>14.1} s", "for", self.seconds)?;
        writeln!(f, "{:<28}{:>14}", "records sent", self.sent)?;
        writeln!(f, "{:<28}{:>14}", "records counted", self.counted)?;
        writeln!(f, "{:<28}{:>14}", "sources that differ", self.sources_wrong)?;
        writeln!(f, "{:<28}{:>14.1} MiB", "memory budget", mib(self.budget_bytes))?;
        writeln!(f, "{:<28}{:>14.1} MiB", "  and a tenth", mib(self.limit_bytes))?;
        writeln!(f, "{:<28}{:>14.1} MiB", "most memory", mib(self.peak_bytes))?;
        writeln!(f, "{:<28}{:>14}", "batches", self.batches)?;
        writeln!(f, "{:<28}{:>14}", "  failed", self.failed_batches)?;
        let delay = (self.scheduling_delay_median_ms, self.scheduling_delay_max_ms);
        writeln!(f, "{:<28}{:>14.0} ms, at most {:.0} ms", "scheduling delay", delay.0, delay.1)?;
        let processing = (self.processing_median_ms, self.processing_max_ms);
        let what = "processing time";
        writeln!(f, "{what:<28}{:>14.0} ms, at most {:.0} ms", processing.0, processing.1)?;
        write!(f, "{:<28}{:>14.1} s", "the rest done after", self.drained_after_s)
    }
}
