//! `bench-suite windows` as a user runs it, with small windows: what it counts is exact.

use std::fs;
use std::process::{Command, Output, Stdio};

use bench_suite::doctor::Checkup;
use serde_json::Value;
use tempfile::TempDir;

fn bench_suite(results: &TempDir, args: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_bench-suite"))
        .args(["windows", "--results", results.path().to_str().unwrap()])
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

#[test]
fn the_work_of_a_slide_is_what_enters_and_leaves_however_long_the_window() {
    let results = tempfile::tempdir().unwrap();
    // Every batch has every key, so that the numbers are round.
    let args = ["--ratios", "1,4,40", "--slides", "80", "--keys", "30", "--keys-per-batch", "30"];
    let output = bench_suite(&results, &[&args[..], &["--json"]].concat());
    let raw: Value = serde_json::from_slice(&output.stdout).unwrap();
    let column = |name: &str| -> Vec<f64> {
        let windows = raw["windows"].as_array().unwrap();
        windows.iter().map(|window| window[name].as_f64().unwrap()).collect()
    };
    assert_eq!(column("ratio"), [1.0, 4.0, 40.0].repeat(3));
    assert_eq!(column("slides"), [80.0; 9]);
    assert_eq!(column("keys"), [30.0, 30.0, 30.0, 30.0, 30.0, 30.0, 1.0, 1.0, 1.0]);
    let sum_max_and_count = [[30.0, 60.0, 60.0], [30.0, 60.0, 60.0], [1.0, 2.0, 2.0]];
    assert_eq!(column("entries"), sum_max_and_count.concat());
    let calls = column("calls");
    assert_eq!(calls[..3], [0.0, 60.0, 60.0]);
    assert!(calls[3..6].iter().all(|calls| *calls <= 120.0), "{calls:?}");
    assert!(raw["windows"].as_array().unwrap().iter().all(|window| window["right"] == true));
    assert!(raw["verdicts"].as_array().unwrap().iter().all(|v| v["work_growth"] == "flat"));
}

#[test]
fn it_prints_a_table_that_lines_up_and_keeps_it() {
    let results = tempfile::tempdir().unwrap();
    let args = ["--ratios", "2,20", "--slides", "20", "--keys", "50", "--keys-per-batch", "50"];
    let printed = String::from_utf8(bench_suite(&results, &args).stdout).unwrap();
    let tables: Vec<&str> = printed.split("\n\n").filter(|part| part.contains("----")).collect();
    assert_eq!(tables.len(), 3, "{printed}");
    for table in tables {
        let lengths: Vec<usize> = table.lines().map(str::len).collect();
        assert!(lengths.len() == 4 && lengths.iter().all(|l| *l == lengths[0]), "{table}");
    }
    assert!(printed.contains("from a window of 2 slides to one of 20"), "{printed}");

    let mut entries = fs::read_dir(results.path()).unwrap().map(|entry| entry.unwrap().path());
    let folder = entries.find(|path| path.is_dir()).unwrap();
    assert_eq!(fs::read_to_string(folder.join("summary.txt")).unwrap(), printed);
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    assert!(readme.contains("windows --ratios 2,20 --slides 20 --keys 50"), "{readme}");

    // In whatever state this machine is: it is kept, in the README too, and warnings are printed.
    let checkup = fs::read(folder.join("doctor.json")).unwrap();
    let checkup: Checkup = serde_json::from_slice(&checkup).unwrap();
    let verdict = printed.find("from a window of 2").unwrap();
    for warning in checkup.warnings() {
        assert!(printed.find(warning).is_some_and(|at| at < verdict), "{printed}");
    }
    assert_eq!(
        readme.contains("nothing speaks against its figures"),
        checkup.is_good(),
        "{readme}"
    );
}

#[test]
fn more_keys_in_a_batch_than_there_are_is_refused_with_both_numbers() {
    let output = Command::new(env!("CARGO_BIN_EXE_bench-suite"))
        .args(["windows", "--keys", "10", "--keys-per-batch", "20"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("20 keys cannot be drawn from 10"), "{told}");
}
