//! A line for each batch, for people.

use std::io::{self, IsTerminal, Write};

use millstream::progress::BatchReport;
use serde_json::Value;

/// Writes to stderr: over the same line on a terminal, line after line elsewhere.
pub(super) struct Live {
    in_place: bool,
}

impl Live {
    pub(super) fn new() -> Self {
        Live { in_place: io::stderr().is_terminal() }
    }

    pub(super) fn batch(&self, report: &BatchReport, result: &Value) -> io::Result<()> {
        let mut err = io::stderr().lock();
        let text = text(report, result);
        if self.in_place {
            write!(err, "\r\x1b[K{text}")?
        } else {
            writeln!(err, "{text}")?
        }
        err.flush()
    }

    /// Leaves the line that is rewritten.
    pub(super) fn end(&self) {
        if self.in_place {
            // Nobody reads it any more if this fails, and nothing is lost.
            drop(writeln!(io::stderr()));
        }
    }
}

fn text(report: &BatchReport, result: &Value) -> String {
    let interval_s = report.batch_interval_ms as f64 / 1e3;
    let found = match (report.errors.first(), result.as_object()) {
        (Some(error), _) => error.clone(),
        (None, Some(fields)) => fields
            .iter()
            .map(|(name, value)| format!("{name} {value}"))
            .collect::<Vec<_>>()
            .join(", "),
        (None, None) => String::new(),
    };
    format!(
        "{:>9.3} M lines/s  processing {:>8.2} ms of {} ms, delay {:>7.2} ms  {found}",
        report.records as f64 / interval_s / 1e6,
        report.processing_ms,
        report.batch_interval_ms,
        report.scheduling_delay_ms,
    )
}
