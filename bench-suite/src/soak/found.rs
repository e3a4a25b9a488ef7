//! What was found: as a table and as JSON, and whether it held.

use std::fmt;

use serde::Serialize;

use super::quarter::QuarterFound;
use crate::strain::mib;
use crate::strained::CHECKPOINT_INTERVAL;

/// The version of the JSON form: 2 since a quarter has `samples`, and misses are told.
pub(super) const SCHEMA_VERSION: u32 = 2;

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
#[derive(Default, Serialize)]
pub(super) struct Found {
    pub(super) schema_version: u32,
    pub(super) seconds: f64,
    pub(super) restarts: u64,
    pub(super) sent: u64,
    pub(super) counted: u64,
    pub(super) sources_wrong: u64,
    pub(super) quarters: [QuarterFound; 4],
    pub(super) directory_limit_bytes: u64,
    /// The last quarter's 99th percentile by the second's, where there are both.
    pub(super) p99_ratio: Option<f64>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) p99_ratio_missing: Option<String>,
    /// What did not hold, in sentences.
    pub(super) misses: Vec<String>,
    /// What there was too little to see of.
    pub(super) doubts: Vec<String>,
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
    /// The 99th percentile of the last quarter by that of the second, or why there is none.
    pub(super) fn p99_ratio(quarters: &[QuarterFound; 4]) -> Result<f64, String> {
        let [_, second, _, last] = quarters;
        match (second.batches, last.batches) {
            (0, _) => Err("the second quarter has no batch".to_owned()),
            (_, 0) => Err("the last quarter has no batch".to_owned()),
            _ if second.p99_ms <= 0.0 => Err("the second quarter's is 0 ms".to_owned()),
            _ => Ok(last.p99_ms / second.p99_ms),
        }
    }

    /// Puts down what did not hold, and what there was too little to see of.
    pub(super) fn judged(mut self) -> Self {
        self.misses = self.all_misses();
        let unseen = self.quarters.iter().enumerate().filter(|(_, quarter)| quarter.samples == 0);
        self.doubts = unseen
            .map(|(n, _)| {
                format!(
                    "in quarter {}, it was never looked what the job takes, so that nothing is known of its memory, \
                     descriptors and directory",
                    n + 1
                )
            })
            .chain(self.p99_ratio_missing.iter().map(|reason| {
                format!("there is no 99th percentile to compare: {reason}")
            }))
            .collect();
        self
    }

    fn all_misses(&self) -> Vec<String> {
        let mut misses = Vec::new();
        let mut unless = |holds: bool, sentence: String| {
            if !holds {
                misses.push(sentence);
            }
        };
        let [_, second, _, last] = &self.quarters;
        unless(
            self.sent == self.counted,
            format!("{} records were sent, and {} counted", self.sent, self.counted),
        );
        unless(self.sent > 0, "0 records were sent, so that nothing is shown".to_owned());
        unless(
            self.sources_wrong == 0,
            format!(
                "of {} sources not what was sent was counted; 0 were to be",
                self.sources_wrong
            ),
        );
        for (n, quarter) in self.quarters.iter().enumerate() {
            let (failed, batches) = (quarter.failed_batches, quarter.batches);
            unless(
                failed == 0,
                format!(
                    "in quarter {}, {failed} of {batches} batches have failed; none was to",
                    n + 1
                ),
            );
            let (most, limit) = (quarter.most.directory_bytes, self.directory_limit_bytes);
            unless(
                most <= limit,
                format!(
                    "in quarter {}, the directory had {:.1} MiB; {:.1} at most were to be",
                    n + 1,
                    mib(most),
                    mib(limit)
                ),
            );
        }
        let most = |of: u64| (of as f64 * SAME) as u64;
        let (before, after) = (second.most.memory_bytes, last.most.memory_bytes);
        let limit = most(before) + MEMORY_SLACK_BYTES;
        unless(
            after <= limit,
            format!(
                "the last quarter's memory is {:.1} MiB; after {:.1} in the second, {:.1} at most were to be",
                mib(after),
                mib(before),
                mib(limit)
            ),
        );
        let (before, after) = (second.most.descriptors, last.most.descriptors);
        unless(
            after <= most(before),
            format!(
                "the last quarter's descriptors are {after}; after {before} in the second, {} at most were to be",
                most(before)
            ),
        );
        if let Some(ratio) = self.p99_ratio {
            unless(
                ratio <= SAME,
                format!(
                    "the last quarter's 99th percentile is {:.1} ms, {ratio:.3} of the second's {:.1}; {SAME} at most \
                     were to be",
                    last.p99_ms, second.p99_ms
                ),
            );
        }
        misses
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
        let seen = |quarter: &QuarterFound, what: String| match quarter.samples {
            0 => "not seen".to_owned(),
            _ => what,
        };
        row(f, "by quarter: batches", &|quarter| quarter.batches.to_string())?;
        row(f, "  failed", &|quarter| quarter.failed_batches.to_string())?;
        row(f, "  late, in the middle", &|quarter| format!("{:.1} ms", quarter.median_ms))?;
        row(f, "  99th percentile", &|quarter| format!("{:.1} ms", quarter.p99_ms))?;
        let of_mib = |bytes: u64| format!("{:.1} MiB", mib(bytes));
        row(f, "  memory", &|quarter| seen(quarter, of_mib(quarter.most.memory_bytes)))?;
        row(f, "  descriptors", &|quarter| seen(quarter, quarter.most.descriptors.to_string()))?;
        row(f, "  directory", &|quarter| seen(quarter, of_mib(quarter.most.directory_bytes)))?;
        let limit = mib(self.directory_limit_bytes);
        writeln!(f, "{:<24}{limit:>14.1} MiB", "directory, at most")?;
        match (self.p99_ratio, &self.p99_ratio_missing) {
            (Some(ratio), _) => write!(f, "{:<24}{ratio:>14.3}", "p99, last by second"),
            (None, reason) => {
                let reason = reason.as_deref().unwrap_or("not known");
                write!(f, "{:<24}{:>14} ({reason})", "p99, last by second", "none")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soak::quarter::Taken;

    const MIB: u64 = 1 << 20;

    fn good() -> Found {
        let most = Taken { memory_bytes: 100 * MIB, descriptors: 20, directory_bytes: 50 * MIB };
        let quarter = QuarterFound {
            batches: 100,
            p99_ms: 20.0,
            samples: 9,
            most,
            ..QuarterFound::default()
        };
        Found {
            sent: 1000,
            counted: 1000,
            quarters: [quarter; 4],
            directory_limit_bytes: 60 * MIB,
            p99_ratio: Some(1.0),
            ..Found::default()
        }
    }

    /// A change for the worse, and what is said of it.
    type Case = (fn(&mut Found), [&'static str; 2]);

    #[test]
    fn each_miss_is_told_with_both_numbers() {
        let judged = good().judged();
        assert!(judged.misses.is_empty() && judged.doubts.is_empty(), "{:?}", judged.misses);
        let cases: [Case; 6] = [
            (|f| f.counted = 999, ["1000 records", "999"]),
            (|f| f.quarters[0].failed_batches = 2, ["quarter 1, 2 of 100", "none"]),
            (|f| f.quarters[3].most.memory_bytes = 127 * MIB, ["127.0 MiB", "126.0 at most"]),
            (|f| f.quarters[3].most.descriptors = 23, ["are 23", "22 at most"]),
            (|f| f.quarters[2].most.directory_bytes = 61 * MIB, ["61.0 MiB", "60.0 at most"]),
            (|f| f.p99_ratio = Some(1.2), ["1.200", "1.1 at most"]),
        ];
        for (change, said) in cases {
            let mut found = good();
            change(&mut found);
            let misses = found.judged().misses;
            assert_eq!(misses.len(), 1, "{misses:?}");
            assert!(said.iter().all(|part| misses[0].contains(part)), "{misses:?}");
        }
    }

    #[test]
    fn what_was_not_looked_at_is_a_doubt_and_no_figure() {
        let mut found = good();
        found.quarters[1].samples = 0;
        let found = found.judged();
        assert!(
            found.doubts.len() == 1 && found.doubts[0].contains("quarter 2"),
            "{:?}",
            found.doubts
        );
        assert!(found.to_string().contains("not seen"));
    }

    #[test]
    fn without_a_percentile_there_is_a_reason() {
        let mut found = good();
        assert_eq!(Found::p99_ratio(&found.quarters), Ok(1.0));
        found.quarters[1].batches = 0;
        let reason = Found::p99_ratio(&found.quarters).unwrap_err();
        (found.p99_ratio, found.p99_ratio_missing) = (None, Some(reason));
        let found = found.judged();
        assert!(found.doubts[0].contains("the second quarter has no batch"), "{:?}", found.doubts);
        assert!(found.to_string().contains("none (the second quarter has no batch)"), "{found}");
    }

    #[test]
    fn the_directory_may_hold_three_checkpoints_beside_its_logs() {
        assert_eq!(directory_limit_bytes(0.0, 256 * MIB), (4 * 64 + 3 * 64) * MIB);
        let logged_bytes = 20_000 * 160 * 20;
        assert_eq!(directory_limit_bytes(20e3, 0), logged_bytes + 4 * 64 * MIB);
    }
}
