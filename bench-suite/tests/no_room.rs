//! What is kept and what is told where a disk is full. Beyond the size that files may have a write fails as
//! on one that is.

#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use bench_suite::series::Kept;

const PROGRAM: &str = env!("CARGO_BIN_EXE_bench-suite");
const ONE_RUN: &str = "--turns 1 --for 50ms --from-memory 1MiB";

/// A sweep whose files may have so many KiB.
fn sweep(folder: &Path, most_kib: u32) -> Output {
    let limited = format!(
        "trap '' XFSZ; ulimit -f {most_kib}; exec {PROGRAM} sweep {ONE_RUN} --into {}",
        folder.display()
    );
    Command::new("bash").args(["-c", &limited]).stdin(Stdio::null()).output().unwrap()
}

fn told_by_a_failure(output: &Output) -> String {
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(!told.contains("panicked"), "{told}");
    told
}

#[test]
fn where_what_is_asked_for_does_not_fit_nothing_is_left_in_the_way() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("series");
    let told = told_by_a_failure(&sweep(&folder, 1));
    assert!(told.contains("series.json could not be written"), "{told}");
    assert!(!folder.exists());
}

#[test]
fn where_the_page_does_not_fit_there_is_none_and_that_is_a_failure_after_the_figures() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("series");
    let output = sweep(&folder, 8);
    let told = told_by_a_failure(&output);
    assert!(told.contains("the runs are kept in"), "{told}");
    assert!(told.contains("report.html could not be written"), "{told}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("M lines/s"));
    let mut files: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["runs.ndjson", "series.json"]);
    assert_eq!(Kept::read(&folder).unwrap().runs.len(), 1);
}

#[test]
fn a_full_stdout_is_told_and_what_was_found_is_kept() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("series");
    let into_a_full_stdout = |args: &[&str]| {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(PROGRAM);
        told_by_a_failure(&command.args(args).stdin(Stdio::null()).stdout(full).output().unwrap())
    };
    let at = folder.to_str().unwrap();
    let sweep: Vec<&str> =
        ["sweep"].into_iter().chain(ONE_RUN.split(' ')).chain(["--into", at]).collect();
    for args in
        [&sweep[..], &["report", at, "--csv", "-"], &["index", home.path().to_str().unwrap()]]
    {
        let told = into_a_full_stdout(args);
        assert!(told.contains("stdout could not be written: No space left"), "{args:?}: {told}");
    }
    assert!(folder.join("README.md").is_file() && folder.join("report.html").is_file());
}
