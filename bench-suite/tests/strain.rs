//! A short look at what `overload` and `soak` show: all that was sent is counted.

#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// Whatever takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(20);

fn bench_suite(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench-suite"));
    command.args(args).stdin(Stdio::null());
    command
}

/// What was found; the outcome, which judges figures too, is not asked for here.
fn found(args: &[&str]) -> Value {
    let output = bench_suite(args).arg("--json").output().unwrap();
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
fn more_than_can_be_done_is_held_back_and_none_of_it_lost() {
    let found = found(&["overload", "--for", "2s", "--batch", "200ms"]);
    let phases = found["phases"].as_array().unwrap();
    assert_eq!(phases.len(), 2, "{found}");
    for phase in phases {
        all_is_counted(phase);
        assert_eq!(phase["failed_batches"], 0, "{phase}");
        assert!(number(phase, "drained_after_s") < 30.0, "{phase}");
        assert!(number(phase, "peak_anonymous_bytes") > 1e6, "{phase}");
    }
    let (work, capacity) = (&phases[0], number(&found, "capacity_per_s"));
    let offered = number(work, "offered_per_s");
    assert!((offered / capacity - 10.0).abs() < 0.01, "{found}");
    // A look of half a second on a busy machine may find that far too little can be done: then this is not too much.
    let was_too_much = number(work, "done_per_s") < 5.0 * capacity;
    assert!(!was_too_much || work["held_back_by"] != "nothing", "{found}");
}

#[test]
fn an_overload_that_is_none_says_so_and_is_no_proof() {
    let args = ["overload", "--for", "4s", "--batch", "200ms", "--times", "0.05"];
    let output = bench_suite(&args).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{told}");
    let said = told.lines().find(|line| line.contains("held back by nothing"));
    assert!(said.is_some_and(|said| said.contains("the job \"work\" was sent")), "{told}");
}

#[test]
fn a_job_that_is_restarted_goes_on_and_counts_each_record_once() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("soak");
    let dir = dir.to_str().unwrap();
    let args = ["soak", "--for", "4s", "--restart-every", "1s", "--rate", "5k", "--dir", dir];
    let found = found(&args);
    all_is_counted(&found);
    assert!(number(&found, "restarts") >= 2.0, "{found}");
    let quarters = found["quarters"].as_array().unwrap();
    assert_eq!(quarters.len(), 4, "{found}");
    for quarter in quarters {
        assert!(number(quarter, "samples") >= 1.0, "{found}");
        assert!(number(quarter, "memory_bytes") > 1e6, "{found}");
    }
}

#[test]
fn a_directory_that_is_there_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let output = bench_suite(&["soak", "--for", "4s", "--dir"]).arg(home.path()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("new directory"), "{told}");
}

#[test]
fn what_would_show_nothing_is_wrong_usage() {
    for args in [
        "overload --times 0",
        "overload --times inf",
        "overload --memory 1",
        "overload --for 3s --memory 64MiB --batch 20s",
        "soak --for 0s",
        "soak --for 3s",
        "soak --restart-every 0s",
        "soak --memory 1",
    ] {
        let args: Vec<&str> = args.split(' ').collect();
        let output = bench_suite(&args).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {told}");
    }
}

/// Ends a run by SIGTERM: it says a line of which `read` makes something, and then `once` waits for its moment.
fn stopped<T>(args: &[&str], read: impl Fn(&str) -> Option<T>, once: impl Fn(&T)) -> (T, String) {
    let command = &mut bench_suite(args);
    let mut run: Child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(run.stderr.take().unwrap()).lines().map_while(Result::ok);
    let read = lines.find_map(|line| read(&line)).expect("it says so at the start");
    once(&read);
    kill(Pid::from_raw(run.id() as i32), Signal::SIGTERM).unwrap();
    let rest: Vec<String> = lines.collect();
    assert_eq!(run.wait().unwrap().code(), Some(1), "{rest:?}");
    (read, rest.join("\n"))
}

fn wait_for(path: &Path) {
    let patient_until = Instant::now() + PATIENCE;
    while !path.exists() {
        assert!(Instant::now() < patient_until, "{} is not there", path.display());
        sleep(Duration::from_millis(5));
    }
}

#[test]
fn an_overload_that_is_stopped_leaves_no_group_behind() {
    let group = |line: &str| {
        let there = line.split_once("in the control group ")?.1;
        Some(Some(there.split_once(',')?.0.to_owned()))
    };
    let none = |line: &str| line.contains("no control group").then_some(None);
    // Jobs are limited once it is known what can be done.
    let once = |group: &Option<String>| {
        sleep(Duration::from_millis(200));
        group.iter().for_each(|group| wait_for(Path::new(group)));
    };
    let args = ["overload", "--for", "3s", "--batch", "200ms"];
    let (group, told) = stopped(&args, |line| group(line).or_else(|| none(line)), once);
    assert!(told.contains("stopped before it was over"), "{told}");
    match group {
        Some(group) => assert!(!Path::new(&group).exists(), "{group}"),
        None => eprintln!("SKIPPED: no control group could be made here, so none could be left"),
    }
}

#[test]
fn a_soak_that_is_stopped_leaves_no_directory_behind() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("soak");
    let args = ["soak", "--for", "1m", "--dir", dir.to_str().unwrap()];
    let job_is_there = |(): &()| wait_for(&dir.join("job.log"));
    let read = |line: &str| line.contains("files are in").then_some(());
    let ((), told) = stopped(&args, read, job_is_there);
    assert!(told.contains("stopped before it was over"), "{told}");
    assert!(!dir.exists());
}
