//! A few deaths of each kind, as `bench-suite kill-proof` has them: all counts are zero, and there was
//! something to count.

#![cfg(unix)]

use std::fs;
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// A recovery takes a few milliseconds: a death that is meant for one comes too late where others have the cores.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn kill_proof(args: &[&str]) -> Output {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench-suite"));
    command.arg("kill-proof").args(args).stdin(Stdio::null()).output().unwrap()
}

/// What was found, where nothing must be.
fn clean(args: &[&str]) -> Value {
    let output = kill_proof(&[args, &["--json"]].concat());
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stdout));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    for count in [
        "lost",
        "duplicated",
        "out_of_order",
        "torn",
        "foreign",
        "altered",
        "missing",
        "unfinished",
        "wrong_totals",
        "wrong_windows",
    ] {
        assert_eq!(found[count], 0, "{count}: {found}");
    }
    assert!(number(&found, "/records") > 1000, "{found}");
    assert!(number(&found, "/batches") > 10, "{found}");
    // A third of them, but for one that came a little too late.
    assert!(number(&found, "/during_recovery") * 3 + 6 >= number(&found, "/deaths"), "{found}");
    assert!(number(&found, "/during_recovery") < number(&found, "/deaths"), "{found}");
    found
}

fn number(found: &Value, pointer: &str) -> u64 {
    found.pointer(pointer).and_then(Value::as_u64).unwrap_or_else(|| panic!("{pointer}: {found}"))
}

#[test]
fn twenty_deaths_cost_nothing_where_lines_are_acknowledged() {
    let found = clean(&["--kills", "20"]);
    assert_eq!(number(&found, "/deaths"), 20);
    assert_eq!(found["sent"], found["records"]);
    assert_eq!(number(&found, "/unacknowledged/connections"), 0);
}

#[test]
fn twenty_deaths_cost_no_more_than_ends_of_connections_over_plain_tcp() {
    let found = clean(&["--kills", "20", "--source", "tcp"]);
    assert_eq!(number(&found, "/deaths"), 20);
    assert!(number(&found, "/unacknowledged/connections") > 0, "{found}");
    let lost = number(&found, "/unacknowledged/records");
    assert_eq!(number(&found, "/sent"), number(&found, "/records") + lost);
}

#[test]
fn twenty_deaths_cost_nothing_though_some_take_one_of_two_copies_with_them() {
    let found = clean(&["--kills", "20", "--replica", "--seed", "2"]);
    assert_eq!(found["sent"], found["records"]);
    assert!(number(&found, "/losses/directories_deleted") > 1, "{found}");
    assert!(number(&found, "/losses/replicas_killed") > 1, "{found}");
}

#[test]
fn ten_jobs_that_are_told_to_stop_end_and_say_whether_all_was_processed() {
    let found = clean(&["--kills", "10", "--signal", "term"]);
    assert_eq!(number(&found, "/deaths"), 10);
    assert_eq!(number(&found, "/drained") + number(&found, "/not_drained"), 10);
    assert_eq!(found["sent"], found["records"]);
}

#[test]
fn a_directory_that_is_there_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("mine"), "kept").unwrap();
    let output = kill_proof(&["--kills", "1", "--dir", home.path().to_str().unwrap()]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("new directory"), "{told}");
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
}
