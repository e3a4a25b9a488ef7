//! Connections that end after so many lines, and others that come in their place.

use std::thread::{self, JoinHandle};

use crate::harness::{Readers, dial, free_listener, lines_in, read_all, small_load};
use loadgen::{Checker, Event, Faults, Label, Load, Stop, Summary, Verdict, listen, send, serve};

const LINES: u64 = 40;

/// Records over connections that have forty each.
fn short(records: u64) -> Load {
    let faults = Faults { lines_per_connection: Some(LINES), ..Faults::default() };
    Load { faults, ..small_load(records) }
}

/// What each connection got, in the order in which they came.
fn send_short(load: &Load) -> (Vec<Vec<u8>>, Summary) {
    let readers = Readers::start();
    let summary = send(&[readers.target()], load, &Stop::new(), |_| {}).unwrap();
    (readers.finish().into_iter().map(Result::unwrap).collect(), summary)
}

fn checked(read: &[Vec<u8>], summary: &Summary) -> Verdict {
    let mut checker = Checker::default();
    summary.sent.iter().for_each(|mark| checker.expect(*mark));
    checker.no_other_sources();
    for line in read.iter().flat_map(|bytes| std::str::from_utf8(bytes).unwrap().lines()) {
        checker.see(line.as_bytes());
    }
    checker.verdict()
}

#[test]
fn send_dials_again_until_all_is_sent() {
    let (read, summary) = send_short(&short(1_010));
    let counts: Vec<_> = read.iter().map(|bytes| lines_in(bytes)).collect();
    assert_eq!(counts, [vec![LINES as usize; 25], vec![10]].concat());
    assert_eq!((summary.records, summary.connections), (1_010, 26));
    assert_eq!((summary.connections_lost, summary.valid), (0, true));
}

#[test]
fn send_keeps_as_many_connections_as_asked() {
    let (read, summary) = send_short(&Load { connections: 5, ..short(2_000) });
    let counts: Vec<_> = read.iter().map(|bytes| lines_in(bytes) as u64).collect();
    assert_eq!(counts.iter().sum::<u64>(), 2_000);
    assert_eq!(summary.connections, counts.len() as u64);
    // Those that are open when the last line is sent may have had fewer.
    let cut_off = counts.iter().filter(|&&lines| lines < LINES).count();
    assert!(cut_off <= 5 && counts.iter().all(|&lines| lines <= LINES), "{counts:?}");
}

#[test]
fn stamped_lines_of_many_short_connections_are_whole() {
    for schedule in ["max", "20k"] {
        let schedule = schedule.parse().unwrap();
        let load = Load { label: Label::Stamp, connections: 3, schedule, ..short(3_000) };
        let (read, summary) = send_short(&load);
        let verdict = checked(&read, &summary);
        assert!(verdict.is_proven(), "{:?}", verdict.sentences());
        assert_eq!((verdict.records, verdict.out_of_order), (3_000, 0));
        // Those that came in the run's last moment have had nothing, not even an end.
        assert!((summary.connections - 3..=summary.connections).contains(&verdict.sources));
    }
}

#[test]
fn serve_feeds_those_who_come_again() {
    let listener = listen("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let run = thread::spawn(move || serve(listener, &short(1_010), &Stop::new(), |_| {}).unwrap());
    let mut counts = Vec::new();
    while counts.iter().sum::<usize>() < 1_010 {
        counts.push(lines_in(&read_all(dial(address).unwrap())));
    }
    assert_eq!(counts, [vec![LINES as usize; 25], vec![10]].concat());
    let summary = run.join().unwrap();
    assert_eq!((summary.records, summary.connections, summary.connections_lost), (1_010, 26, 0));
}

/// More than the system keeps of what is not read.
const MANY_LINES: u64 = 100_000;

/// A target that stops listening before it reads what its connection gets.
fn target_that_goes() -> (String, JoinHandle<usize>) {
    let (listener, address) = free_listener();
    let reader = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        drop(listener);
        lines_in(&read_all(stream))
    });
    (address.to_string(), reader)
}

/// A target that goes away while the run goes on is a loss that the summary counts, as one that
/// hangs up is.
#[test]
fn a_target_that_is_gone_when_it_is_dialled_again_is_lost() {
    let (target, reader) = target_that_goes();
    let mut load = short(3 * MANY_LINES);
    load.faults.lines_per_connection = Some(MANY_LINES);
    let mut notes = Vec::new();
    let summary = send(std::slice::from_ref(&target), &load, &Stop::new(), |event| {
        if let Event::Note(sentence) = event {
            notes.push(sentence.to_owned());
        }
    })
    .unwrap();
    assert_eq!(reader.join().unwrap() as u64, MANY_LINES);
    assert_eq!((summary.records, summary.connections_lost), (MANY_LINES, 1));
    assert!(notes[0].contains(&format!("cannot connect to {target}")), "{notes:?}");
}

#[test]
fn the_other_targets_get_what_one_that_is_gone_was_owed() {
    let (gone, gone_reader) = target_that_goes();
    let readers = Readers::start();
    let mut load = Load { connections: 2, ..short(5 * MANY_LINES) };
    load.faults.lines_per_connection = Some(MANY_LINES);
    let summary = send(&[gone, readers.target()], &load, &Stop::new(), |_| {}).unwrap();
    let others: usize = readers.finish().iter().map(|read| lines_in(read.as_ref().unwrap())).sum();
    let gone = gone_reader.join().unwrap();
    assert_eq!((gone as u64, (gone + others) as u64), (MANY_LINES, 5 * MANY_LINES));
    assert_eq!((summary.records, summary.connections_lost), (5 * MANY_LINES, 1));
}
