//! The summary in words.

use std::fmt::Write;

use loadgen::Summary;

/// A line for each figure, names to the left and figures to the right.
pub(crate) fn table(summary: &Summary) -> String {
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
    if let Some(lag) = summary.lag_ms {
        rows.push(("lag, half below", format!("{:.2}", lag.p50), "ms".to_owned()));
        rows.push(("lag, 99 % below", format!("{:.2}", lag.p99), "ms".to_owned()));
        rows.push(("lag, most", format!("{:.2}", lag.max), "ms".to_owned()));
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
