//! A JSON line for each batch: the engine's report, and what the workload found.

use millstream::progress::BatchReport;
use serde::Serialize;
use serde_json::Value;

#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    report: &'a BatchReport,
    result: &'a Value,
}

/// The line, without a newline.
pub(super) fn line(report: &BatchReport, result: &Value) -> String {
    serde_json::to_string(&Line { report, result }).expect("a report has only plain fields")
}
