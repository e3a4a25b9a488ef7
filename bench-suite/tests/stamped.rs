//! `bench-suite job --stamped` as a user runs it: latencies from the moment at which lines were due,
//! and a checker that finds what is missing.

use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use loadgen::{Data, EndMark, Label, Load, Schedule, Stamp, Stop};
use serde_json::Value;

fn job(flags: &str, address: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bench-suite"))
        .args(["job", "--json", "--progress", "none", "--connect", address])
        .args(flags.split_whitespace())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn summary(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

/// A generator that stamps so many lines, at 20 000 a second over each of its connections.
fn generator(records: u64, connections: usize) -> String {
    let load = Load {
        data: Data { text_bytes: 1 << 20, ..Data::default() },
        label: Label::Stamp,
        schedule: Schedule::constant(20_000.0 * connections as f64),
        records: Some(records),
        connections,
        ..Load::default()
    };
    let listener = loadgen::listen("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || loadgen::serve(listener, &load, &Stop::new(), |_| {}));
    address.to_string()
}

/// A server that sends these bytes to its one client.
fn server(bytes: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.accept().unwrap().0.write_all(&bytes).unwrap());
    address.to_string()
}

fn now_us() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as u64
}

/// Ten stamped lines of one source with its end mark, due at a moment.
fn ten_lines(intended_us: u64) -> Vec<Vec<u8>> {
    let mut mark = EndMark::new(0);
    let mut lines: Vec<Vec<u8>> = (0..10)
        .map(|sequence| {
            let mut line = Vec::new();
            let stamp = Stamp { source: 0, sequence, intended_us, sent_us: intended_us };
            mark.add(stamp.write(b"three words here", &mut line));
            line
        })
        .collect();
    lines.push(Vec::new());
    mark.write(lines.last_mut().unwrap());
    lines
}

#[test]
fn every_record_is_followed_to_its_result() {
    for (workload, batch_ms) in [("latency", 20.0), ("word-count", 100.0)] {
        let flags = format!("{workload} --stamped --batch {batch_ms}ms --for 2s --connections 2");
        let output = job(&flags, &generator(20_000, 2));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let summary = summary(&output);
        let stamped = &summary["stamped"];
        assert_eq!(stamped["measured"], 20_000, "{stamped}");
        assert_eq!((&stamped["whole"], &stamped["proven"]), (&true.into(), &true.into()));
        assert_eq!(
            (&stamped["check"]["sources"], &stamped["check"]["records"]),
            (&2.into(), &20_000.into())
        );
        assert_eq!(summary["totals"]["stamped"], 20_000);
        let ms = |latency: &str, name: &str| stamped[latency][name].as_f64().unwrap();
        // A record waits for its batch's end: half an interval in the mean, and hardly any none.
        assert!(ms("latency_ms", "p50") >= batch_ms / 4.0, "{stamped}");
        assert!(ms("latency_ms", "p50") >= ms("raw_latency_ms", "p50"));
        assert!(ms("latency_ms", "max") < 2_000.0, "{stamped}");
    }
}

#[test]
fn the_workload_gets_what_was_stamped() {
    for (workload, total, expected) in [("word-count", "total", 30), ("count", "lines", 10)] {
        let address = server(ten_lines(now_us()).concat());
        let output = job(&format!("{workload} --stamped --batch 100ms --for 1s"), &address);
        assert_eq!(summary(&output)["totals"][total], expected, "{workload}");
    }
}

#[test]
fn a_result_is_out_when_its_window_is() {
    let flags = "windowed-word-count --stamped --batch 50ms --window 500ms --slide 500ms --for 2s";
    let output = job(flags, &generator(10_000, 1));
    let stamped = &summary(&output)["stamped"];
    assert_eq!(stamped["measured"], 10_000);
    assert!(stamped["latency_ms"]["p50"].as_f64().unwrap() > 100.0, "{stamped}");
}

#[test]
fn records_whose_window_has_not_come_are_told() {
    let flags = "windowed-word-count --stamped --batch 100ms --window 1h --slide 1h --for 1s";
    let output = job(flags, &server(ten_lines(now_us()).concat()));
    let stamped = &summary(&output)["stamped"];
    assert_eq!((&stamped["without_result"], &stamped["measured"]), (&10.into(), &0.into()));
}

#[test]
fn what_is_missing_fails_the_run_and_is_told() {
    let mut lines = ten_lines(now_us());
    lines.remove(3);
    lines.push(lines[0].clone());
    let output = job("latency --batch 100ms --for 1s", &server(lines.concat()));
    assert_eq!(output.status.code(), Some(1));
    let check = &summary(&output)["stamped"]["check"];
    assert_eq!((&check["lost"], &check["duplicated"]), (&1.into(), &1.into()), "{check}");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("not all stamped lines came as they were sent"), "{stderr}");
}

