//! What a run of a workload came to.

use std::collections::BTreeMap;
use std::fmt;

use loadgen::{Figure, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Moment, Slope, StampedSummary};
use crate::usage::Usage;

/// The version of [`Summary`]'s JSON form.
pub(super) const SCHEMA_VERSION: u32 = 1;

/// A run as a whole. Rates and delays are over the batches between the first with records and the
/// last, both left out: one began before the load, the other ended with it. A warm-up is left out
/// too.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// 1; it changes when a field changes its meaning or goes.
    pub schema_version: u32,
    /// The workload's name.
    pub workload: String,
    /// How often batches were cut.
    pub batch_interval_ms: i64,
    /// Tasks at once.
    pub parallelism: usize,
    /// All batches.
    pub batches: u64,
    /// Batches that failed.
    pub failed: u64,
    /// All lines.
    pub records: u64,
    /// All bytes.
    pub bytes: u64,
    /// What adds up in the answers of all batches, field by field.
    pub totals: Value,
    /// Batches that the figures below are over.
    pub measured_batches: u64,
    /// Lines in them.
    #[serde(default)]
    pub measured_records: u64,
    /// Processor seconds of the process in their time.
    #[serde(default)]
    pub measured_cpu_seconds: f64,
    /// Lines a second.
    pub lines_per_s: f64,
    /// Bytes a second.
    pub bytes_per_s: f64,
    /// Processing time of half of the batches at most, in milliseconds.
    pub processing_p50_ms: f64,
    /// Processing time of 95 % of the batches at most.
    #[serde(default)]
    pub processing_p95_ms: f64,
    /// Processing time of 99 % of the batches at most.
    pub processing_p99_ms: f64,
    /// The longest time that a batch waited for the one before.
    pub scheduling_delay_max_ms: f64,
    /// How that time grew from batch to batch, in milliseconds a second; nothing for fewer than three
    /// batches.
    #[serde(default)]
    pub scheduling_delay_slope_ms: Option<Slope>,
    /// Total delay of half of the batches at most: what they waited, and their processing time.
    pub total_delay_p50_ms: f64,
    /// Total delay of 95 % of the batches at most.
    #[serde(default)]
    pub total_delay_p95_ms: f64,
    /// Total delay of 99 % of the batches at most.
    pub total_delay_p99_ms: f64,
    /// The longest total delay.
    pub total_delay_max_ms: f64,
    /// The share of the bytes that were worked on before their batch's turn.
    #[serde(default)]
    pub early_share: f64,
    /// By stage, how long it took at a batch's turn, in milliseconds and in the mean.
    #[serde(default)]
    pub stages_ms: BTreeMap<String, f64>,
    /// What the process has cost.
    pub usage: Usage,
    /// How the run went on, from the first batch with records; nothing unless it was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub course: Vec<Moment>,
    /// How late stamped lines were, and whether all came; nothing where lines are not stamped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stamped: Option<StampedSummary>,
}

impl Summary {
    /// What was found, and in how many lines: matches, or words, or the lines themselves.
    pub(crate) fn found(&self) -> (u64, u64) {
        let total = |name: &str| self.totals.get(name).and_then(Value::as_u64);
        let found = ["matched", "total", "lines"].into_iter().find_map(total);
        (found.unwrap_or(0), self.records)
    }

    /// Processor seconds for a million lines, of those that were measured.
    pub fn cpu_seconds_per_million(&self) -> f64 {
        self.measured_cpu_seconds / (self.measured_records as f64 / 1e6)
    }

    /// Every figure that an objective may be about, by its name; nothing where this run has none.
    pub fn figures(&self) -> Vec<Figure> {
        let measured = |value| Some(value).filter(|_| self.measured_batches > 0);
        let mut figures = vec![
            Figure::number("rate", measured(self.lines_per_s)),
            Figure::number("cpu_seconds_per_million", measured(self.cpu_seconds_per_million())),
        ];
        for (name, ms) in [
            ("processing.p50", self.processing_p50_ms),
            ("processing.p95", self.processing_p95_ms),
            ("processing.p99", self.processing_p99_ms),
            ("scheduling_delay.max", self.scheduling_delay_max_ms),
            ("total_delay.p50", self.total_delay_p50_ms),
            ("total_delay.p95", self.total_delay_p95_ms),
            ("total_delay.p99", self.total_delay_p99_ms),
            ("total_delay.max", self.total_delay_max_ms),
        ] {
            figures.push(Figure::time(name, measured(ms)));
        }
        let stamped = self.stamped.as_ref();
        let latencies = [
            ("latency", stamped.and_then(|stamped| stamped.latency_ms)),
            ("raw_latency", stamped.and_then(|stamped| stamped.raw_latency_ms)),
        ];
        for (prefix, percentiles) in latencies {
            for (name, ms) in percentiles.unwrap_or_default().named() {
                figures.push(Figure::time(format!("{prefix}.{name}"), percentiles.map(|_| ms)));
            }
        }
        for (name, of) in [
            ("lost", (|check| check.lost) as fn(&Verdict) -> u64),
            ("duplicated", |check| check.duplicated),
            ("unended", |check| check.unended),
        ] {
            figures.push(Figure::number(name, stamped.map(|stamped| of(&stamped.check) as f64)));
        }
        figures
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |name: &str, value: String| writeln!(f, "{name:<18}{value:>16}");
        row("workload", self.workload.clone())?;
        row("batches", format!("{} of {} ms", self.batches, self.batch_interval_ms))?;
        row("failed", self.failed.to_string())?;
        row("lines", self.records.to_string())?;
        let of_all = format!("in {} of the batches", self.measured_batches);
        row("  measured", format!("{:>16}  {of_all}", self.measured_records))?;
        row("lines/s", format!("{:>16.0}  of those measured", self.lines_per_s))?;
        row("MB/s", format!("{:>16.1}  of those measured", self.bytes_per_s / 1e6))?;
        row("processing p50", format!("{:.3} ms", self.processing_p50_ms))?;
        row("processing p99", format!("{:.3} ms", self.processing_p99_ms))?;
        row("longest wait", format!("{:.3} ms", self.scheduling_delay_max_ms))?;
        row("CPU", format!("{:.2} s", self.usage.cpu_seconds))?;
        row(
            "peak memory",
            format!("{:.1} MiB", self.usage.peak_memory_bytes as f64 / (1 << 20) as f64),
        )?;
        for (name, value) in self.totals.as_object().into_iter().flatten() {
            row(name, value.to_string())?;
        }
        self.stamped.iter().try_for_each(|stamped| write!(f, "{stamped}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_stands_beside_the_lines_that_it_is_of() {
        let summary = Summary {
            batches: 10,
            records: 48_000,
            measured_batches: 8,
            measured_records: 40_000,
            lines_per_s: 5000.0,
            ..Summary::default()
        };
        let told = summary.to_string();
        let lines: Vec<Vec<&str>> = told.lines().map(|l| l.split_whitespace().collect()).collect();
        let has = |line: &str| lines.iter().any(|words| words.join(" ") == line);
        assert!(has("lines 48000"), "{told}");
        assert!(has("measured 40000 in 8 of the batches"), "{told}");
        assert!(has("lines/s 5000 of those measured"), "{told}");
    }
}
