//! The program as a user meets it: exit codes, sentences, signals, and a run that goes on after it was
//! killed.

use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::channel;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::engine::{Engine, Trouble};
use crate::harness::{DEADLINE, Peer, acknowledged, wait_until, with_peer};
use loadgen::{Checker, Summary};

fn loadgen(arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(arguments.split_whitespace()).stdin(Stdio::null());
    command
}

/// Exit code, stdout and stderr.
fn told(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn run(arguments: &str) -> (Option<i32>, String, String) {
    told(loadgen(arguments).output().unwrap())
}

fn start(arguments: &str) -> Child {
    loadgen(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn end_with(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id() as i32), signal).unwrap();
}

#[test]
fn all_acknowledged_is_told_in_words_and_as_json() {
    let engine = Engine::start(Trouble::NONE);
    let send = format!("send --connect {} --acknowledged --records 1000 --quiet", engine.target());
    let (code, stdout, stderr) = run(&format!("{send} --sender told"));
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(stdout.contains("acknowledged") && stdout.contains("1 000 all, as told"), "{stdout}");
    let (code, stdout, _) = run(&format!("{send} --json"));
    assert_eq!(code, Some(0));
    let summary: Summary = serde_json::from_str(&stdout).unwrap();
    let told = acknowledged(&summary);
    assert_eq!((told.records, told.not_acknowledged, told.breaks), (1_000, 0, 0));
    assert!(told.sender.starts_with("loadgen-1-"), "{}", told.sender);
    assert_eq!(engine.finish().lines.len(), 2);
}

#[test]
fn what_is_not_possible_is_a_usage_error() {
    for (arguments, sentence) in [
        ("serve --acknowledged", "--acknowledged does not go with serve: whoever sends"),
        ("send --connect 127.0.0.1:1 --sender a", "--acknowledged"),
        (
            "send --connect 127.0.0.1:1 --acknowledged --sender a/b",
            "\"a/b\" is no name of a sender",
        ),
        (
            "send --connect 127.0.0.1:1 --acknowledged --preset binary",
            "--acknowledged does not go with --preset binary",
        ),
    ] {
        let (code, stdout, stderr) = run(arguments);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{arguments}");
        assert!(stderr.contains(sentence), "{arguments}: {stderr}");
    }
}

#[test]
fn lines_that_are_not_acknowledged_fail_the_run() {
    let (target, peer) = with_peer(|listener| {
        let mut peer = Peer::resume(listener, 0);
        peer.read(10);
        peer.say("ACK 4");
        peer.read_to_the_end()
    });
    let flags = "--acknowledged --sender s --rate 100 --for 500ms --patience 200ms";
    let (code, stdout, stderr) = run(&format!("send --connect {target} {flags}"));
    let lines = peer.join().unwrap() + 10;
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stdout.contains(&format!("4 and {} not, as s", lines - 4)), "{stdout}");
    let last = format!("s-0: its lines 4 to {} are not acknowledged", lines - 1);
    assert!(stderr.contains(&last), "{stderr}");
}

#[test]
fn a_first_signal_waits_for_what_is_acknowledged_late() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let (has_come, come) = channel();
        let (target, peer) = with_peer(move |listener| {
            let mut peer = Peer::resume(listener, 0);
            let first = peer.read(100).len();
            has_come.send(()).unwrap();
            // Nothing is acknowledged before all has come.
            let all = first + peer.read_to_the_end();
            peer.say(&format!("ACK {all}"));
            all
        });
        let child = start(&format!("send --connect {target} --acknowledged --rate 10k --json"));
        come.recv_timeout(DEADLINE).unwrap();
        end_with(&child, signal);
        let (code, stdout, stderr) = told(child.wait_with_output().unwrap());
        let all = peer.join().unwrap() as u64;
        assert_eq!(code, Some(0), "{stderr}");
        let summary: Summary = serde_json::from_str(&stdout).unwrap();
        assert!(summary.interrupted);
        assert_eq!((summary.records, acknowledged(&summary).records), (all, all));
    }
}

/// Whatever it was doing when it was killed, the next one goes on behind it.
#[test]
fn a_program_that_was_killed_is_gone_on_with() {
    let trouble = Trouble {
        seed: 9,
        most: 30,
        breaks_one_in: 30,
        dies_one_in: 30,
        syncs_one_in: 4,
        is_one_process: false,
    };
    let engine = Engine::start(trouble);
    let flags = "--acknowledged --stamped --connections 2 --records 20000 --rate 40k";
    let send = format!("send --connect {} {flags} --json --quiet", engine.target());
    for lines in [3_000, 8_000] {
        let child = start(&send);
        wait_until("lines", || engine.lines() > lines);
        end_with(&child, Signal::SIGKILL);
        told(child.wait_with_output().unwrap());
    }
    let (code, stdout, stderr) = run(&send);
    assert!(matches!(code, Some(0 | 5)), "an engine that dies may keep a schedule from being held");
    let summary: Summary = serde_json::from_str(&stdout).unwrap();
    let told = acknowledged(&summary);
    assert!(told.had_before > 3_000, "{told:?} {stderr}");
    assert_eq!((told.records + told.had_before, told.not_acknowledged), (20_000, 0));

    let mut checker = Checker::default();
    summary.sent.iter().for_each(|mark| checker.expect(*mark));
    checker.no_other_sources();
    for line in engine.finish().lines.values().flatten() {
        checker.see(line);
    }
    let verdict = checker.verdict();
    assert!(verdict.is_proven() && verdict.out_of_order == 0, "{:?}", verdict.sentences());
    assert_eq!((verdict.records, verdict.sources), (20_000, 2));
}
