//! A short look at what `overload` and `soak` show: all that was sent is counted.

#![cfg(target_os = "linux")]

use std::process::{Command, Stdio};

use serde_json::Value;

/// What was found; the outcome, which judges figures too, is not asked for here.
fn found(args: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench-suite"));
    let output = command.args(args).arg("--json").stdin(Stdio::null()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {told}"))
}

fn number(found: &Value, name: &str) -> f64 {
    found[name].as_f64().unwrap_or_else(|| panic!("{name}: {found}"))
}

fn all_is_counted(found: &Value) {
    assert!(number(found, "sent") > 1000.0, "{found}");
    assert_eq!(found["sent"], found["counted"], "{found}");
    assert_eq!(found["sources_wrong"], 0, "{found}");
}

#[test]
fn ten_times_too_much_is_held_back_and_none_of_it_lost() {
    let found = found(&["overload", "--for", "3s", "--batch", "500ms"]);
    all_is_counted(&found);
    assert_eq!(found["failed_batches"], 0, "{found}");
    let (offered, capacity) = (number(&found, "offered_per_s"), number(&found, "capacity_per_s"));
    assert!((offered / capacity - 10.0).abs() < 0.01, "{found}");
    let taken = number(&found, "counted") / number(&found, "seconds");
    assert!(taken < offered / 2.0, "{found}");
    assert!(number(&found, "drained_after_s") < 30.0, "{found}");
}

#[test]
fn a_job_that_is_restarted_goes_on_and_counts_each_record_once() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("soak");
    let dir = dir.to_str().unwrap();
    let args = ["soak", "--for", "8s", "--restart-every", "2s", "--rate", "5k", "--dir", dir];
    let found = found(&args);
    all_is_counted(&found);
    assert!(number(&found, "restarts") >= 2.0, "{found}");
    assert_eq!(found["quarters"].as_array().map(Vec::len), Some(4), "{found}");
}

#[test]
fn a_directory_that_is_there_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench-suite"));
    let command = command.args(["soak", "--for", "1s", "--dir"]).arg(home.path());
    let output = command.stdin(Stdio::null()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("new directory"), "{told}");
}
