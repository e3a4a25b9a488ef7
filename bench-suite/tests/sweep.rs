//! `bench-suite sweep` as a user runs it, with short runs on batches in memory.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use bench_suite::results::index;
use bench_suite::series::Kept;

const AXES: &str = "--keys 100,1000 --parallelism 1,2 --turns 6 --for 50ms --from-memory 1MiB";
const RUNS: usize = 24;

fn sweep(folder: &Path, flags: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench-suite"));
    command.arg("sweep").args(flags.split_whitespace()).arg(folder).stdin(Stdio::null());
    command
}

fn refused(flags: &str, folder: &Path) -> String {
    let output = sweep(folder, flags).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn runs_in(folder: &Path) -> usize {
    fs::read_to_string(folder.join("runs.ndjson")).map_or(0, |runs| runs.lines().count())
}

fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn one_that_is_killed_half_way_is_gone_on_with_and_has_every_run_once() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("killed");
    let mut killed = sweep(&folder, &format!("{AXES} --into"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while runs_in(&folder) < 5 && Instant::now() < deadline {
        sleep(Duration::from_millis(2));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    let before = fs::read_to_string(folder.join("runs.ndjson")).unwrap();
    let whole = before.rfind('\n').map_or("", |end| &before[..=end]);
    assert!((5..RUNS).contains(&whole.lines().count()), "{}", whole.lines().count());

    let output = sweep(&folder, "--resume").output().unwrap();
    let table = printed(&output);
    let told = String::from_utf8_lossy(&output.stderr);
    let there = format!("{RUNS} runs, {} of them there already", whole.lines().count());
    assert!(told.contains(&there), "{told}");
    assert!(fs::read_to_string(folder.join("runs.ndjson")).unwrap().starts_with(whole));
    let kept = Kept::read(&folder).unwrap();
    let runs: Vec<_> = kept.runs.iter().map(|run| (run.point.to_string(), run.turn)).collect();
    assert_eq!(runs.len(), RUNS);
    assert_eq!(runs.iter().collect::<HashSet<_>>().len(), RUNS, "{runs:?}");
    let table: Vec<&str> = table.lines().take_while(|line| !line.is_empty()).collect();
    assert_eq!(table.len(), 2 + 4, "{table:?}");
    assert!(table.iter().all(|line| line.chars().count() == table[0].chars().count()), "{table:?}");

    let output = sweep(&folder, "--resume").output().unwrap();
    assert!(
        String::from_utf8_lossy(&output.stderr).contains(&format!("{RUNS} of them there already"))
    );
    assert_eq!(runs_in(&folder), RUNS, "nothing is run again");
}

#[test]
fn what_is_wrong_is_told_before_anything_runs() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("none");
    let plan = home.path().join("plan.toml");
    for (toml, says) in [
        ("turnz = 3", "unknown field `turnz`"),
        ("[axes]\nbatch = []", "the axis batch has no values"),
        ("turns = 0", "each point runs once at least"),
        ("[axes]\nbatch = [\"1s\"]\nblock = [\"300ms\"]", "no multiple of a block of 300 ms"),
    ] {
        fs::write(&plan, toml).unwrap();
        let told = refused(&format!("--plan {} --into", plan.display()), &folder);
        assert!(told.contains(says), "{told}");
    }
    assert!(refused("--batch soon --into", &folder).contains("batch \"soon\""));
    assert!(refused("--batch --into", &folder).contains("a value is required"));
    assert!(refused("--batch 1s --resume", home.path()).contains("leave the axes out"));
    let from_memory = "--from-memory 1MiB --into";
    let idle = refused(&format!("--connections 1,2 {from_memory}"), &folder);
    assert!(idle.contains("connections says nothing where batches are in memory"), "{idle}");
    for (flags, says) in [
        ("--for 500000000y", "at most 7days"),
        ("--warm-up 8d", "at most 7days"),
        ("--batch 300000d", "must lie between 1ms and 24h"),
        ("--keys 10000000000", "must lie between 1 and 10000000"),
        ("--connections 1000000", "must lie between 1 and 10000"),
        ("--parallelism 100000", "must lie between 1 and 1024"),
        ("--turns 10001", "at most 10000 times"),
    ] {
        let told = refused(&format!("{flags} --into"), &folder);
        assert!(told.contains(says) && !told.contains("state of the machine"), "{told}");
    }
    assert!(refused("--for 0s --into", &folder).contains("at least 10ms"));
    assert!(refused("--turns 3 --resume", home.path()).contains("cannot be used with"));
    assert!(!folder.exists());
}

#[test]
fn what_is_in_a_folder_already_is_left_as_it_is_and_told_before_the_machine_is_looked_at() {
    let home = tempfile::tempdir().unwrap();
    let readme = home.path().join("README.md");
    fs::write(&readme, "# A project\n").unwrap();
    for (place, says) in [(home.path(), "is not empty"), (&readme, "is no folder")] {
        let told = refused("--turns 1 --for 50ms --from-memory 1MiB --into", place);
        assert!(told.contains(says) && !told.contains("state of the machine"), "{told}");
    }
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    assert_eq!(fs::read_to_string(&readme).unwrap(), "# A project\n");
}

#[test]
fn one_that_is_gone_on_with_among_results_is_on_their_page() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("one");
    let page = || fs::read_to_string(home.path().join("README.md")).unwrap();
    let flags = "--turns 2 --for 50ms --from-memory 1MiB --into";
    printed(&sweep(&folder, flags).output().unwrap());
    fs::remove_file(folder.join("README.md")).unwrap();
    assert_eq!(index::refresh(home.path()).unwrap(), 0);
    let runs = fs::read_to_string(folder.join("runs.ndjson")).unwrap();
    fs::write(folder.join("runs.ndjson"), runs.lines().next().unwrap().to_owned() + "\n").unwrap();
    printed(&sweep(&folder, "--resume").output().unwrap());
    assert_eq!(runs_in(&folder), 2);
    assert!(page().contains("[Sweep](one/README.md)"), "{}", page());
}

#[test]
fn a_series_of_another_version_is_refused_with_both() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("series.json"), "{\"schema_version\": 99}").unwrap();
    let output = sweep(home.path(), "--resume").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("version 99, and this program reads 1"), "{told}");
}

/// Beyond the size that files may have, a write fails as on a disk that is full.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_it_with_the_finished_runs_kept() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("full");
    let limited = format!(
        "trap '' XFSZ; ulimit -f 8; exec {} sweep {AXES} --into {}",
        env!("CARGO_BIN_EXE_bench-suite"),
        folder.display()
    );
    let output = Command::new("bash").args(["-c", &limited]).stdin(Stdio::null()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("runs.ndjson could not be written"), "{told}");
    let kept = runs_in(&folder);
    assert!(told.contains(&format!("the {kept} runs before are kept")), "{kept}: {told}");
    assert!(kept >= 1 && Kept::read(&folder).unwrap().runs.len() == kept);

    printed(&sweep(&folder, "--resume").output().unwrap());
    assert_eq!(Kept::read(&folder).unwrap().runs.len(), RUNS);
}
