//! `bench-suite job` as a user runs it: the flags, the forms of its output, and whether its results
//! are right.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::thread;

use loadgen::{Data, Text};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

fn bench_suite(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench-suite"));
    command.args(args).stdin(Stdio::null());
    command
}

/// A server that sends `bytes` to its one client and then waits until the client has gone.
fn serve(bytes: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        client.write_all(&bytes).unwrap();
    });
    address.to_string()
}

fn json_lines(output: &Output) -> Vec<Value> {
    let stderr = String::from_utf8_lossy(&output.stderr);
    stderr.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Those of batches.
fn batches(output: &Output) -> Vec<Value> {
    let is_batch = |line: &Value| line.get("batch_time_ms").is_some();
    json_lines(output).into_iter().filter(is_batch).collect()
}

fn sum(batches: &[Value], field: &str) -> u64 {
    batches.iter().map(|batch| batch.pointer(field).and_then(Value::as_u64).unwrap_or(0)).sum()
}

fn text() -> Text {
    Text::render(&Data { text_bytes: 4 << 20, ..Data::default() }).unwrap()
}

fn run(workload: &str, bytes: &[u8]) -> Vec<Value> {
    let address = serve(bytes.to_vec());
    let args = [
        "job",
        workload,
        "--connect",
        &address,
        "--batch",
        "100ms",
        "--for",
        "1500ms",
        "--progress",
        "ndjson",
    ];
    let output = bench_suite(&args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    batches(&output)
}

#[test]
fn each_batch_is_a_json_line_with_the_promised_fields() {
    let batches = run("count", b"one\ntwo\n");
    assert!(batches.len() >= 10, "{} batches in a second and a half", batches.len());
    let promised = [
        "schema_version",
        "batch_time_ms",
        "records",
        "bytes",
        "scheduling_delay_ms",
        "processing_ms",
        "total_delay_ms",
        "result",
    ];
    for batch in &batches {
        assert!(promised.iter().all(|field| batch.get(field).is_some()), "{batch}");
        assert_eq!(batch["batch_time_ms"].as_u64().unwrap() % 100, 0, "on the grid");
    }
    let times: Vec<i64> = batches.iter().map(|b| b["batch_time_ms"].as_i64().unwrap()).collect();
    assert!(
        times.windows(2).all(|pair| pair[1] == pair[0] + 100),
        "no batch is left out: {times:?}"
    );
}

#[test]
fn counted_lines_are_those_that_were_sent() {
    let text = text();
    let batches = run("count", text.as_bytes());
    assert_eq!(sum(&batches, "/result/lines"), text.lines() as u64);
    assert_eq!(sum(&batches, "/records"), text.lines() as u64);
    assert_eq!(sum(&batches, "/bytes"), text.as_bytes().len() as u64);
}

#[test]
fn matched_lines_are_those_with_error() {
    let text = text();
    let expected = std::str::from_utf8(text.as_bytes())
        .unwrap()
        .lines()
        .filter(|line| line.contains("error"))
        .count();
    let batches = run("grep", text.as_bytes());
    assert_eq!(sum(&batches, "/result/matched"), expected as u64);
    assert_eq!(sum(&batches, "/records"), text.lines() as u64);
}

#[test]
fn counted_words_are_those_that_were_sent() {
    let text = text();
    let expected = std::str::from_utf8(text.as_bytes()).unwrap().split_whitespace().count();
    let batches = run("word-count", text.as_bytes());
    assert_eq!(sum(&batches, "/result/total"), expected as u64);
}

#[test]
fn the_summary_is_one_json_object_on_stdout() {
    let address = serve(b"an error\nfine\n".to_vec());
    let args = [
        "job",
        "grep",
        "--connect",
        &address,
        "--batch",
        "50ms",
        "--for",
        "500ms",
        "--json",
        "--progress",
        "none",
    ];
    let output = bench_suite(&args).output().unwrap();
    assert!(output.status.success());
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&summary["records"], &summary["totals"]["matched"]), (&2.into(), &1.into()));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn wrong_usage_is_said_with_the_numbers_and_ends_with_2() {
    let cases: [(&[&str], &str); 12] = [
        (&["job", "count", "--connect", "nohost"], "HOST:PORT"),
        (&["job", "count", "--connect", "127.0.0.1:99999"], "65535"),
        (&["job", "count", "--listen", "99999"], "65535"),
        (&["job", "count", "--connect", "x:1", "--parallelism", "100000"], "1024"),
        (&["job", "count"], "--connect"),
        (&["job", "count", "--connect", "x:1", "--batch", "1.5us"], "whole number of milliseconds"),
        (&["job", "count", "--connect", "x:1", "--batch", "0s"], "at least 1 ms"),
        (&["job", "count", "--connect", "x:1", "--batch", "1s", "--block", "300ms"], "300 ms"),
        (&["job", "count", "--connect", "x:1", "--parallelism", "0"], "at least 1"),
        (&["job", "count", "--connect", "x:1", "--memory", "1KiB"], "at least"),
        (&["job", "sort", "--connect", "x:1"], "word-count"),
        (&["quick", "--for", "1s"], "at least 4s"),
    ];
    for (args, said) in cases {
        let output = bench_suite(args).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
        assert!(stderr.contains(said), "{args:?} should say {said:?}: {stderr}");
    }
}

#[test]
fn flags_that_would_change_nothing_or_lack_others_are_wrong_usage() {
    let cases: [(&str, &[&str]); 7] = [
        ("--spill-dir /x", &["--storage-level MEMORY_ONLY", "MEMORY_AND_DISK"]),
        ("--max-backlog 5 --overrun skip", &["--max-backlog 5", "--overrun skip"]),
        ("--max-backlog 5 --overrun coalesce", &["--overrun coalesce"]),
        ("--storage-level MEMORY_ONLY_2", &["MEMORY_ONLY_2", "--replica", "--write-ahead-log"]),
        (
            "--storage-level DISK_ONLY_2 --checkpoint /x --write-ahead-log",
            &["DISK_ONLY_2", "--replica", "--replica-token-file"],
        ),
        (
            "--checkpoint /x --replica x:1 --replica-token-file /nowhere/token",
            &["/nowhere/token: No such file or directory"],
        ),
        ("--token-file /nowhere/token", &["/nowhere/token: No such file or directory"]),
    ];
    for (flags, said) in cases {
        let mut job = bench_suite(&["job", "count", "--listen", "0", "--for", "1s"]);
        let output = job.args(flags.split(' ')).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{flags}: {stderr}");
        assert!(said.iter().all(|part| stderr.contains(part)), "{flags}: {stderr}");
        assert!(stderr.matches("No such file").count() <= 1, "said once: {stderr}");
    }
}

#[test]
fn a_port_in_use_is_said_and_ends_with_1() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output =
        bench_suite(&["job", "count", "--listen", &address, "--for", "1s"]).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains(&address) && stderr.contains("in use"), "{stderr}");
}

