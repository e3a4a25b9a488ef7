//! Rates: held, shared out evenly, and honest where they were not held.

use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{DEADLINE, accept_and_read, free_listener, lines_in, small_data, small_load};
use loadgen::{Label, Load, Schedule, Stop, send};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_rate_is_held() {
    let (listener, address) = free_listener();
    let readers = accept_and_read(listener, 2);
    let load = Load {
        data: small_data(),
        schedule: Schedule::constant(50_000.0),
        run_for: Some(SECOND),
        connections: 2,
        ..Load::default()
    };
    let summary = send(&[address.to_string()], &load, &Stop::new(), |_| {}).unwrap();
    assert!(summary.valid, "{summary:?}");
    assert!((49_000..=50_000).contains(&summary.records), "{summary:?}");
    assert!((0.95..1.2).contains(&summary.seconds), "{summary:?}");
    let lag = summary.lag_ms.unwrap();
    assert!(lag.p50 > 0.0 && lag.p50 <= lag.p99 && lag.p99 <= lag.max, "{lag:?}");

    let read: Vec<_> = readers.join().unwrap().iter().map(|bytes| lines_in(bytes)).collect();
    assert_eq!(read.iter().sum::<usize>() as u64, summary.records);
    assert!(read[0].abs_diff(read[1]) <= 1, "{read:?}");
}

#[test]
fn records_at_a_rate_take_their_time() {
    let (listener, address) = free_listener();
    let readers = accept_and_read(listener, 1);
    let load = Load { schedule: Schedule::constant(1000.0), ..small_load(300) };
    let started = Instant::now();
    let summary = send(&[address.to_string()], &load, &Stop::new(), |_| {}).unwrap();
    assert!(started.elapsed() >= Duration::from_millis(300));
    assert_eq!(summary.records, 300);
    assert_eq!(lines_in(&readers.join().unwrap()[0]), 300);
}

#[test]
fn many_connections_get_a_line_each() {
    let connections = 300;
    let (listener, address) = free_listener();
    let readers = accept_and_read(listener, connections);
    let load = Load {
        connections,
        label: Label::Numbers,
        schedule: Schedule::constant(600.0),
        ..small_load(connections as u64)
    };
    let summary = send(&[address.to_string()], &load, &Stop::new(), |_| {}).unwrap();
    assert_eq!(summary.records, connections as u64);
    assert!(readers.join().unwrap().iter().all(|bytes| lines_in(bytes) == 1));
}

#[test]
fn a_reader_that_does_not_read_makes_the_run_invalid_and_does_not_hang_it() {
    let (listener, address) = free_listener();
    let silent = thread::spawn(move || listener.accept().unwrap());
    let load = Load {
        data: small_data(),
        schedule: Schedule::constant(2_000_000.0),
        run_for: Some(SECOND / 2),
        ..Load::default()
    };
    let started = Instant::now();
    let mut notes = Vec::new();
    let summary = send(&[address.to_string()], &load, &Stop::new(), |event| {
        if let loadgen::Event::Note(sentence) = event {
            notes.push(sentence.to_owned());
        }
    })
    .unwrap();
    assert!(started.elapsed() < DEADLINE);
    assert!(!summary.valid);
    let reason = summary.reason.unwrap();
    assert!(reason.contains("of 1000000 lines were still to be sent"), "{reason}");
    assert!(summary.lag_ms.unwrap().max > 10.0);
    if summary.connections_stalled == 1 {
        assert!(notes[0].contains(&format!("{address} did not read for 2 s")), "{notes:?}");
    }
    drop(silent);
}

#[test]
fn a_stop_ends_a_run_that_waits_for_clients() {
    let listener = loadgen::listen("127.0.0.1:0").unwrap();
    let stop = Stop::new();
    stop.stop();
    let load = Load { schedule: Schedule::constant(10.0), data: small_data(), ..Load::default() };
    let summary = loadgen::serve(listener, &load, &stop, |_| {}).unwrap();
    assert_eq!((summary.records, summary.connections, summary.seconds), (0, 0, 0.0));
    assert!(summary.valid && summary.interrupted);
}
