//! `bench-suite roofline` as a user runs it, with one short turn.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn roofline(args: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_bench-suite");
    Command::new(program).arg("roofline").args(args).stdin(Stdio::null()).output().unwrap()
}

/// The only run of each side of the only row.
fn runs(raw: &Value) -> Vec<&Value> {
    let sides = raw["rows"][0]["sides"].as_array().unwrap();
    let runs: Vec<&Value> =
        sides.iter().flat_map(|side| side["runs"].as_array().unwrap()).collect();
    assert_eq!(runs.len(), 2, "{sides:?}");
    for run in &runs {
        for figure in ["records_per_s", "bytes_per_s", "cpu_s_per_m"] {
            assert!(run[figure].as_f64().unwrap() > 0.0, "{figure}: {run}");
        }
    }
    runs
}

fn the_folder_in(results: &Path) -> PathBuf {
    let mut entries = fs::read_dir(results).unwrap().map(|entry| entry.unwrap().path());
    entries.find(|path| path.is_dir()).unwrap()
}

#[test]
fn a_row_is_measured_told_and_kept_and_one_turn_is_not_judged() {
    let results = tempfile::tempdir().unwrap();
    let row = ["--rows", "key-sum", "--turns", "1", "--for", "1s", "--batch-size", "1MiB"];
    let output = roofline(&[&row[..], &["--results", results.path().to_str().unwrap()]].concat());
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(stderr.contains("1/1 key-sum  turn 1/1  bare loop: "), "{stderr}");

    let printed = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines[2].starts_with("key-sum ") && lines[2].ends_with(" too noisy"), "{printed}");
    assert!(lines[..3].iter().all(|line| line.len() == lines[0].len()), "{printed}");
    assert!(printed.contains("Of 1 rows 0 met their target"), "{printed}");

    let folder = the_folder_in(results.path());
    assert_eq!(fs::read_to_string(folder.join("summary.txt")).unwrap(), printed);
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    assert!(readme.contains("roofline --rows key-sum --turns 1 --for 1s"), "{readme}");
    let raw: Value = serde_json::from_slice(&fs::read(folder.join("raw.json")).unwrap()).unwrap();
    assert_eq!(raw["schema_version"], 1);
    let [ours, theirs] = runs(&raw)[..] else { panic!("{raw}") };
    assert_eq!(ours["found"], theirs["found"]);
    assert!(ours["found"]["keys"].as_u64().unwrap() > 1000, "{ours}");
}

#[test]
fn a_row_over_tcp_finds_one_line_in_a_hundred_on_either_side() {
    let results = tempfile::tempdir().unwrap();
    let to = results.path().to_str().unwrap();
    let measure = |run_for: &&str| {
        let row = ["--rows", "grep-tcp", "--turns", "1", "--for", run_for, "--json"];
        roofline(&[&row[..], &["--results", to]].concat())
    };
    // A machine that is busy with other tests may not come to a whole batch in so short a time.
    let mut measured = ["1s", "5s", "25s"].iter().map(measure);
    let output = measured.find(|output| output.status.success()).unwrap();
    let raw: Value = serde_json::from_slice(&output.stdout).unwrap();
    for run in runs(&raw) {
        let found = ["found", "lines"].map(|name| run["found"][name].as_f64().unwrap());
        assert!((0.009..0.011).contains(&(found[0] / found[1])), "{run}");
    }
}

#[test]
fn a_row_that_is_not_there_is_refused_with_those_that_are() {
    let output = roofline(&["--rows", "grep"]);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("grep-tcp") && told.contains("word-count-1m-tcp"), "{told}");
}
