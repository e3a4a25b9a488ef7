//! What a run says of itself where something other than the reader, or than the generator, is late.

use std::io::Read;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{accept_and_read, dial, free_listener, read_all, small_data};
use loadgen::{Error, Load, Stop, Summary, listen, send, serve};

fn send_to_a_reader(load: &Load) -> Summary {
    let (listener, address) = free_listener();
    let readers = accept_and_read(listener, load.connections);
    let summary = send(&[address.to_string()], load, &Stop::new(), |_| {}).unwrap();
    readers.join().unwrap();
    summary
}

/// Takes nothing for a second, and leaves.
fn sit_and_leave(mut client: TcpStream) {
    client.read_exact(&mut [0; 1]).unwrap();
    let until = Instant::now() + Duration::from_secs(1);
    while let Some(left) = until.checked_duration_since(Instant::now()) {
        thread::park_timeout(left);
    }
}

#[test]
fn what_a_client_left_behind_is_not_the_generators_fault() {
    let listener = listen("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let load = Load {
        data: small_data(),
        schedule: "200k".parse().unwrap(),
        run_for: Some(Duration::from_secs(2)),
        connections: 2,
        send_buffer_bytes: Some(256 << 10),
        ..Load::default()
    };
    let run = thread::spawn(move || serve(listener, &load, &Stop::new(), |_| {}).unwrap());
    let sitter = dial(address).unwrap();
    let sitting = thread::spawn(move || sit_and_leave(sitter));
    read_all(dial(address).unwrap());
    sitting.join().unwrap();
    let summary = run.join().unwrap();
    let (lag, raw) = (summary.lag_ms.unwrap(), summary.raw_lag_ms.unwrap());
    println!("lag {lag:?}, raw {raw:?}");
    assert_eq!(summary.connections_lost, 1);
    assert!(lag.max > 500.0 && raw.max < lag.max / 2.0, "{lag:?} {raw:?}");
    assert!(summary.valid, "{:?}", summary.reason);
}

#[test]
fn a_run_that_measured_nothing_is_not_valid() {
    for (schedule, warm_up, records, sentence) in [
        ("1k", Duration::from_secs(5), 50, "all 50 lines belong to the warm-up of 5s"),
        ("0.000001", Duration::ZERO, 50, "0.000001 has no line in "),
    ] {
        let load = Load {
            data: small_data(),
            schedule: schedule.parse().unwrap(),
            records: Some(records),
            run_for: Some(warm_up + Duration::from_millis(200)),
            warm_up,
            ..Load::default()
        };
        let summary = send_to_a_reader(&load);
        assert!(!summary.valid && summary.lag_ms.is_none(), "{summary:?}");
        let reason = summary.reason.unwrap();
        assert!(reason.contains(sentence), "{reason}");
    }
}

#[test]
fn the_warm_up_ends_by_the_clock_and_not_with_a_line() {
    let load = Load {
        data: small_data(),
        schedule: "ramp:1k..10k/1s".parse().unwrap(),
        run_for: Some(Duration::from_secs(1)),
        warm_up: Duration::from_millis(500),
        ..Load::default()
    };
    let summary = send_to_a_reader(&load);
    // In the second half, 3250 and 2250 lines more: 7750 a second, of 5500 in the mean over all.
    let (asked, held) = (summary.rate_asked_lines_per_s.unwrap(), summary.rate_held_lines_per_s);
    assert!((asked / 7_750.0 - 1.0).abs() < 0.1 && (held / asked - 1.0).abs() < 0.1, "{summary:?}");
    assert!((0.5..0.7).contains(&summary.warm_up.seconds), "{summary:?}");
}

#[test]
fn more_lines_than_ever_come_are_refused() {
    let (_listener, address) = free_listener();
    for schedule in ["ramp:100..0/1s", "steps:10,0/1s"] {
        let load = Load {
            data: small_data(),
            schedule: schedule.parse().unwrap(),
            records: Some(1000),
            ..Load::default()
        };
        let refusal = send(&[address.to_string()], &load, &Stop::new(), |_| {});
        let Err(Error::Usage(sentence)) = refusal else { panic!("it is a matter of usage") };
        assert!(sentence.contains("so many lines are never due"), "{sentence}");
    }
}
