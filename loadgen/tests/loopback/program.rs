//! The program as a user meets it: flags, sentences, exit codes, signals.

use std::io::Read;
use std::net::TcpStream;
use std::process::Command;
use std::thread;

use crate::harness::{accept_and_read, free_listener, lines_in, read_all};
use crate::process::{end_with, run, start_serve, told};
use loadgen::Summary;
use nix::sys::signal::Signal;

#[test]
fn a_value_that_makes_no_sense_is_a_usage_error_with_the_numbers() {
    for (flag, sentence) in [
        ("--error-share 1.5", "--error-share 1.5 is not a share: it must lie between 0 and 1"),
        ("--error-share -1", "--error-share -1 is not a share"),
        ("--connections 0", "--connections 0 is not possible"),
        ("--records 0", "--records 0 is not possible"),
        ("--line-bytes 3", "--line-bytes 3 is not possible: it must lie between 16 and 1048576"),
        ("--rate quick", "'--rate <RATE>': \"quick\" is not a rate"),
        ("--rate -5", "'--rate <RATE>': \"-5\" is not a rate"),
        ("--send-buffer=-5", "\"-5\" is no size: write it as in 64KiB"),
    ] {
        let (code, stdout, stderr) = run(&format!("serve --listen 127.0.0.1:0 {flag}"));
        assert_eq!(code, Some(2), "{flag}: {stderr}");
        assert!(stderr.contains(sentence) && stdout.is_empty(), "{flag}: {stderr}");
    }
}

#[test]
fn a_port_in_use_is_told_with_its_address() {
    let (_taken, address) = free_listener();
    let (code, _, stderr) = run(&format!("serve --listen {address}"));
    assert_eq!(code, Some(1));
    assert!(stderr.contains(&format!("cannot listen on {address}: another program has that port")));
}

#[test]
fn a_port_alone_is_on_loopback() {
    let (_taken, address) = free_listener();
    let (code, _, stderr) = run(&format!("serve --listen {}", address.port()));
    assert_eq!(code, Some(1));
    assert!(stderr.contains(&format!("cannot listen on {address}: another program")), "{stderr}");
}

#[test]
fn a_target_that_is_not_there_is_told_at_once() {
    let (listener, address) = free_listener();
    drop(listener);
    let (code, _, stderr) = run(&format!("send --connect {address} --records 1"));
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains(&format!("cannot connect to {address}: nothing listens there")),
        "{stderr}"
    );
}

#[test]
fn a_target_that_hangs_up_is_told_and_fails_the_run() {
    let (listener, address) = free_listener();
    let target = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; 100_000]).unwrap();
    });
    let (code, stdout, stderr) = run(&format!("send --connect {address} --json"));
    target.join().unwrap();
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains(&format!("{address} hung up after ")), "{stderr}");
    let summary: Summary = serde_json::from_str(&stdout).unwrap();
    assert_eq!((summary.connections, summary.connections_lost), (1, 1));
}

#[test]
fn a_target_that_refuses_is_not_taken_for_a_generator_that_is_too_slow() {
    let (listener, address) = free_listener();
    let target = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; 100]).unwrap();
    });
    let flags = "--rate 100k --for 20s";
    let (code, _, stderr) = run(&format!("send --connect {address} {flags}"));
    target.join().unwrap();
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains(&format!("{address} hung up after ")), "{stderr}");
    assert!(!stderr.contains("the generator"), "{stderr}");
}

#[test]
fn a_run_prints_a_table_or_json() {
    for json in ["", "--json"] {
        let (listener, address) = free_listener();
        let readers = accept_and_read(listener, 2);
        let flags = format!("--connections 2 --records 2001 --rate 20k --quiet {json}");
        let (code, stdout, stderr) = run(&format!("send --connect {address} {flags}"));
        assert_eq!(stderr, "");
        assert_eq!(code, Some(0));
        let lines: usize = readers.join().unwrap().iter().map(|bytes| lines_in(bytes)).sum();
        assert_eq!(lines, 2001);
        if json.is_empty() {
            assert!(stdout.starts_with("lines sent") && stdout.contains("2 001"), "{stdout}");
        } else {
            let summary: Summary = serde_json::from_str(&stdout).unwrap();
            assert_eq!((summary.schema_version, summary.records), (2, 2001));
            assert_eq!(summary.rate_asked_lines_per_s, Some(20_000.0));
        }
    }
}

#[test]
fn more_connections_than_descriptors_are_refused_with_both_numbers() {
    let (_listener, address) = free_listener();
    let send = format!("ulimit -n 100; exec \"$0\" send --connect {address} --connections 5000");
    let output =
        Command::new("sh").args(["-c", &send, env!("CARGO_BIN_EXE_loadgen")]).output().unwrap();
    let (code, _, stderr) = told(output);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("5000 connections need 5064 file descriptors"), "{stderr}");
    assert!(stderr.contains("the hard limit is 100"), "{stderr}");
}

#[test]
fn a_first_signal_ends_the_run_in_order() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let (child, _stderr, address) = start_serve("--rate 1k --json");
        let mut stream = TcpStream::connect(address).unwrap();
        let mut first = [0; 500];
        stream.read_exact(&mut first).unwrap();
        end_with(&child, signal);
        let rest = read_all(stream);
        let (code, stdout, _) = told(child.wait_with_output().unwrap());
        assert_eq!(code, Some(0));
        let summary: Summary = serde_json::from_str(&stdout).unwrap();
        assert!(summary.interrupted);
        assert_eq!(summary.records as usize, lines_in(&first) + lines_in(&rest));
        assert!(rest.last().is_none_or(|&last| last == b'\n'));
    }
}

#[test]
fn help_teaches_with_examples() {
    for command in ["--help", "serve --help", "send --help"] {
        let (code, stdout, _) = run(command);
        assert_eq!(code, Some(0));
        assert!(stdout.contains("Examples:"), "{command}");
    }
}
