//! Gathers what is reported of batches into the summary of their run.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use millstream::progress::BatchReport;
use millstream::{Duration, Time};
use serde_json::json;

use super::course::Course;
use super::summary::SCHEMA_VERSION;
use super::trend::Values;
use super::{Answer, Summary};
use crate::usage::Usage;

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
    /// The first batch with records.
    first: Option<Time>,
    /// Of the process, up to the batch before.
    cpu_seconds: f64,
    course: Option<Course>,
}

/// Some batches, added up.
#[derive(Default)]
struct Span {
    batches: u64,
    /// How many intervals they stand for: one each, where none has overrun.
    intervals: u64,
    records: u64,
    bytes: u64,
    early_bytes: u64,
    cpu_seconds: f64,
    stages_ms: BTreeMap<&'static str, f64>,
    scheduling_delays_ms: Values,
    processing_us: Option<Histogram<u64>>,
    total_delay_us: Option<Histogram<u64>>,
    scheduling_delay_max_ms: f64,
}

impl Gathered {
    pub(super) fn after(warm_up: Duration) -> Self {
        Gathered { warm_up, ..Gathered::default() }
    }

    /// With the course of the run.
    pub(super) fn with_course(self) -> Self {
        Gathered { course: Some(Course::default()), ..self }
    }

    /// A batch that is over, and the processor seconds that the process has taken up to now.
    pub(super) fn add(&mut self, report: &BatchReport, answer: Option<&Answer>, cpu_seconds: f64) {
        let cost = cpu_seconds - std::mem::replace(&mut self.cpu_seconds, cpu_seconds);
        self.batches += 1;
        self.failed += u64::from(!report.succeeded());
        self.records += report.records;
        self.bytes += report.bytes;
        for (&name, &n) in answer.iter().flat_map(|answer| &answer.adds_up) {
            let total = self.totals.entry(name).or_default();
            *total = total.wrapping_add(n);
        }
        if self.first.is_none() && report.records == 0 {
            return;
        }
        let now = report.batch_time();
        let since_first = now - *self.first.get_or_insert(now);
        self.course.iter_mut().for_each(|course| course.add(since_first, report));
        match (&mut self.pending, report.records) {
            // The first batch with records is not measured: it began before the load.
            (None, _) => self.pending = Some(Span::default()),
            (Some(_), _) if since_first <= self.warm_up => {}
            (Some(pending), records) => {
                if records > 0 {
                    self.measured.append(std::mem::take(pending));
                }
                pending.add(since_first, report, cost);
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
        let seconds = measured.intervals as f64 * batch_interval_ms as f64 / 1e3;
        let per_s = |total: u64| if measured.batches == 0 { 0.0 } else { total as f64 / seconds };
        let mean = |ms: f64| ms / measured.batches.max(1) as f64;
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
            measured_records: measured.records,
            measured_cpu_seconds: measured.cpu_seconds,
            lines_per_s: per_s(measured.records),
            bytes_per_s: per_s(measured.bytes),
            processing_p50_ms: ms(&measured.processing_us, 0.50),
            processing_p95_ms: ms(&measured.processing_us, 0.95),
            processing_p99_ms: ms(&measured.processing_us, 0.99),
            scheduling_delay_max_ms: measured.scheduling_delay_max_ms,
            scheduling_delay_slope_ms: measured.scheduling_delays_ms.slope(),
            total_delay_p50_ms: ms(&measured.total_delay_us, 0.50),
            total_delay_p95_ms: ms(&measured.total_delay_us, 0.95),
            total_delay_p99_ms: ms(&measured.total_delay_us, 0.99),
            total_delay_max_ms: ms(&measured.total_delay_us, 1.0),
            early_share: measured.early_bytes as f64 / measured.bytes.max(1) as f64,
            stages_ms: measured
                .stages_ms
                .iter()
                .map(|(name, ms)| (name.to_string(), mean(*ms)))
                .collect(),
            usage,
            course: self.course.iter().flat_map(Course::moments).copied().collect(),
            stamped: None,
        }
    }
}

impl Span {
    /// One more batch, so long after the first with records.
    fn add(&mut self, since_first: Duration, report: &BatchReport, cpu_seconds: f64) {
        self.batches += 1;
        self.intervals += report.covers_batches;
        self.records += report.records;
        self.bytes += report.bytes;
        self.early_bytes += report.early_bytes;
        self.cpu_seconds += cpu_seconds;
        for stage in &report.stages {
            *self.stages_ms.entry(stage.name).or_default() += stage.millis;
        }
        let at_s = since_first.as_millis() as f64 / 1e3;
        self.scheduling_delays_ms.add(at_s, report.scheduling_delay_ms);
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
        self.intervals += other.intervals;
        self.records += other.records;
        self.bytes += other.bytes;
        self.early_bytes += other.early_bytes;
        self.cpu_seconds += other.cpu_seconds;
        for (name, ms) in other.stages_ms {
            *self.stages_ms.entry(name).or_default() += ms;
        }
        self.scheduling_delays_ms += other.scheduling_delays_ms;
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
            gathered.add(&report, Some(&answer), n as f64 * 0.5);
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
        assert_eq!((summary.measured_records, summary.measured_cpu_seconds), (300, 1.5));
    }

    #[test]
    fn a_batch_that_stands_for_several_due_times_has_had_as_many_intervals() {
        let mut gathered = Gathered::after(Duration::ZERO);
        for (at_s, covers, records) in [(1, 1, 5), (4, 3, 600), (5, 1, 200), (6, 1, 5)] {
            let mut report = BatchReport::from((Time::from_millis(at_s * 1000), secs(1)));
            (report.covers_batches, report.records) = (covers, records);
            gathered.add(&report, None, 0.0);
        }
        let summary = gathered.summary("count", 1000, 1, Usage::default());
        assert_eq!((summary.measured_batches, summary.lines_per_s), (2, 200.0));
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
