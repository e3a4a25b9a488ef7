//! What goes wrong on purpose: each trouble has its sentence and its exit code.

use std::fs;
use std::io::Read;
use std::net::TcpStream;
use std::process::Stdio;
use std::thread::{self, JoinHandle};

use crate::harness::{Readers, accept_and_read, free_listener, listener_with_buffer};
use crate::process::{loadgen, run, start_serve, told};
use loadgen::Summary;

/// A target that accepts and never reads, until it is told to go.
fn silent_target() -> (String, JoinHandle<TcpStream>) {
    let (listener, address) = listener_with_buffer(4 << 10);
    (address.to_string(), thread::spawn(move || listener.accept().unwrap().0))
}

/// Runs `send` to a reader that reads all.
fn send_to_reader(flags: &str) -> (Option<i32>, String, String) {
    let readers = Readers::start();
    let told = run(&format!("send --connect {} {flags}", readers.target()));
    readers.finish();
    told
}

#[track_caller]
fn assert_told((code, _, stderr): (Option<i32>, String, String), expected: i32, sentence: &str) {
    assert!(stderr.contains(sentence), "not in it: {sentence}\n{stderr}");
    assert_eq!(code, Some(expected), "{stderr}");
}

#[test]
fn a_mistake_in_the_flags_is_told_before_anything_is_opened() {
    for (flags, sentence) in [
        ("--preset speech", "invalid value 'speech' for '--preset <PRESET>'"),
        ("--rate 10x", "'--rate <RATE>': \"10x\" is not a rate"),
        ("--send-buffer lots", "invalid value 'lots' for '--send-buffer <SIZE>'"),
        ("--send-buffer 0", "--send-buffer 0 is not possible: it must be at least 1"),
        ("--for 1s --warm-up 2s", "--warm-up 2s leaves nothing of --for 1s"),
        ("--for 500000000000y", "--for 500000000000years is not possible: it must be at most"),
        ("--stall 1s/500000000000y", "--stall 500000000000years is not possible"),
        ("--stall 2s/1s", "the silence must be longer than 0s and shorter than"),
        ("--stall 1s", "'--stall <TIME/TIME>': \"1s\" is no silence: write how long and how"),
        ("--chop 0", "--chop 0 is not possible: it must be at least 1"),
        ("--lines-per-connection 0", "--lines-per-connection 0 is not possible"),
        ("--for 0s", "--for 0s is not possible: it must be at least 1ms; without the flag"),
        ("--for 1ns", "--for 1ns is not possible: it must be at least 1ms; without the flag"),
        ("--patience 0s", "--patience 0s is not possible: it must be at least 1ms"),
        ("--patience 999us", "--patience 999us is not possible: it must be at least 1ms"),
        ("--for 90s --warm-up 2m5s", "--warm-up 2m5s leaves nothing of --for 1m30s"),
        ("--stamped --preset binary", "--stamped and --numbered do not go with --preset binary"),
        ("--stamped --numbered", "cannot be used with"),
        ("--preset stamped --numbered", "--numbered does not go with --preset stamped"),
        ("--preset kv --error-share 0.5", "--error-share does not go with --preset kv"),
        ("--preset ysb --error-share 0.01", "--error-share does not go with --preset ysb"),
        ("--preset binary --error-share 0", "--error-share does not go with --preset binary"),
        ("--distribution uniform --skew 2", "--skew does not go with --distribution uniform"),
        ("--distribution hot:0/0.9", "0 of 10000 keys cannot be hot"),
        (
            "--distribution normal",
            "'--distribution <WHICH>': \"normal\" is no distribution: write zipf",
        ),
        ("--keys 1 --distribution hot:1/0.5", "with --vocabulary 1: it takes at least two keys"),
        ("--line-bytes 1e9", "'--line-bytes <BYTES>': \"1e9\" is no length: write bytes as in 97"),
        ("--line-bytes=", "'--line-bytes <BYTES>': \"\" is no length: write bytes as in 97"),
        ("--preset log --line-bytes 97", "--line-bytes does not go with --preset log"),
        ("--objective lag.p99<5", "lag.p99 is a time; write its bound with a unit, as in 5ms"),
        ("--objective seconds<5", "seconds is a time; write its bound with a unit, as in 5ms"),
        ("--objective rate>=100ms", "rate is a number; write its bound without a unit of time"),
        ("--objective lag<5ms", "there is no figure \"lag\"; there are rate, mb_per_s"),
        (
            "--objective lag.p99=5ms",
            "'--objective <FIGURE<BOUND>': \"lag.p99=5ms\" is no objective",
        ),
    ] {
        // Nothing listens on port 1, and nobody may: a target would be missed, a port refused.
        assert_told(run(&format!("send --connect 127.0.0.1:1 {flags}")), 2, sentence);
        assert_told(run(&format!("serve --listen 127.0.0.1:1 {flags}")), 2, sentence);
    }
}

