//! `bench-suite compare` as a user runs it, with short runs on batches in memory.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use bench_suite::series::Series;
use serde_json::Value;

fn compare(args: &[&str], folder: Option<&Path>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench-suite"));
    command.arg("compare").args(args);
    if let Some(folder) = folder {
        command.arg("--into").arg(folder);
    }
    command.stdin(Stdio::null()).output().unwrap()
}

const SHORT: &[&str] = &["--pairs", "8", "--for", "100ms", "--from-memory", "1MiB"];

#[test]
fn twice_the_work_is_a_regression_and_the_same_series_says_so_again() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("slow");
    let longer = ["--pairs", "12", "--for", "300ms", "--from-memory", "1MiB"];
    let args = [&["this", "this", "--slow", "100%", "--json"], &longer[..]].concat();
    let output = compare(&args, Some(&folder));
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{told}");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["verdict"], "worse");
    let cost = found["cost"]["estimate"].as_f64().unwrap();
    assert!((1.4..3.0).contains(&cost), "{found}");

    let again = compare(&[folder.to_str().unwrap(), "--json"], None);
    assert_eq!(again.status.code(), Some(3));
    assert_eq!(again.stdout, output.stdout);
    let in_sets = compare(&[folder.to_str().unwrap(), "--sets", "1"], None);
    let told = String::from_utf8_lossy(&in_sets.stdout).into_owned();
    assert!(told.contains("Of 1 sets, 1 say that B is worse"), "{told}");
    assert!(told.contains("more processor seconds a line"), "{told}");
    assert_eq!(Series::open(&folder).unwrap().kept().runs.len(), 24);
}

#[test]
fn unlike_things_are_refused_unless_told() {
    let home = tempfile::tempdir().unwrap();
    let sweep = |name: &str, workload: &str| {
        let folder = home.path().join(name);
        let args = ["sweep", "--workload", workload, "--turns", "8", "--for", "30ms"];
        let output = Command::new(env!("CARGO_BIN_EXE_bench-suite"))
            .args(args)
            .args(["--from-memory", "64KiB", "--into"])
            .arg(&folder)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        folder.to_str().unwrap().to_string()
    };
    let (words, lines) = (sweep("words", "word-count"), sweep("lines", "count"));
    let refused = |args: &[&str], says: &str| {
        let output = compare(args, None);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(says), "{told}");
    };
    let none_in_common = "have no point in common";
    refused(&[&words, &lines], none_in_common);
    let told = compare(&[&words, &lines, "--unlike"], None);
    assert_eq!(told.status.code(), Some(0), "counting costs less: {told:?}");
    assert_eq!(compare(&[&words, &words], None).status.code(), Some(0));

    let header = home.path().join("lines/series.json");
    let text = fs::read_to_string(&header).unwrap();
    let cores = format!("\"cores\": {}", std::thread::available_parallelism().unwrap());
    assert!(text.contains(&cores));
    fs::write(&header, text.replace(&cores, "\"cores\": 777")).unwrap();
    refused(&[&words, &lines], "the machines are unlike: cores");
    refused(&["this", &words], "a kept result is compared with another one");
    refused(&["workload=grep", "workload=count"], "do unlike things with a line");
    refused(&["this"], "is compared with nothing");
    refused(&["this", "this", "--pairs", "7"], "give 8 at least");
    refused(&["this", "this", "--pairs", "99999999999999"], "give 1000 at most");
    refused(&["this", "this", "--for", "500000000y"], "at most 7days");
    refused(&["keys=10000000000", "this"], "must lie between 1 and 10000000");
    refused(&["this", "this", "--pairs", "20", "--sets", "3"], "give --pairs 24 at least");
    refused(&["connections=1", "connections=2"], "says nothing where batches are in memory");
    refused(&["that", "this"], "it is no folder of a result, no program");
}

#[test]
fn a_build_that_dies_half_way_costs_its_pairs_alone() {
    let home = tempfile::tempdir().unwrap();
    let script = home.path().join("unsteady");
    // Of its runs the second dies after its first turn.
    let text = format!(
        "#!/bin/sh\ncount={dir}/count\necho x >> $count\nif [ $(wc -l < $count) = 2 ]; then\n\
         echo false; read turn; exit 7\nfi\nexec {} \"$@\"\n",
        env!("CARGO_BIN_EXE_bench-suite"),
        dir = home.path().display()
    );
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let folder = home.path().join("kept");
    let args = [&["this", script.to_str().unwrap(), "--least", "100%"], SHORT].concat();
    let output = compare(&args, Some(&folder));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("ended early (exit status: 7)"), "{told}");
    let series = Series::open(&folder).unwrap();
    assert_eq!(series.kept().runs.len(), 16);
    assert_eq!(series.kept().runs.iter().filter(|run| run.outcome.is_err()).count(), 2);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(printed.contains("too few pairs"), "seven pairs are left: {printed}");
    assert!(printed.contains("One pair came to nothing, and is left out:\n  turn"), "{printed}");
    assert_eq!(output.status.code(), Some(5));
}

/// A copy of the kept sweep in which the runs of some points are changed.
fn changed(folder: &Path, is_changed: impl Fn(&Value) -> bool, change: impl Fn(&mut Value)) {
    let kept =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../results/2026-11-26-amd-epyc-2core-sweep");
    fs::create_dir(folder).unwrap();
    fs::copy(kept.join("series.json"), folder.join("series.json")).unwrap();
    let runs = fs::read_to_string(kept.join("runs.ndjson")).unwrap();
    let lines = runs.lines().map(|line| {
        let mut run: Value = serde_json::from_str(line).unwrap();
        if is_changed(&run["point"]) {
            change(&mut run["outcome"]);
        }
        format!("{run}\n")
    });
    fs::write(folder.join("runs.ndjson"), lines.collect::<String>()).unwrap();
}

#[test]
fn of_two_sweeps_a_point_that_is_worse_is_found_among_many_that_are_not() {
    let home = tempfile::tempdir().unwrap();
    let [as_it_is, slow, broken] =
        ["as-it-is", "slow", "broken"].map(|name| home.path().join(name));
    let is_one = |point: &Value| {
        point["batch_ms"] == 500 && point["window_ms"] == 4000 && point["parallelism"] == 2
    };
    changed(&as_it_is, |_| false, |_| ());
    changed(&slow, is_one, |outcome| {
        let seconds = &mut outcome["run"]["job"]["measured_cpu_seconds"];
        *seconds = (seconds.as_f64().unwrap() * 3.0).into();
    });
    changed(&broken, is_one, |outcome| *outcome = serde_json::json!({ "failed": "it died" }));
    let told = |b: &Path| {
        let output = compare(&[as_it_is.to_str().unwrap(), b.to_str().unwrap()], None);
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code(), told + &String::from_utf8_lossy(&output.stderr))
    };
    let (code, said) = told(&as_it_is);
    assert!(code == Some(0) && said.contains("B is no different from A"), "{said}");
    let (code, said) = told(&slow);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("B is worse at 3 of 54 points, by up to 200 % more"), "{said}");
    let (code, said) = told(&broken);
    assert_eq!(code, Some(5), "{said}");
    assert!(
        said.contains("9 pairs came to nothing") && said.contains("B failed: it died"),
        "{said}"
    );
}
