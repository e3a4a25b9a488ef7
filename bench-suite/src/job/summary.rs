//! What a run of a workload came to.

use std::collections::BTreeMap;
use std::fmt;

use hdrhistogram::Histogram;
use loadgen::{Figure, Verdict};
use millstream::progress::BatchReport;
use millstream::{Duration, Time};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Answer, StampedSummary};
use crate::usage::Usage;

/// The version of [`Summary`]'s JSON form.
pub(super) const SCHEMA_VERSION: u32 = 1;

/// A run as a whole. Rates and delays are over the batches between the first with records and the
/// last, both left out: one began before the load, the other ended with it. A warm-up is left out
/// too.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
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
    /// Total delay of half of the batches at most: what they waited, and their processing time.
    pub total_delay_p50_ms: f64,
    /// Total delay of 99 % of the batches at most.
    pub total_delay_p99_ms: f64,
    /// The longest total delay.
    pub total_delay_max_ms: f64,
    /// What the process has cost.
    pub usage: Usage,
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

    /// Every figure that an objective may be about, by its name; nothing where this run has none.
    pub fn figures(&self) -> Vec<Figure> {
        let measured = |value| Some(value).filter(|_| self.measured_batches > 0);
        let mut figures = vec![Figure::number("rate", measured(self.lines_per_s))];
        for (name, ms) in [
            ("processing.p50", self.processing_p50_ms),
            ("processing.p99", self.processing_p99_ms),
            ("scheduling_delay.max", self.scheduling_delay_max_ms),
            ("total_delay.p50", self.total_delay_p50_ms),
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

/// Gathers reports into a [`Summary`], in memory that does not grow with their number.
#[derive(Default)]
pub(super) struct Gathered {
    batches: u64,
    failed: u64,
    records: u64,
    bytes: u64,
    totals: BTreeMap<&'static str, i64>,
    measured: Span,
    /// The last batch with records, and the empty ones since: measured if another follows.
    pending: Option<Span>,
    /// How long after the first batch with records nothing is measured.
    warm_up: Duration,
    /// The last batch that is not, once there are records.
    warm_up_ends: Time,
}

/// Some batches, added up.
#[derive(Default)]
struct Span {
    batches: u64,
    records: u64,
    bytes: u64,
    processing_us: Option<Histogram<u64>>,
    total_delay_us: Option<Histogram<u64>>,
    scheduling_delay_max_ms: f64,
}

impl Gathered {
    pub(super) fn after(warm_up: Duration) -> Self {
        Gathered { warm_up, ..Gathered::default() }
    }

    pub(super) fn add(&mut self, report: &BatchReport, answer: Option<&Answer>) {
        self.batches += 1;
        self.failed += u64::from(!report.succeeded());
        self.records += report.records;
        self.bytes += report.bytes;
        for (&name, &n) in answer.iter().flat_map(|answer| &answer.adds_up) {
            let total = self.totals.entry(name).or_default();
            *total = total.wrapping_add(n);
        }
        match (&mut self.pending, report.records) {
            (None, 0) => {}
            // The first batch with records is not measured: it began before the load.
            (None, _) => {
                self.pending = Some(Span::default());
                self.warm_up_ends = report.batch_time() + self.warm_up;
            }
            (Some(_), _) if report.batch_time() <= self.warm_up_ends => {}
            (Some(pending), 0) => pending.add(report),
            (Some(pending), _) => {
                self.measured.append(std::mem::take(pending));
                pending.add(report);
            }
        }
    }

    pub(super) fn summary(
        &self,
        workload: &str,
        batch_interval_ms: i64,
        parallelism: usize,
        usage: Usage,
    ) -> Summary {
        let measured = &self.measured;
        let seconds = measured.batches as f64 * batch_interval_ms as f64 / 1e3;
        let per_s = |total: u64| if measured.batches == 0 { 0.0 } else { total as f64 / seconds };
        let ms = |histogram: &Option<Histogram<u64>>, share: f64| {
            histogram.as_ref().map_or(0, |h| h.value_at_quantile(share)) as f64 / 1e3
        };
        Summary {
            schema_version: SCHEMA_VERSION,
            workload: workload.into(),
            batch_interval_ms,
            parallelism,
            batches: self.batches,
            failed: self.failed,
            records: self.records,
            bytes: self.bytes,
            totals: json!(self.totals),
            measured_batches: measured.batches,
            lines_per_s: per_s(measured.records),
            bytes_per_s: per_s(measured.bytes),
            processing_p50_ms: ms(&measured.processing_us, 0.50),
            processing_p99_ms: ms(&measured.processing_us, 0.99),
            scheduling_delay_max_ms: measured.scheduling_delay_max_ms,
            total_delay_p50_ms: ms(&measured.total_delay_us, 0.50),
            total_delay_p99_ms: ms(&measured.total_delay_us, 0.99),
            total_delay_max_ms: ms(&measured.total_delay_us, 1.0),
            usage,
            stamped: None,
        }
    }
}

impl Span {
    fn add(&mut self, report: &BatchReport) {
        self.batches += 1;
        self.records += report.records;
        self.bytes += report.bytes;
        self.scheduling_delay_max_ms = self.scheduling_delay_max_ms.max(report.scheduling_delay_ms);
        for (histogram, ms) in [
            (&mut self.processing_us, report.processing_ms),
            (&mut self.total_delay_us, report.total_delay_ms),
        ] {
            let us = (ms * 1e3) as u64;
            histogram.get_or_insert_with(new_histogram).saturating_record(us);
        }
    }

    fn append(&mut self, other: Span) {
        self.batches += other.batches;
        self.records += other.records;
        self.bytes += other.bytes;
        self.scheduling_delay_max_ms =
            self.scheduling_delay_max_ms.max(other.scheduling_delay_max_ms);
        for (ours, theirs) in [
            (&mut self.processing_us, other.processing_us),
            (&mut self.total_delay_us, other.total_delay_us),
        ] {
            if let Some(theirs) = theirs {
                let ours = ours.get_or_insert_with(new_histogram);
                ours.add(theirs).expect("both have the same bounds");
            }
        }
    }
}

/// Microseconds up to an hour, to three digits.
fn new_histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 3_600_000_000, 3).expect("the bounds are in order")
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
        self.stamped.iter().try_for_each(|stamped| write!(f, "{stamped}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use millstream::secs;

    fn summary(batches: &[(u64, f64)]) -> Summary {
        summary_after(Duration::ZERO, batches)
    }

    fn summary_after(warm_up: Duration, batches: &[(u64, f64)]) -> Summary {
        let mut gathered = Gathered::after(warm_up);
        for (n, &(records, processing_ms)) in batches.iter().enumerate() {
            let mut report = BatchReport::from((Time::from_millis(n as i64 * 1000), secs(1)));
            (report.records, report.processing_ms) = (records, processing_ms);
            let answer = Answer::default().adding("lines", records).standing("distinct", 7);
            gathered.add(&report, Some(&answer));
        }
        gathered.summary("count", 1000, 1, Usage::default())
    }

    #[test]
    fn the_first_batch_with_records_and_the_last_are_not_measured() {
        let summary =
            summary(&[(0, 0.1), (5, 9.0), (100, 1.0), (0, 1.0), (200, 2.0), (3, 9.0), (0, 0.1)]);
        assert_eq!((summary.batches, summary.records, summary.measured_batches), (7, 308, 3));
        assert_eq!(summary.lines_per_s, 100.0);
        assert!((1.9..2.1).contains(&summary.processing_p99_ms), "{}", summary.processing_p99_ms);
        assert_eq!(summary.totals, json!({ "lines": 308 }));
    }

    #[test]
    fn a_warm_up_counts_from_the_first_batch_with_records() {
        let batches = [(0, 0.1), (5, 9.0), (100, 1.0), (0, 1.0), (200, 2.0), (300, 1.0), (9, 1.0)];
        let summary = |warm_up| summary_after(warm_up, &batches);
        assert_eq!(summary(secs(1)).measured_batches, 3);
        assert_eq!(summary(secs(2)).lines_per_s, 250.0);
        assert_eq!((summary(secs(4)).measured_batches, summary(secs(4)).records), (0, 614));
    }

    #[test]
    fn of_too_few_batches_nothing_is_measured() {
        assert_eq!(summary(&[(5, 1.0), (5, 1.0)]).measured_batches, 0);
        assert_eq!(summary(&[]).lines_per_s, 0.0);
    }
}
