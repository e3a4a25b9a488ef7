//! What arrives: each line of the file once, in order, as it is.

use loadgen::{Checker, Faults, Label, Load, Schedule, StampedLine, Stop, Summary, send};

use crate::harness::{Recorded, many_lines};
use crate::readers::{accept_and_read, free_listener, send_and_read};

fn load(recorded: &Recorded, connections: usize) -> Load {
    Load { replay: Some(recorded.replay()), connections, ..Load::default() }
}

fn check_totals(recorded: &Recorded, load: &Load, summary: &Summary) {
    assert_eq!(summary.records, recorded.lines().len() as u64);
    // A machine that is busy with something else may not hold a schedule.
    assert!(summary.valid || load.is_timed(), "{:?}", summary.reason);
    assert_eq!(summary.connections_lost, 0, "{summary:?}");
}

#[test]
fn connections_get_the_lines_in_turns_to_the_byte() {
    let recorded = Recorded::of(many_lines());
    for connections in [1, 3, 40] {
        for schedule in ["max", "400k"] {
            let schedule: Schedule = schedule.parse().unwrap();
            let load = Load { schedule, ..load(&recorded, connections) };
            let (read, summary) = send_and_read(&load);
            for (connection, bytes) in read.iter().enumerate() {
                assert!(
                    *bytes == recorded.share(connection, connections),
                    "connection {connection} of {connections} at {}",
                    load.schedule
                );
            }
            check_totals(&recorded, &load, &summary);
            assert_eq!(summary.bytes, recorded.content.len() as u64);
        }
    }
}

#[test]
fn chopped_writes_change_no_byte() {
    let mut content = many_lines();
    content.truncate(200_000);
    let recorded = Recorded::of(content);
    let faults = Faults { chop_bytes: Some(700), ..Faults::default() };
    let load = Load { faults, ..load(&recorded, 2) };
    let (read, summary) = send_and_read(&load);
    let expected = |connection| {
        let mut bytes = recorded.share(connection, 2);
        bytes.extend(Some(b'\n').filter(|_| !bytes.ends_with(b"\n")));
        bytes
    };
    assert!(read == [expected(0), expected(1)]);
    check_totals(&recorded, &load, &summary);
}

#[test]
fn a_last_line_without_a_newline_gets_one() {
    let recorded = Recorded::of("a\n\nb");
    let (read, summary) = send_and_read(&load(&recorded, 1));
    assert_eq!(read, [b"a\n\nb\n"]);
    assert_eq!((summary.records, summary.bytes), (3, 5));
}

#[test]
fn no_more_lines_are_sent_than_asked_for_nor_than_there_are() {
    let recorded = Recorded::of("a\nb\nc\n");
    for (records, expected) in [(1, "a\n"), (2, "a\nb\n"), (3, "a\nb\nc\n"), (9, "a\nb\nc\n")] {
        let (read, summary) = send_and_read(&Load { records: Some(records), ..load(&recorded, 1) });
        assert_eq!(read, [expected.as_bytes()], "{records}");
        assert_eq!(summary.records, records.min(3));
    }
}

#[test]
fn numbers_come_in_front_of_the_lines() {
    let recorded = Recorded::of("a\r\n\nc\n");
    let (read, _) = send_and_read(&Load { label: Label::Numbers, ..load(&recorded, 2) });
    assert_eq!(read, [b"0 0 a\r\n0 1 c\n".to_vec(), b"1 0 \n".to_vec()]);
}

#[test]
fn stamped_lines_prove_that_all_arrived() {
    let recorded = Recorded::of(many_lines());
    let load = Load { label: Label::Stamp, ..load(&recorded, 3) };
    let (read, summary) = send_and_read(&load);
    let mut checker = Checker::default();
    summary.sent.iter().for_each(|&end| checker.expect(end));
    checker.no_other_sources();
    for (connection, bytes) in read.iter().enumerate() {
        let mut bodies = Vec::new();
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            let line = line.strip_suffix(b"\n").unwrap();
            if let StampedLine::Record { body, .. } = checker.see(line) {
                bodies.extend_from_slice(body);
                bodies.push(b'\n');
            }
        }
        assert!(bodies == recorded.share(connection, 3), "connection {connection}");
    }
    let verdict = checker.verdict();
    assert!(verdict.is_proven(), "{:?}", verdict.sentences());
    assert_eq!((verdict.records, verdict.out_of_order), (100_000, 0));
    check_totals(&recorded, &load, &summary);
}

#[test]
fn connections_that_are_replaced_get_all_lines_together() {
    let recorded = Recorded::of((0..1_000).map(|nth| format!("{nth}\n")).collect::<String>());
    let faults = Faults { lines_per_connection: Some(300), ..Faults::default() };
    let (listener, address) = free_listener();
    let readers = accept_and_read(listener, 4);
    let load = Load { faults, ..load(&recorded, 1) };
    let summary = send(&[address.to_string()], &load, &Stop::new(), |_| {}).unwrap();
    check_totals(&recorded, &load, &summary);
    assert!(readers.join().unwrap().concat() == recorded.content);
}
