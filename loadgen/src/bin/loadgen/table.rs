//! The summary in words.

use std::fmt::Write;

use std::time::Duration;

use loadgen::{Percentiles, Summary};

/// A line for each figure, names to the left and figures to the right.
pub(crate) fn table(summary: &Summary, warm_up: Duration) -> String {
    let asked = match summary.rate_asked_lines_per_s {
        Some(lines_per_s) => format!("of {} asked", grouped(lines_per_s)),
        None => "as fast as it could".to_owned(),
    };
    let mut rows = vec![
        ("lines sent", grouped(summary.records as f64), String::new()),
        ("bytes sent", grouped(summary.bytes as f64), String::new()),
        ("time", format!("{:.3}", summary.seconds), "s".to_owned()),
        ("rate", grouped(summary.rate_held_lines_per_s), format!("lines/s {asked}")),
        ("speed", format!("{:.1}", summary.mb_per_s), "MB/s".to_owned()),
    ];
    if !warm_up.is_zero() {
        let lines = grouped(summary.warm_up.records as f64);
        let without = format!("s of this, with {lines} lines: set apart, in no figure below");
        rows.insert(3, ("warm-up", format!("{:.3}", summary.warm_up.seconds), without));
    }
    if let (Some(lag), Some(raw)) = (summary.lag_ms, summary.raw_lag_ms) {
        rows.extend(lag_rows(&lag, &raw));
    }
    let ended_early = match (summary.connections_lost, summary.connections_stalled) {
        (0, 0) => String::new(),
        (lost, 0) => format!("{lost} hung up"),
        (lost, stalled) => format!("{lost} hung up, {stalled} did not read"),
    };
    rows.push(("connections", summary.connections.to_string(), ended_early));

    let widest = rows.iter().map(|(_, figure, _)| figure.len()).max().unwrap_or(0);
    let mut table = String::new();
    for (name, figure, rest) in rows {
        let row = format!("{name:<16}{figure:>widest$} {rest}");
        writeln!(table, "{}", row.trim_end()).expect("writing into memory does not fail");
    }
    table
}

/// How late lines were, with what is left where the reader held them up beside it.
fn lag_rows(lag: &Percentiles, raw: &Percentiles) -> Vec<(&'static str, String, String)> {
    let rows = [
        ("lag p50", lag.p50, raw.p50),
        ("lag p90", lag.p90, raw.p90),
        ("lag p99", lag.p99, raw.p99),
        ("lag p99.9", lag.p99_9, raw.p99_9),
        ("lag p99.99", lag.p99_99, raw.p99_99),
        ("lag max", lag.max, raw.max),
    ];
    let row = |(name, lag, raw)| (name, format!("{lag:.2}"), format!("ms, raw {raw:.2} ms"));
    rows.map(row).into()
}

/// A whole number in groups of three digits.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut grouped = String::new();
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_digits_by_three() {
        for (number, written) in [(0.0, "0"), (999.6, "1 000"), (1234567.0, "1 234 567")] {
            assert_eq!(grouped(number), written);
        }
    }
}
