//! The summary in words.

use std::fmt::Write;
use std::time::Duration;

use loadgen::{Percentiles, Summary};

use crate::numbers::{counted, grouped, rate};

/// A line for each figure, names to the left and figures to the right.
pub(crate) fn table(summary: &Summary, warm_up: Duration) -> String {
    let asked = match summary.rate_asked_lines_per_s {
        Some(lines_per_s) => format!("of {} asked", grouped(&rate(lines_per_s))),
        None => "as fast as it could".to_owned(),
    };
    let mut rows = vec![
        ("lines sent", grouped(&summary.records.to_string()), String::new()),
        ("bytes sent", grouped(&summary.bytes.to_string()), String::new()),
        ("time", format!("{:.3}", summary.seconds), "s".to_owned()),
        ("rate", grouped(&rate(summary.rate_held_lines_per_s)), format!("lines/s {asked}")),
        ("speed", format!("{:.1}", summary.mb_per_s), "MB/s".to_owned()),
    ];
    if !warm_up.is_zero() {
        let lines = counted(summary.warm_up.records, "line");
        let without = format!("s of this, with {lines}: set apart, in no figure below");
        rows.insert(3, ("warm-up", format!("{:.3}", summary.warm_up.seconds), without));
    }
    if let (Some(lag), Some(raw)) = (summary.lag_ms, summary.raw_lag_ms) {
        rows.extend(lag_rows(&lag, &raw));
    }
    let ended_early =
        [(summary.connections_lost, "hung up"), (summary.connections_stalled, "did not read")];
    let ended_early = ended_early.iter().filter(|(count, _)| *count > 0);
    let ended_early: Vec<_> = ended_early.map(|(count, how)| format!("{count} {how}")).collect();
    rows.push(("connections", summary.connections.to_string(), ended_early.join(", ")));

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

#[cfg(test)]
mod tests {
    use super::*;
    use loadgen::WarmUp;

    /// The row with this name, its cells with a space between them.
    #[track_caller]
    fn row(summary: &Summary, name: &str) -> String {
        let table = table(summary, Duration::from_secs(1));
        let row = table.lines().find(|row| row.starts_with(name)).unwrap();
        row.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_small_rate_is_not_rounded_away() {
        let asked = Some(0.5);
        let summary = Summary {
            rate_held_lines_per_s: 0.4994,
            rate_asked_lines_per_s: asked,
            ..Summary::default()
        };
        assert_eq!(row(&summary, "rate"), "rate 0.499 lines/s of 0.500 asked");
        let asked = Some(100_000.0);
        let summary = Summary { rate_asked_lines_per_s: asked, ..summary };
        assert_eq!(row(&summary, "rate"), "rate 0.499 lines/s of 100 000 asked");
    }

    #[test]
    fn connections_that_ended_early_are_told_where_there_are_any() {
        for (lost, stalled, told) in [
            (0, 0, "connections 2"),
            (1, 0, "connections 2 1 hung up"),
            (0, 1, "connections 2 1 did not read"),
            (1, 1, "connections 2 1 hung up, 1 did not read"),
        ] {
            let summary = Summary {
                connections: 2,
                connections_lost: lost,
                connections_stalled: stalled,
                ..Summary::default()
            };
            assert_eq!(row(&summary, "connections"), told);
        }
    }

    #[test]
    fn one_line_is_no_plural() {
        let warm_up = WarmUp { records: 1, seconds: 1.0 };
        let row = row(&Summary { warm_up, ..Summary::default() }, "warm-up");
        assert!(row.contains("s of this, with 1 line: set apart"), "{row}");
    }
}
