//! What a run leaves: its rows, its histograms, its summary.

use std::collections::HashMap;
use std::fs;
use std::sync::LazyLock;
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

use crate::checked::Folder;
use crate::harness::Readers;
use crate::process::run;
use loadgen::Summary;

/// Two and a half seconds.
const FLAGS: &str = "--rate 5k --records 12500 --connections 2 --stamped --json --quiet";

/// What the tests look at, of two runs at once: without a warm-up, and with one.
static LEFT: LazyLock<[Left; 2]> = LazyLock::new(|| {
    thread::scope(|scope| {
        let without = scope.spawn(|| left("run", ""));
        let with = left("warm-up", "--warm-up 1500ms");
        [without.join().unwrap(), with]
    })
});

/// A run with its rows and its log, as they are written.
struct Left {
    summary: Summary,
    csv: String,
    log: Vec<u8>,
}

fn left(name: &str, flags: &str) -> Left {
    let folder = Folder::new(name);
    let (csv, log) = (folder.0.join("rows.csv"), folder.0.join("lag.hlog"));
    let readers = Readers::start();
    let files = format!("--csv {} --hdr-log {}", csv.display(), log.display());
    let send = format!("send --connect {} {FLAGS} {files} {flags}", readers.target());
    let (code, stdout, stderr) = run(&send);
    readers.finish();
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let summary = serde_json::from_str(&stdout).unwrap();
    Left { summary, csv: fs::read_to_string(csv).unwrap(), log: fs::read(log).unwrap() }
}

/// Each row as its values by column; empty ones are left out.
fn rows(csv: &str) -> Vec<HashMap<&str, f64>> {
    let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let columns = lines.next().unwrap();
    let row = |values: Vec<&str>| {
        assert_eq!(values.len(), columns.len());
        let named = columns.clone().into_iter().zip(values);
        named.filter_map(|(name, value)| Some((name, value.parse().ok()?))).collect()
    };
    lines.map(row).collect()
}

/// The records and the longest time, in milliseconds, of the intervals with this tag.
fn of_log(log: &[u8], tag: Option<&str>) -> (u64, f64) {
    // The names of the columns are for people and for other tools; this one reads no such line.
    let text = std::str::from_utf8(log).unwrap();
    let without_names: String =
        text.split_inclusive('\n').filter(|line| !line.starts_with("\"Start")).collect();
    let (mut records, mut longest_us) = (0, 0);
    for entry in IntervalLogIterator::new(without_names.as_bytes()) {
        let LogEntry::Interval(interval) = entry.unwrap() else { continue };
        if interval.tag().map(|tag| tag.as_str()) == tag {
            let encoded = STANDARD.decode(interval.encoded_histogram()).unwrap();
            let histogram = Deserializer::new().deserialize::<u64, _>(&mut &encoded[..]).unwrap();
            records += histogram.len();
            longest_us = histogram.max().max(longest_us);
        }
    }
    (records, longest_us as f64 / 1e3)
}

#[test]
fn there_is_a_row_for_each_second_and_they_add_up() {
    let Left { summary, csv, .. } = &LEFT[0];
    assert!(csv.starts_with(
        "seconds,interval_s,records,bytes,due,lines_per_s,mb_per_s,connections,warm_up,\
         lag_p50_ms,lag_p90_ms,lag_p99_ms,lag_p99.9_ms,lag_p99.99_ms,lag_max_ms,\
         raw_lag_p50_ms,raw_lag_p90_ms,raw_lag_p99_ms,raw_lag_p99.9_ms,raw_lag_p99.99_ms,\
         raw_lag_max_ms\n"
    ));
    let rows = rows(csv);
    assert_eq!(rows.len(), 3, "two whole seconds and the rest: {csv}");
    let last = &rows[2];
    assert_eq!((last["records"], last["bytes"]), (summary.records as f64, summary.bytes as f64));
    assert!((last["seconds"] - summary.seconds).abs() < 0.001);
    let intervals_s: f64 = rows.iter().map(|row| row["interval_s"]).sum();
    assert!((intervals_s - summary.seconds).abs() < 0.003, "{csv}");
    let longest_ms = rows.iter().map(|row| row["lag_max_ms"]).fold(0.0, f64::max);
    assert!((longest_ms - summary.lag_ms.unwrap().max).abs() < 0.001, "{csv}");
    for row in &rows[..2] {
        assert!((row["lines_per_s"] / 5e3 - 1.0).abs() < 0.2, "{csv}");
        assert_eq!((row["connections"], row["warm_up"]), (2.0, 0.0));
        assert!(row["due"] >= row["records"] && row["due"] - row["records"] < 1e3, "{csv}");
    }
}

#[test]
fn the_histograms_hold_every_record() {
    let Left { summary, log, .. } = &LEFT[0];
    let (corrected, raw) = (of_log(log, None), of_log(log, Some("raw")));
    assert_eq!((corrected.0, raw.0), (summary.records, summary.records));
    assert!((corrected.1 - summary.lag_ms.unwrap().max).abs() < 0.001, "{corrected:?}");
    assert!((raw.1 - summary.raw_lag_ms.unwrap().max).abs() < 0.001, "{raw:?}");
}

#[test]
fn a_warm_up_counts_in_no_figure_but_the_totals() {
    let Left { summary, csv, log } = &LEFT[1];
    let warm_up = summary.warm_up;
    assert!((1.5..2.0).contains(&warm_up.seconds), "{warm_up:?}");
    assert!((7_000..10_000).contains(&warm_up.records), "{warm_up:?}");
    // A line counts by when it was due: those due after the first one and a half seconds.
    let (measured, _) = of_log(log, None);
    assert_eq!((measured, summary.records), (5_000, 12_500));
    let measured_s = summary.seconds - warm_up.seconds;
    let rate = (summary.records - warm_up.records) as f64 / measured_s;
    assert!((summary.rate_held_lines_per_s - rate).abs() < 1.0, "{summary:?}");
    let warming: Vec<f64> = rows(csv).iter().map(|row| row["warm_up"]).collect();
    assert_eq!(warming, [1.0, 0.0, 0.0], "{csv}");
    assert!(!rows(csv)[0].contains_key("lag_p50_ms"), "nothing counts while it warms up: {csv}");
}

#[test]
fn the_summary_has_the_documented_fields() {
    let Left { summary, .. } = &LEFT[0];
    let json = serde_json::to_value(summary).unwrap();
    let mut names: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "bytes",
            "connections",
            "connections_lost",
            "connections_stalled",
            "given_up",
            "interrupted",
            "lag_ms",
            "mb_per_s",
            "rate_asked_lines_per_s",
            "rate_held_lines_per_s",
            "raw_lag_ms",
            "reason",
            "records",
            "schedule",
            "schema_version",
            "seconds",
            "sent",
            "valid",
            "warm_up",
        ]
    );
    assert_eq!((summary.schema_version, summary.schedule.as_str()), (2, "5k"));
    assert_eq!(summary.rate_asked_lines_per_s, Some(5_000.0));
    assert_eq!(summary.sent.iter().map(|mark| mark.records).sum::<u64>(), summary.records);
    assert!(summary.valid && summary.reason.is_none() && !summary.interrupted);
}
