//! What a run of a workload came to.

use std::fmt;

use millstream::progress::BatchReport;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::usage::Usage;

/// The version of [`Summary`]'s JSON form.
pub(super) const SCHEMA_VERSION: u32 = 1;

/// A run as a whole. Rates and delays are over the batches between the first with records and the
/// last, both left out: one began before the load, the other ended with it.
#[derive(Clone, Debug, Serialize, Deserialize)]
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
    /// The answers of all batches, added up field by field.
    pub totals: Value,
    /// Batches that the figures below are over.
    pub measured_batches: u64,
    /// Lines a second.
    pub lines_per_s: f64,
    /// Bytes a second.
    pub bytes_per_s: f64,
    /// Processing time of half of the batches at most, in milliseconds.
    pub processing_p50_ms: f64,
    /// Processing time of 99 % of the batches at most.
    pub processing_p99_ms: f64,
    /// The longest time that a batch waited for the one before.
    pub scheduling_delay_max_ms: f64,
    /// What the process has cost.
    pub usage: Usage,
}

/// Gathers reports into a [`Summary`].
#[derive(Default)]
pub(super) struct Gathered {
    reports: Vec<BatchReport>,
    totals: serde_json::Map<String, Value>,
}

impl Gathered {
    pub(super) fn add(&mut self, report: &BatchReport, result: &Value) {
        self.reports.push(report.clone());
        for (name, value) in result.as_object().into_iter().flatten() {
            let so_far = self.totals.get(name).and_then(Value::as_u64).unwrap_or(0);
            self.totals.insert(name.clone(), (so_far + value.as_u64().unwrap_or(0)).into());
        }
    }

    pub(super) fn summary(
        &self,
        workload: &str,
        batch_interval_ms: i64,
        parallelism: usize,
        usage: Usage,
    ) -> Summary {
        let all = &self.reports;
        let measured = measured(all);
        let seconds = measured.len() as f64 * batch_interval_ms as f64 / 1e3;
        let per_s = |total: u64| if measured.is_empty() { 0.0 } else { total as f64 / seconds };
        let mut processing: Vec<f64> = measured.iter().map(|r| r.processing_ms).collect();
        processing.sort_by(f64::total_cmp);
        Summary {
            schema_version: SCHEMA_VERSION,
            workload: workload.into(),
            batch_interval_ms,
            parallelism,
            batches: all.len() as u64,
            failed: all.iter().filter(|r| !r.succeeded()).count() as u64,
            records: all.iter().map(|r| r.records).sum(),
            bytes: all.iter().map(|r| r.bytes).sum(),
            totals: Value::Object(self.totals.clone()),
            measured_batches: measured.len() as u64,
            lines_per_s: per_s(measured.iter().map(|r| r.records).sum()),
            bytes_per_s: per_s(measured.iter().map(|r| r.bytes).sum()),
            processing_p50_ms: quantile(&processing, 0.50),
            processing_p99_ms: quantile(&processing, 0.99),
            scheduling_delay_max_ms: measured
                .iter()
                .map(|r| r.scheduling_delay_ms)
                .fold(0.0, f64::max),
            usage,
        }
    }
}

/// The batches between the first with records and the last with records.
fn measured(all: &[BatchReport]) -> &[BatchReport] {
    let first = all.iter().position(|r| r.records > 0);
    let last = all.iter().rposition(|r| r.records > 0);
    match (first, last) {
        (Some(first), Some(last)) if last > first + 1 => &all[first + 1..last],
        _ => &[],
    }
}

/// The smallest value that at least the share `q` of `sorted` does not exceed; 0 of none.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let rank = (q * sorted.len() as f64).ceil().max(1.0) as usize;
    sorted.get(rank - 1).copied().unwrap_or(0.0)
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |name: &str, value: String| writeln!(f, "{name:<18}{value:>16}");
        row("workload", self.workload.clone())?;
        row("batches", format!("{} of {} ms", self.batches, self.batch_interval_ms))?;
        row("failed", self.failed.to_string())?;
        row("lines", self.records.to_string())?;
        row("lines/s", format!("{:.0}", self.lines_per_s))?;
        row("MB/s", format!("{:.1}", self.bytes_per_s / 1e6))?;
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
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_one_of_the_values() {
        let values: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(quantile(&values, 0.50), 50.0);
        assert_eq!(quantile(&values, 0.99), 99.0);
        assert_eq!(quantile(&[7.0], 0.99), 7.0);
        assert_eq!(quantile(&[], 0.5), 0.0);
    }
}
