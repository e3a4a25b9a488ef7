//! Files that cannot be replayed, and flags that do not go together, through the program.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::harness::Recorded;
use crate::readers::{DEADLINE, free_listener, read_all};

/// Runs `serve` in this folder; the exit code and what is said.
fn serve(folder: &Path, arguments: &str) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(["serve", "--listen", "127.0.0.1:0"]).args(arguments.split_whitespace());
    let output = command.current_dir(folder).stdin(Stdio::piped()).output().unwrap();
    assert!(output.stdout.is_empty());
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_file_that_is_none_to_replay_fails_with_its_name() {
    let recorded = Recorded::of("");
    let folder = recorded.folder.path();
    mkfifo(&folder.join("pipe"), Mode::S_IRWXU).unwrap();
    for (file, sentence) in [
        ("access.log", "access.log has no line to replay"),
        ("missing.log", "cannot replay missing.log: No such file or directory"),
        (".", ". is a directory and no file: a replay reads its lines at any place"),
        ("pipe", "pipe is a pipe and no file"),
        ("/dev/stdin", "/dev/stdin is a pipe and no file"),
        ("/dev/null", "/dev/null is a device or a socket and no file"),
    ] {
        let (code, stderr) = serve(folder, &format!("--replay {file}"));
        assert_eq!(code, Some(1), "{file}: {stderr}");
        assert!(stderr.contains(&format!("loadgen: {sentence}")), "{file}: {stderr}");
    }
}

#[test]
fn a_file_without_times_has_no_speed_of_its_own() {
    let recorded = Recorded::of("to be\x1b[2J or\n2026-01-01T00:00:00Z\n");
    let (code, stderr) = serve(recorded.folder.path(), "--replay access.log --speed 1");
    assert_eq!(code, Some(1), "{stderr}");
    for part in [
        "loadgen: access.log cannot be replayed at its own speed: its first line has no time as in \
         [10/Oct/2000:13:55:36 -0700] or 2026-01-01T00:00:00Z",
        "It begins with \"to be\\u{1b}[2J or\"; --time-column names another column",
    ] {
        assert!(stderr.contains(part), "{stderr}");
    }
}

#[test]
fn a_line_of_a_gigabyte_is_refused_with_its_place_and_both_sizes() {
    let recorded = Recorded::of("two\nlines\n");
    let file = OpenOptions::new().write(true).open(recorded.path()).unwrap();
    file.set_len(1 << 30).unwrap();
    let (code, stderr) = serve(recorded.folder.path(), "--replay access.log");
    assert_eq!(code, Some(1), "{stderr}");
    let sentence = "access.log cannot be replayed: its line 3, from byte 10 on, has 1073741814 \
                    bytes, and a line may have 67108864";
    assert!(stderr.contains(sentence), "{stderr}");
}

#[test]
fn a_file_that_is_cut_during_the_run_ends_it_with_an_error() {
    let recorded = Recorded::of("sixteen letters\n".repeat(4 << 20));
    let (listener, address) = free_listener();
    let child = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(["send", "--connect", &address.to_string(), "--replay", "access.log", "--json"])
        .current_dir(recorded.folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.read_exact(&mut [0; 1024]).unwrap();
    // What is on its way and what the generator has in memory is far less than the rest.
    let file = OpenOptions::new().write(true).open(recorded.path()).unwrap();
    file.set_len(50 << 20).unwrap();
    let rest = read_all(stream);
    assert!(recorded.content[1024..].starts_with(&rest) && rest.len() < 52 << 20);
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(output.stdout.is_empty(), "a run that broke off has no summary");
    let sentence = "access.log was changed while it was replayed: from byte 50331648 on, its lines \
                    3145729 to 3407872 had 4194304 bytes, and now it ends before";
    assert!(stderr.contains(sentence), "{stderr}");
}

#[test]
fn flags_of_other_lines_are_refused() {
    let recorded = Recorded::of("2026-01-01T00:00:00Z\n");
    for flags in [
        "--replay access.log --preset log",
        "--replay access.log --vocabulary 10",
        "--replay access.log --distribution uniform",
        "--replay access.log --skew 1",
        "--replay access.log --line-bytes 100",
        "--replay access.log --error-share 0.5",
        "--replay access.log --speed 1 --rate 10k",
        "--speed 1",
        "--replay access.log --time-column 1",
    ] {
        let (code, stderr) = serve(recorded.folder.path(), flags);
        assert_eq!(code, Some(2), "{flags}: {stderr}");
    }
    for (flags, sentence) in [
        ("--speed 0", "--speed 0 is not possible: it must be above 0"),
        ("--speed -1", "--speed -1 is not possible"),
        ("--speed nan", "--speed NaN is not possible"),
        ("--speed inf", "--speed inf is not possible"),
        (
            "--speed 1 --time-column 0",
            "--time-column 0 is not possible: columns are counted from 1",
        ),
    ] {
        let (code, stderr) = serve(recorded.folder.path(), &format!("--replay access.log {flags}"));
        assert_eq!(code, Some(2), "{flags}: {stderr}");
        assert!(stderr.contains(sentence), "{flags}: {stderr}");
    }
}

#[test]
fn what_is_appended_after_the_start_is_not_sent() {
    let recorded = Recorded::of("first\nsecond\n");
    let (listener, address) = free_listener();
    let child = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(["send", "--connect", &address.to_string(), "--replay", "access.log"])
        .args(["--rate", "10", "--quiet"])
        .current_dir(recorded.folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (stream, _) = listener.accept().unwrap();
    let mut file = OpenOptions::new().append(true).open(recorded.path()).unwrap();
    file.write_all(b"third\n").unwrap();
    assert_eq!(read_all(stream), recorded.content);
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(0));
}
