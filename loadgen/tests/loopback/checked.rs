//! `loadgen check`: what it says of files, and of summaries to hold them against.

use std::path::PathBuf;
use std::{env, fs, process};

use crate::harness::Readers;
use crate::process::{Told, loadgen, run, told};

/// A folder for a test's files, gone at its end.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let folder = env::temp_dir().join(format!("loadgen-{name}-{}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// A run's lines and its summary.
fn sent(flags: &str) -> (Vec<u8>, String) {
    let readers = Readers::start();
    let send = format!("send --connect {} --records 1000 --json --quiet {flags}", readers.target());
    let (code, summary, stderr) = run(&send);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    (readers.finish().into_iter().flat_map(Result::unwrap).collect(), summary)
}

fn check(arguments: &str) -> Told {
    run(&format!("check {arguments}"))
}

#[track_caller]
fn assert_concludes((code, stdout, stderr): Told, expected: i32, conclusion: &str) {
    assert_eq!(stdout.lines().last(), Some(conclusion), "{stdout}{stderr}");
    assert_eq!(code, Some(expected), "{stdout}");
}

#[test]
fn a_run_is_whole_with_and_without_its_summary() {
    let folder = Folder::new("whole");
    let (lines, summary) = sent("--stamped --connections 3");
    let (lines, summary) = (folder.file("lines", &lines), folder.file("summary", summary));
    let whole = "whole: every record of 3 sources is here, once";
    assert_concludes(check(&format!("--ordered {lines}")), 0, whole);
    assert_concludes(check(&format!("--sent {summary} {lines}")), 0, whole);
    let mut stdin = loadgen("check");
    let output = stdin.stdin(fs::File::open(&lines).unwrap()).output().unwrap();
    assert_concludes(told(output), 0, whole);
}

#[test]
fn a_lost_line_is_told_by_its_number() {
    let folder = Folder::new("lost");
    let (lines, summary) = sent("--stamped");
    let without = |nth: usize| {
        let lines = lines.split_inclusive(|&byte| byte == b'\n').enumerate();
        lines.filter(|&(n, _)| n != nth).map(|(_, line)| line).collect::<Vec<_>>().concat()
    };
    let told = check(&folder.file("lines", without(123)));
    assert!(told.1.contains("source 0 lost 1 record: 123"), "{}", told.1);
    assert_concludes(told, 1, "not whole");

    // Without the end mark nobody knows, unless the summary says it.
    let (unended, summary) = (folder.file("unended", without(1000)), folder.file("s", summary));
    let conclusion =
        "not proven: whole as far as can be told, but what was sent last may be missing";
    assert_concludes(check(&unended), 1, conclusion);
    assert_concludes(check(&format!("--unended {unended}")), 0, conclusion);
    let whole = "whole: every record of 1 source is here, once";
    assert_concludes(check(&format!("--sent {summary} {unended}")), 0, whole);
}

#[test]
fn lines_of_another_kind_are_no_part_of_the_run() {
    let folder = Folder::new("foreign");
    let (lines, _) = sent("--numbered");
    let told = check(&folder.file("numbered", lines));
    assert!(told.1.contains("1000 lines are no part of the run"), "{}", told.1);
    assert_concludes(told, 1, "not whole");
    assert_concludes(check(&folder.file("zeros", [0; 100_000])), 1, "not whole");
}

#[test]
fn nothing_at_all_is_not_whole() {
    let folder = Folder::new("empty");
    let empty = folder.file("empty", "");
    assert_concludes(check(&empty), 1, "nothing to check: no stamped line has come");
    let (code, stdout, _) = check(&format!("--json {empty}"));
    let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        (code, &report["whole"], &report["proven"]),
        (Some(1), &false.into(), &false.into())
    );
    let (_, summary) = sent("--stamped");
    let told = check(&format!("--sent {} {empty}", folder.file("summary", summary)));
    assert!(told.1.contains("source 0 lost 1000 records: 0 to 999"), "{}", told.1);
    assert_concludes(told, 1, "not whole");
}

#[test]
fn files_that_are_not_what_they_should_be_are_told() {
    let folder = Folder::new("mistaken");
    let (lines, summary) = sent("");
    let (lines, unstamped) = (folder.file("lines", lines), folder.file("summary", summary));
    for (arguments, expected, sentence) in [
        ("/no/such/file".to_owned(), 1, "cannot read /no/such/file: No such file or directory"),
        ("/".to_owned(), 1, "cannot read /: Is a directory"),
        (format!("--sent /no/such/file {lines}"), 1, "cannot read /no/such/file: "),
        (
            format!("--sent {lines} {lines}"),
            2,
            "it is not the summary of a run, as --json prints it",
        ),
        (format!("--sent {unstamped} {lines}"), 2, "the lines of this run were not stamped"),
    ] {
        let (code, stdout, stderr) = check(&arguments);
        assert!(stderr.contains(sentence) && stdout.is_empty(), "{sentence}: {stderr}");
        assert_eq!(code, Some(expected), "{stderr}");
    }
}
