//! What stamped records came to.

use std::fmt;

use anyhow::{Result, bail};
use loadgen::{Percentiles, Verdict, WallWatch};
use serde::{Deserialize, Serialize};

/// How late the results of stamped records were, and whether all of them came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StampedSummary {
    /// Records that the latencies are of: all but those of the warm-up.
    pub measured: u64,
    /// From the moment at which a record was due until its result was out; null where no record is
    /// measured.
    pub latency_ms: Option<Percentiles>,
    /// From the moment at which it was sent: what a generator would see that waits for its reader.
    pub raw_latency_ms: Option<Percentiles>,
    /// Records that are in no result, and so have no latency: of batches that failed, and of windows
    /// that had not come when the run ended.
    pub without_result: u64,
    /// Records whose results were out before they were due: then the clocks of sender and reader
    /// differ, and no latency means anything.
    pub early: u64,
    /// By how much the wall clock was set during the run, in milliseconds.
    pub wall_step_ms: i64,
    /// Whether nothing is lost, doubled, torn or foreign, as far as is known.
    pub whole: bool,
    /// Whether every source has also told its end, so that nothing can be missing.
    pub proven: bool,
    /// What the checker has found.
    pub check: Verdict,
}

impl StampedSummary {
    /// Fails where lines are missing, or where there were none.
    pub(in crate::job) fn check_that_all_came(&self) -> Result<()> {
        if self.check.sources == 0 && self.whole {
            bail!("no stamped line has come; send them with loadgen --stamped");
        }
        if !self.whole {
            bail!("not all stamped lines came as they were sent");
        }
        Ok(())
    }

    /// Why latencies mean nothing, if they do not.
    pub fn reason_not_valid(&self) -> Option<String> {
        if WallWatch::is_elsewhere(self.wall_step_ms) {
            return Some(format!(
                "the wall clock was set by {} ms during the run: latencies are differences of two \
                 programs' clocks, so run both again",
                self.wall_step_ms
            ));
        }
        (self.early > 0).then(|| {
            format!(
                "the results of {} records were out before these were due: the clocks of sender and \
                 reader differ; run both again, on one machine or with synchronised clocks",
                self.early
            )
        })
    }
}

impl fmt::Display for StampedSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |latency: Option<Percentiles>| latency.map(|latency| latency.named());
        let (corrected, raw) = (named(self.latency_ms), named(self.raw_latency_ms));
        let pairs = corrected.iter().flatten().zip(raw.iter().flatten());
        for ((name, ms), (_, raw_ms)) in pairs {
            let name = format!("latency {name}");
            writeln!(f, "{name:<18}{:>16}, raw {raw_ms:.2} ms", format!("{ms:.2} ms"))?;
        }
        let conclusion = match (self.whole, self.proven) {
            _ if self.check.sources == 0 => "none has come",
            (true, true) => "whole",
            (true, false) => "whole so far",
            (false, _) => "not whole",
        };
        writeln!(f, "{:<18}{conclusion:>16}", "all records")?;
        if self.without_result > 0 {
            let records = self.without_result;
            writeln!(
                f,
                "{records} records are in no result: their batch failed, or their window has not come"
            )?;
        }
        self.check.sentences().iter().try_for_each(|sentence| writeln!(f, "{sentence}"))
    }
}
