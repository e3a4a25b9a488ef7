//! A JSON line for each batch: the engine's report, and what the workload found.

use millstream::progress::BatchReport;
use serde::Serialize;

use super::Answer;

#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    report: &'a BatchReport,
    result: Option<&'a Answer>,
}

/// The line, without a newline.
pub(super) fn line(report: &BatchReport, answer: Option<&Answer>) -> String {
    let line = Line { report, result: answer };
    serde_json::to_string(&line).expect("a report has only plain fields")
}
