//! A line for each batch, for people.

use std::io::{self, IsTerminal, Write};

use millstream::printable::printable;
use millstream::progress::BatchReport;
use serde_json::Value;

use super::Answer;

/// So many parts of a list are shown.
const SHOWN: usize = 5;

/// Writes to stderr: over the same line on a terminal, line after line elsewhere.
pub(super) struct Live {
    in_place: bool,
}

impl Live {
    pub(super) fn new() -> Self {
        Live { in_place: io::stderr().is_terminal() }
    }

    pub(super) fn batch(&self, report: &BatchReport, answer: Option<&Answer>) -> io::Result<()> {
        let text = text(report, answer);
        let written = if self.in_place { written_over(&text) } else { text + "\n" };
        io::stderr().write_all(written.as_bytes())
    }

    /// Leaves the line that is rewritten.
    pub(super) fn end(&self) {
        if self.in_place {
            // Nobody reads it any more if this fails, and nothing is lost.
            drop(writeln!(io::stderr()));
        }
    }
}

/// A text in place of the line that the cursor stands in. A terminal that is too narrow cuts it at its
/// right edge: if it wrapped it, the next text would be written over the last row only. All of this
/// goes out in one write, so that a terminal is never left without its wrap.
fn written_over(text: &str) -> String {
    format!("\r\x1b[?7l\x1b[K{text}\x1b[?7h")
}

/// Words and messages come from whoever sends: what would do something to the terminal is escaped.
fn text(report: &BatchReport, answer: Option<&Answer>) -> String {
    let interval_s = report.batch_interval_ms as f64 / 1e3 * report.covers_batches as f64;
    let found = match (report.errors.first(), answer) {
        (Some(error), _) => error.clone(),
        (None, Some(answer)) => found(answer),
        (None, None) => String::new(),
    };
    let found = found.replace('\n', " ");
    let found = printable(&found);
    format!(
        "{:>9.3} M lines/s  processing {:>8.2} ms of {} ms, delay {:>7.2} ms  {found}",
        report.records as f64 / interval_s / 1e6,
        report.processing_ms,
        report.batch_interval_ms,
        report.scheduling_delay_ms,
    )
}

/// Each name with what was found, as in `total 12, distinct 7`.
fn found(answer: &Answer) -> String {
    let adds_up = answer.adds_up.iter().map(|(name, n)| format!("{name} {n}"));
    let as_it_stands =
        answer.as_it_stands.iter().map(|(name, value)| format!("{name} {}", shown(value)));
    adds_up.chain(as_it_stands).collect::<Vec<_>>().join(", ")
}

/// A value without the marks of JSON: of a list its first parts, and of a list in it `the 12`.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) if parts.iter().any(Value::is_array) => {
            let more = if parts.len() > SHOWN { ", .." } else { "" };
            let parts: Vec<String> = parts.iter().take(SHOWN).map(shown).collect();
            parts.join(", ") + more
        }
        Value::Array(parts) => parts.iter().map(shown).collect::<Vec<_>>().join(" "),
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_live_line_does_not_wrap() {
        assert_eq!(written_over("so far"), "\r\x1b[?7l\x1b[Kso far\x1b[?7h");
    }

    #[test]
    fn what_was_found_fits_a_line_and_has_no_marks_of_json() {
        let answer = Answer::default().adding("total", 12u64).standing("distinct", 7);
        assert_eq!(found(&answer), "total 12, distinct 7");
        let top = (0..7).map(|n| json!(["the", n])).collect::<Vec<_>>();
        assert_eq!(
            found(&Answer::default().standing("top", top)),
            "top the 0, the 1, the 2, the 3, the 4, .."
        );
    }

    #[test]
    fn words_do_nothing_to_the_terminal() {
        let report = BatchReport::from((millstream::Time::default(), millstream::secs(1)));
        let top = json!([["\u{1b}[2Jgone", 7], ["two\nlines", 1]]);
        let line = text(&report, Some(&Answer::default().standing("top", top)));
        assert!(line.ends_with("top \\u{1b}[2Jgone 7, two lines 1"), "{line}");
    }
}