#[test]
fn what_is_no_address_is_a_mistake_of_usage() {
    for (command, sentence) in [
        (
            "send --connect foo",
            "invalid value 'foo' for '--connect <HOST:PORT>': it must be HOST:PORT",
        ),
        ("send --connect=", "invalid value '' for '--connect <HOST:PORT>': it must be HOST:PORT"),
        ("send --connect 127.0.0.1:0", "with a port from 1 to 65535, as in localhost:7777"),
        ("serve --listen foo", "invalid value 'foo' for '--listen <ADDR>': it must be HOST:PORT"),
        ("serve --listen=", "with a port from 0 to 65535, as in localhost:7777, or a port alone"),
    ] {
        assert_told(run(command), 2, sentence);
    }
}

#[test]
fn a_target_that_never_reads_fails_a_run_of_so_many_records() {
    let (target, silent) = silent_target();
    let flags = "--records 1000000 --patience 300ms --send-buffer 4KiB --json";
    let (code, stdout, stderr) = run(&format!("send --connect {target} {flags}"));
    drop(silent.join().unwrap());
    let summary: Summary = serde_json::from_str(&stdout).unwrap();
    assert!(summary.given_up && !summary.valid, "{summary:?}");
    assert_eq!((summary.connections_lost, summary.connections_stalled), (0, 1));
    assert_told((code, stdout, stderr), 1, "given up: no reader has taken a byte for 0.3 s");
}

#[test]
fn a_client_that_never_reads_fails_a_run_of_so_many_records() {
    let flags = "--records 1000000 --patience 300ms --send-buffer 4KiB";
    let (child, mut stderr, address) = start_serve(flags);
    let silent = TcpStream::connect(address).unwrap();
    let code = child.wait_with_output().unwrap().status.code();
    let mut told = String::new();
    stderr.read_to_string(&mut told).unwrap();
    drop(silent);
    assert_told((code, String::new(), told), 1, "--patience sets how long to wait");
}

#[test]
fn a_target_that_never_reads_makes_a_run_of_some_time_invalid() {
    let (target, silent) = silent_target();
    let flags = "--rate 100k --for 300ms --send-buffer 4KiB";
    let told = run(&format!("send --connect {target} {flags}"));
    drop(silent.join().unwrap());
    assert!(told.2.contains("did not read for 2 s: its last line is incomplete"), "{}", told.2);
    assert!(told.2.contains("the schedule was not held: at its end "), "{}", told.2);
    assert_told(told, 5, "the readers had no room for them, so read faster");
}

#[test]
fn a_rate_beyond_all_reason_is_invalid_and_takes_no_memory() {
    let readers = Readers::start();
    let flags = "--rate 10G --for 1s --quiet";
    let mut child = loadgen(&format!("send --connect {} {flags}", readers.target()))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most_kb = 0;
    while child.try_wait().unwrap().is_none() {
        let status = fs::read_to_string(&status).unwrap_or_default();
        let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kb = most.and_then(|kb| kb.trim().strip_suffix(" kB")).map(|kb| kb.parse().unwrap());
        most_kb = kb.unwrap_or(0).max(most_kb);
        thread::park_timeout(std::time::Duration::from_millis(10));
    }
    let told = told(child.wait_with_output().unwrap());
    readers.finish();
    println!("at most {most_kb} kB");
    // The text twice, while its pages are put together, and what every run needs.
    assert!((32 << 10..160 << 10).contains(&most_kb), "{most_kb} kB");
    assert_told(told, 5, "of 10000000000 lines were still to be sent");
}

