//! The summary in words.

use std::fmt::Write;
use std::time::Duration;

use loadgen::{Acknowledged, Percentiles, Summary};

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
    if let Some(acknowledged) = &summary.acknowledged {
        rows.splice(1..1, acknowledged_rows(acknowledged));
    }
    if !warm_up.is_zero() {
        let lines = counted(summary.warm_up.records, "line");
        let without = format!("s of this, with {lines}: set apart, in no figure below");
        let time = rows.iter().position(|(name, ..)| *name == "time").map_or(0, |time| time + 1);
        rows.insert(time, ("warm-up", format!("{:.3}", summary.warm_up.seconds), without));
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

/// What became of lines that are sent until they are acknowledged.
fn acknowledged_rows(acknowledged: &Acknowledged) -> Vec<(&'static str, String, String)> {
    let Acknowledged { sender, not_acknowledged, sent_again, breaks, had_before, .. } =
        acknowledged;
    let count = |count: u64| grouped(&count.to_string());
    let open = match not_acknowledged {
        0 => format!("all, as {sender}"),
        open => format!("and {} not, as {sender}", count(*open)),
    };
    let mut rows = vec![("acknowledged", count(acknowledged.records), open)];
    if *had_before > 0 {
        rows.push(("had before", count(*had_before), "lines of earlier runs, in no figure".into()));
    }
    if *breaks > 0 || *sent_again > 0 {
        rows.push((
            "sent again",
            count(*sent_again),
            format!("after {}", counted(*breaks, "break")),
        ));
    }
    rows
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
    fn what_is_acknowledged_is_told_and_what_is_not() {
        let acknowledged =
            Acknowledged { sender: "s".into(), records: 1_200, ..Default::default() };
        let of = |acknowledged: &Acknowledged| Summary {
            acknowledged: Some(acknowledged.clone()),
            ..Summary::default()
        };
        let all = of(&acknowledged);
        assert_eq!(row(&all, "acknowledged"), "acknowledged 1 200 all, as s");
        assert!(!table(&all, Duration::ZERO).contains("again"));
        let (not_acknowledged, sent_again, breaks, had_before) = (3, 40, 1, 7);
        let some =
            Acknowledged { not_acknowledged, sent_again, breaks, had_before, ..acknowledged };
        let some = of(&some);
        assert_eq!(row(&some, "acknowledged"), "acknowledged 1 200 and 3 not, as s");
        assert_eq!(row(&some, "sent again"), "sent again 40 after 1 break");
        assert_eq!(row(&some, "had before"), "had before 7 lines of earlier runs, in no figure");
        let names: Vec<String> = table(&some, Duration::from_secs(1))
            .lines()
            .map(|line| line[..16].trim_end().to_owned())
            .collect();
        let expected = ["lines sent", "acknowledged", "had before", "sent again", "bytes sent"];
        assert_eq!(names[..5], expected);
        assert_eq!(names[5..7], ["time", "warm-up"]);
    }

    #[test]
    fn one_line_is_no_plural() {
        let warm_up = WarmUp { records: 1, seconds: 1.0 };
        let row = row(&Summary { warm_up, ..Summary::default() }, "warm-up");
        assert!(row.contains("s of this, with 1 line: set apart"), "{row}");
    }
}
