//! The figures of a run that a report tells, and what they come to over several runs.

use crate::chart::digits;
use crate::series::Run;
use crate::turns;

/// A figure of a run, in the unit in which it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Figure {
    /// Lines taken in and processed.
    Rate,
    /// Processor time of the workload for a million lines.
    CpuPerMillion,
    /// How long a batch took, at its turn.
    Processing(Percentile),
    /// What a batch waited for its turn, and its processing time.
    TotalDelay(Percentile),
    /// How old the oldest line of a batch may be when the batch's result is out: it has waited for the end of
    /// its batch interval, and then for the total delay.
    Age(Percentile),
    /// How late the result of a stamped line was.
    Latency(Percentile),
}

/// So many of a hundred are at or below the figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Percentile {
    P50,
    /// Of stamped lines it is not kept; those have [`Percentile::P90`].
    P95,
    /// Kept of stamped lines only.
    P90,
    P99,
    Max,
}

use Percentile::{Max, P50, P90, P95, P99};

impl Percentile {
    pub(super) fn name(self) -> &'static str {
        match self {
            P50 => "p50",
            P90 => "p90",
            P95 => "p95",
            P99 => "p99",
            Max => "max",
        }
    }
}

impl Figure {
    /// Those of the table, in its order; the last are there where lines are stamped.
    pub(super) const TOLD: [Figure; 7] = [
        Figure::Rate,
        Figure::CpuPerMillion,
        Figure::Processing(P50),
        Figure::Processing(P95),
        Figure::TotalDelay(P99),
        Figure::Latency(P50),
        Figure::Latency(P99),
    ];

    /// Of a run that has it.
    pub(super) fn of(self, run: &Run) -> Option<f64> {
        let job = &run.job;
        let latency = || job.stamped.as_ref()?.latency_ms;
        let value = match self {
            Figure::Rate => job.lines_per_s / 1e6,
            Figure::CpuPerMillion => job.cpu_seconds_per_million(),
            Figure::Processing(P50) => job.processing_p50_ms,
            Figure::Processing(P95) => job.processing_p95_ms,
            Figure::Processing(P99) => job.processing_p99_ms,
            Figure::TotalDelay(P50) => job.total_delay_p50_ms,
            Figure::TotalDelay(P95) => job.total_delay_p95_ms,
            Figure::TotalDelay(P99) => job.total_delay_p99_ms,
            Figure::TotalDelay(Max) => job.total_delay_max_ms,
            Figure::Age(percentile) => {
                job.batch_interval_ms as f64 + Figure::TotalDelay(percentile).of(run)?
            }
            Figure::Latency(P50) => latency()?.p50,
            Figure::Latency(P90) => latency()?.p90,
            Figure::Latency(P99) => latency()?.p99,
            Figure::Latency(Max) => latency()?.max,
            Figure::Processing(P90 | Max) | Figure::TotalDelay(P90) | Figure::Latency(P95) => {
                return None;
            }
        };
        Some(value).filter(|value| value.is_finite())
    }

    /// What it is called.
    pub(super) fn name(self) -> String {
        match self {
            Figure::Rate => "rate".into(),
            Figure::CpuPerMillion => "CPU time per million lines".into(),
            Figure::Processing(percentile) => format!("processing {}", percentile.name()),
            Figure::TotalDelay(percentile) => format!("total delay {}", percentile.name()),
            Figure::Age(percentile) => format!("oldest line {}", percentile.name()),
            Figure::Latency(percentile) => format!("latency {}", percentile.name()),
        }
    }

    pub(super) fn unit(self) -> &'static str {
        match self {
            Figure::Rate => "M lines/s",
            Figure::CpuPerMillion => "s",
            Figure::Processing(_) | Figure::TotalDelay(_) | Figure::Age(_) | Figure::Latency(_) => {
                "ms"
            }
        }
    }

    /// A value with its unit.
    pub(super) fn written(self, value: f64) -> String {
        format!("{} {}", digits(value), self.unit())
    }
}

/// What a figure came to over the runs of a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) least: f64,
    pub(super) most: f64,
    pub(super) values: usize,
}

impl Spread {
    /// Of none there is none.
    pub(super) fn of(values: &[f64]) -> Option<Self> {
        let median = turns::median(values.iter().copied())?;
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Some(Spread { median, least, most, values: values.len() })
    }

    /// The median, and the range where there is more than one value.
    pub(super) fn written(&self) -> String {
        let Spread { median, least, most, values } = *self;
        match values {
            1 => digits(median),
            _ => format!("{} ({}–{})", digits(median), digits(least), digits(most)),
        }
    }

    /// The width of the range, as a share of the median.
    pub(super) fn share(&self) -> f64 {
        (self.most - self.least) / self.median
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Summary;

    #[test]
    fn figures_come_in_the_unit_that_they_are_told_in() {
        let job = Summary {
            lines_per_s: 2.5e6,
            batch_interval_ms: 100,
            processing_p95_ms: 12.0,
            total_delay_p99_ms: 20.0,
            measured_records: 2_000_000,
            measured_cpu_seconds: 0.5,
            ..Summary::default()
        };
        let run = Run { job, load: None };
        assert_eq!(Figure::Rate.of(&run), Some(2.5));
        assert_eq!(Figure::CpuPerMillion.of(&run), Some(0.25));
        assert_eq!(Figure::Processing(P95).of(&run), Some(12.0));
        assert_eq!(Figure::Age(P99).of(&run), Some(120.0));
        assert_eq!(Figure::Latency(P99).of(&run), None, "no line was stamped");
        let nothing = Run { job: Summary::default(), load: None };
        assert_eq!(Figure::CpuPerMillion.of(&nothing), None, "no line, no cost of one");
        assert_eq!(Figure::Rate.written(2.5), "2.50 M lines/s");
    }

    #[test]
    fn a_spread_is_a_median_and_its_range() {
        let spread = Spread::of(&[3.0, 1.0, 2.0]).unwrap();
        assert_eq!(spread.written(), "2.00 (1.00–3.00)");
        assert_eq!(spread.share(), 1.0);
        assert_eq!(Spread::of(&[3.0]).unwrap().written(), "3.00");
        assert_eq!(Spread::of(&[]), None);
    }
}
