//! `bench-suite search` as a user runs it, on a workload of which the limit is known.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use bench_suite::series::{Kind, Series};
use serde_json::Value;

fn search(folder: &Path, flags: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench-suite"));
    command.arg("search").args(flags.split_whitespace()).arg("--into").arg(folder);
    command.stdin(Stdio::null()).output().unwrap()
}

/// 2 us a line on one task are 500 000 lines a second, however busy the machine is, and never more.
#[test]
fn a_bracket_lies_below_what_cannot_be() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("busy");
    let flags = "--workload busy-wait --parallelism 1 --batch 50ms --for 400ms --warm-up 200ms \
                 --within 40% --connections 1 --json";
    let output = search(&folder, flags);
    let told = String::from_utf8_lossy(&output.stderr);
    // On a busy machine it may be the load generator that does not keep up.
    assert!(matches!(output.status.code(), Some(0 | 5)), "{told}");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rate = |name: &str| found[name].as_f64().unwrap();
    let (held, failed) = (rate("held_lines_per_s"), rate("failed_lines_per_s"));
    // One in a hundred may be missing, and it is counted by the batch.
    assert!(held < failed && held < 510_000.0, "{found}");
    assert!(failed / held < 1.41, "{found}");
    let reason = found["reason"].as_str().unwrap();
    assert!(!reason.is_empty() && told.contains(reason), "{reason}: {told}");

    let series = Series::open(&folder).unwrap();
    assert_eq!(series.kept().asked.kind, Kind::Search);
    assert_eq!(series.kept().runs.len() as u64, found["runs"].as_u64().unwrap());
}

#[test]
fn what_cannot_be_searched_is_refused() {
    let home = tempfile::tempdir().unwrap();
    for (flags, says) in [
        ("--batch 1s,2s", "give one value"),
        ("--rate 5k", "leave --rate out"),
        ("--workload grep --window 10s", "grep has no window"),
        ("--objective total_delay.p99", "is no objective"),
        ("--within 5", "write it in percent"),
        ("--objective latency.p99<1s", "give --stamped too"),
        ("--for 1ms", "at least 10ms"),
    ] {
        let output = search(&home.path().join("none"), flags);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(says), "{told}");
    }
}

#[test]
fn where_no_rate_can_hold_it_ends_at_a_few_lines_a_batch_and_says_why() {
    let home = tempfile::tempdir().unwrap();
    let flags =
        "--batch 50ms --for 400ms --warm-up 100ms --from 1k --objective total_delay.p99<1us";
    let output = search(&home.path().join("none"), flags);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("no rate held, down to 80 lines/s: "), "{told}");
    assert!(told.contains("total_delay.p99<1us missed"), "{told}");
}

#[test]
fn an_objective_about_a_figure_that_there_is_not_is_told_before_anything_runs() {
    let home = tempfile::tempdir().unwrap();
    let output = search(&home.path().join("none"), "--objective speed<5");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(
        told.contains("there is no figure \"speed\"") && !told.contains("state of the machine"),
        "{told}"
    );
}