/// Nobody can take a byte through a silence, and nobody is to blame for it.
#[test]
fn a_silence_on_request_is_no_reader_that_does_not_read() {
    let flags = "--rate 200 --records 100 --stall 600ms/700ms --patience 300ms";
    let (code, _, stderr) = send_to_reader(flags);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(!stderr.contains("given up"), "{stderr}");
}

#[test]
fn objectives_are_met_or_missed() {
    let flags = "--rate 2k --records 200 --objective";
    let met = send_to_reader(&format!(
        "{flags} lag.p99<10s --objective records>=200 --objective seconds<1h"
    ));
    assert!(met.2.contains("objective seconds<1h met: seconds is "), "{}", met.2);
    assert!(met.2.contains("objective records>=200 met: records is 200"), "{}", met.2);
    assert_told(met, 0, "objective lag.p99<10s met: lag.p99 is ");
    let missed = send_to_reader(&format!("{flags} rate>100k --objective lag.max<1h"));
    assert_told(missed, 4, "objective rate>100k missed: rate is ");
    let without = run("send --connect 127.0.0.1:1 --records 200 --objective lag.p99<10s");
    assert_told(without, 2, "no line has a moment to be late for; give a --rate");
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_the_run() {
    for flag in ["--csv", "--hdr-log"] {
        let told = run(&format!("send --connect 127.0.0.1:1 {flag} /proc/no/such/file"));
        assert_told(told, 1, "cannot write /proc/no/such/file: ");
    }
}

/// The run is worth more than its record.
#[test]
fn a_file_that_is_full_is_given_up_and_the_run_goes_on() {
    for flag in ["--csv", "--hdr-log"] {
        let told = send_to_reader(&format!("--records 200 --quiet {flag} /dev/full"));
        assert!(told.1.starts_with("lines sent"), "the summary is printed: {}", told.1);
        assert_told(told, 0, "/dev/full is given up: No space left on device");
    }
}

#[test]
fn files_that_are_full_are_each_told() {
    let flags = "--records 200 --quiet --csv /dev/full --hdr-log /dev/full";
    let (code, _, stderr) = send_to_reader(flags);
    assert_eq!(stderr.matches("/dev/full is given up: No space left on device").count(), 2);
    assert_eq!(code, Some(0), "{stderr}");
}

#[test]
fn what_cannot_be_told_changes_no_exit_code() {
    for (command, expected) in [
        ("send --connect 127.0.0.1:1 --records 1", 1),
        ("send --connect 127.0.0.1:1 --connections 0", 2),
        ("send --connect 127.0.0.1:1 --rate 10x", 2),
    ] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let status = loadgen(command).stderr(full).status().unwrap();
        assert_eq!(status.code(), Some(expected), "{command}");
    }
}

#[test]
fn a_reader_of_the_summary_that_has_seen_enough_is_no_error() {
    let (listener, address) = free_listener();
    let readers = accept_and_read(listener, 1);
    let send = format!("send --connect {address} --records 200 --rate 1k --quiet --json");
    let mut child = loadgen(&send).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let (code, _, stderr) = told(child.wait_with_output().unwrap());
    readers.join().unwrap();
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_send_buffer_beyond_what_there_is_is_no_small_one() {
    let (target, silent) = silent_target();
    let flags = "--records 1000 --patience 2s --send-buffer 4GiB --quiet";
    let (code, _, stderr) = run(&format!("send --connect {target} {flags}"));
    drop(silent.join().unwrap());
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "97 kB lie in the buffer");
}