#[test]
fn a_run_without_stamped_lines_fails_and_says_so() {
    for (bytes, sentence) in [
        (Vec::new(), "no stamped line has come"),
        (b"no stamp\n".to_vec(), "not all stamped lines came"),
    ] {
        let flags = "latency --batch 100ms --for 1s --objective latency.p99<1h";
        let output = job(flags, &server(bytes));
        assert_eq!(output.status.code(), Some(1));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains(sentence), "{stderr}");
        assert!(stderr.contains("missed: this run has no latency.p99"), "{stderr}");
        assert!(summary(&output)["stamped"]["latency_ms"].is_null());
    }
}

#[test]
fn without_end_marks_a_run_is_whole_and_not_proven() {
    let mut lines = ten_lines(now_us());
    lines.pop();
    let output = job("latency --batch 100ms --for 1s", &server(lines.concat()));
    assert!(output.status.success());
    let stamped = &summary(&output)["stamped"];
    assert_eq!((&stamped["whole"], &stamped["proven"]), (&true.into(), &false.into()));
}

#[test]
fn clocks_that_differ_make_latencies_worthless() {
    let an_hour_ahead_us = now_us() + 3_600_000_000;
    let lines = ten_lines(an_hour_ahead_us).concat();
    let output = job("latency --batch 100ms --for 1s", &server(lines));
    assert_eq!(output.status.code(), Some(5));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("10 records were out before these were due"), "{stderr}");
}

#[test]
fn objectives_are_judged_and_missed_ones_end_with_4() {
    let run = |objective: &str| {
        let address = server(ten_lines(now_us()).concat());
        job(&format!("latency --batch 100ms --for 1s --objective {objective}"), &address)
    };
    assert_eq!(run("latency.p99<1h").status.code(), Some(0));
    let missed = run("latency.p99<1us");
    assert_eq!(missed.status.code(), Some(4));
    let stderr = String::from_utf8_lossy(&missed.stderr);
    assert!(stderr.contains("objective latency.p99<1us missed: latency.p99 is "), "{stderr}");
    let flags = "count --for 1s --objective latency.p99<1s";
    let unstamped = job(flags, "127.0.0.1:1");
    assert_eq!(unstamped.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unstamped.stderr).contains("give --stamped too"));
    let unknown = run("latency.p98<1s");
    assert_eq!(unknown.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&unknown.stderr);
    assert!(stderr.contains("there are rate, cpu_seconds_per_million, processing.p50"), "{stderr}");
    for (objective, sentence) in [
        ("latency.p99<5", "latency.p99 is a time; write its bound with a unit, as in 5ms"),
        ("rate>=100ms", "rate is a number; write its bound without a unit of time, as in 100k"),
        ("lost<=0s", "lost is a number; write its bound without a unit of time, as in 100k"),
    ] {
        let refused = run(objective);
        let stderr = String::from_utf8_lossy(&refused.stderr);
        assert!(stderr.contains(sentence), "{stderr}");
        assert_eq!(refused.status.code(), Some(2));
    }
}

#[test]
fn the_warm_up_is_not_measured_and_latencies_go_to_a_log() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("latency.hlog");
    let flags =
        format!("latency --batch 50ms --warm-up 500ms --for 2s --hdr-log {}", path.display());
    let output = job(&flags, &generator(20_000, 1));
    let summary = summary(&output);
    assert_eq!(summary["stamped"]["check"]["records"], 20_000);
    let measured = summary["stamped"]["measured"].as_u64().unwrap();
    assert!((9_900..=10_001).contains(&measured), "{measured} of the second half second");
    let log = std::fs::read_to_string(path).unwrap();
    assert!(log.lines().filter(|line| line.starts_with("Tag=raw,")).count() >= 2, "{log}");

    let refused = job("count --hdr-log x --for 1s", "127.0.0.1:1");
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("give --stamped too"));
}
