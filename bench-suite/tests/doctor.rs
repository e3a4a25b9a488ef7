//! `bench-suite doctor` as a user runs it, on whatever machine this is and whatever else it does.

use std::process::Command;

use bench_suite::doctor::Checkup;

#[test]
fn the_exit_code_says_whether_there_is_a_warning() {
    let output = Command::new(env!("CARGO_BIN_EXE_bench-suite"))
        .args(["doctor", "--json"])
        .output()
        .unwrap();
    let checkup: Checkup = serde_json::from_slice(&output.stdout).unwrap();
    let warned = checkup.warnings().next().is_some();
    assert_eq!(output.status.code(), Some(if warned { 5 } else { 0 }), "{checkup:?}");
    assert!(checkup.schema_version == 1 && checkup.facts.cores >= 1, "{checkup:?}");
}