#[test]
fn what_cannot_be_told_changes_no_exit_code() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let server = serve(b"one\n".to_vec());
    let cases: [(&[&str], i32); 3] = [
        (&["job", "count", "--listen", &address, "--for", "1s"], 1),
        (&["job", "count", "--connect", "x:1", "--parallelism", "100000"], 2),
        (&["job", "count", "--connect", &server, "--for", "1s", "--objective", "rate>1M"], 4),
    ];
    for (args, expected) in cases {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let status = bench_suite(args).stdout(Stdio::null()).stderr(full).status().unwrap();
        assert_eq!(status.code(), Some(expected), "{args:?}");
    }
}

#[test]
fn ctrl_c_ends_it_though_nobody_reads_its_progress_any_more() {
    let address = serve(b"one\n".to_vec());
    // A time that no clock reaches is none.
    let for_ever = format!("{}s", u64::MAX);
    let flags = ["--batch", "50ms", "--progress", "ndjson", "--for", &for_ever];
    let args = [&["job", "count", "--connect", &address][..], &flags].concat();
    let mut job = bench_suite(&args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut progress = BufReader::new(job.stderr.take().unwrap());
    // The third batch shows that it runs, and has long begun to handle signals.
    let mut third = String::new();
    for _ in 0..3 {
        third.clear();
        progress.read_line(&mut third).unwrap();
    }
    assert!(third.contains("batch_time_ms"), "{third}");
    drop(progress);
    kill(Pid::from_raw(job.id() as i32), Signal::SIGINT).unwrap();
    assert_eq!(job.wait().unwrap().code(), Some(0));
}

#[test]
fn where_it_listens_is_a_json_line_before_those_of_batches() {
    let flags = "--listen 127.0.0.1:0 --batch 50ms --for 30s --progress ndjson";
    let mut job = bench_suite(&["job", "count"]);
    let job = job.args(flags.split(' ')).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut job = job.spawn().unwrap();
    let mut progress = BufReader::new(job.stderr.take().unwrap()).lines();
    let mut next = || -> Value {
        let is_json = |line: &String| line.starts_with('{');
        let line = progress.by_ref().map(Result::unwrap).find(is_json).unwrap();
        serde_json::from_str(&line).unwrap()
    };
    let first = next();
    let address: SocketAddr = first["listening"].as_str().unwrap().parse().unwrap();
    assert_eq!(first.as_object().unwrap().len(), 1, "{first}");
    TcpStream::connect(address).unwrap().write_all(b"one\ntwo\n").unwrap();
    let mut lines = 0;
    while lines < 2 {
        let batch = next();
        assert!(batch.get("batch_time_ms").is_some(), "{batch}");
        lines += batch["records"].as_u64().unwrap();
    }
    kill(Pid::from_raw(job.id() as i32), Signal::SIGINT).unwrap();
    let rest: Vec<String> = progress.map(Result::unwrap).collect();
    assert!(rest.iter().all(|line| line.starts_with('{')), "all of it is JSON: {rest:?}");
    assert_eq!(job.wait().unwrap().code(), Some(0));
}

#[test]
fn what_is_checked_line_by_line_has_no_checkpoint() {
    let args = ["job", "latency", "--listen", "0", "--for", "1s", "--checkpoint", "/nowhere/job"];
    let output = bench_suite(&args).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("leave --checkpoint /nowhere/job out"), "{stderr}");
}

#[test]
fn with_progress_in_json_a_warning_is_a_line_of_it() {
    // Nobody listens there any more.
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let flags = "--batch 50ms --for 300ms --progress ndjson --json";
    let mut job = bench_suite(&["job", "count", "--connect", &gone]);
    let output = job.args(flags.split(' ')).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let lines = json_lines(&output);
    assert_eq!(lines.len(), stderr.lines().count(), "all of it is JSON: {stderr}");
    let warnings: Vec<&str> = lines.iter().filter_map(|line| line["warning"].as_str()).collect();
    assert!(warnings.iter().any(|warning| warning.contains(&gone)), "{stderr}");
}
