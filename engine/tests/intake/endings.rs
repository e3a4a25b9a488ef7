//! How connections end: properly, in the middle of a line, by a reset, or before they said a word.

use std::io::Write;
use std::net::TcpListener;
use std::time::{Duration as StdDuration, Instant};

use millstream::progress::{LineCounts, Notice};

use crate::reset::reset;
use crate::rig::{Rig, accept, conf};

#[test]
fn a_last_line_without_its_newline_is_a_record_and_counted() {
    let rig = Rig::of_lines(conf());
    rig.send(b"one\ntwo");
    assert_eq!(rig.batch(), ["one", "two"]);
    let counts = LineCounts { records: 2, unterminated: 1, ..LineCounts::default() };
    assert_eq!(rig.counts(), counts);
}

#[test]
fn a_last_line_with_its_newline_is_not_counted_as_unterminated() {
    let rig = Rig::of_lines(conf());
    rig.send(b"one\ntwo\n");
    rig.send(b"\n");
    assert_eq!(rig.batch(), ["one", "two", ""]);
    assert_eq!(rig.counts(), LineCounts { records: 3, ..LineCounts::default() });
}

#[test]
fn a_last_line_that_is_too_long_is_rejected_and_no_record() {
    let rig = Rig::of_lines(conf().max_line_bytes(16));
    rig.send(b"0123456789abcdefg");
    assert_eq!(rig.batch(), [""; 0]);
    assert_eq!((rig.counts().records, rig.counts().rejected), (0, 1));
}

#[test]
fn a_peer_that_closes_at_once_leaves_nothing_behind() {
    let rig = Rig::of_lines(conf());
    for _ in 0..100 {
        rig.send(b"");
    }
    rig.send(b"still here\n");
    assert_eq!(rig.batch(), ["still here"]);
    assert_eq!(rig.report().bytes, 11);
}

/// An event tells of an end once: before the last bytes are read, after it, or between.
#[test]
fn an_end_is_found_whenever_it_comes_beside_the_last_read() {
    let rig = Rig::of_lines(conf());
    for pause in 0..400 {
        let mut client = rig.client();
        client.write_all(b"whole\n").expect("the engine reads");
        spin(StdDuration::from_micros(pause / 20));
        client.write_all(b"rest").expect("the engine reads");
        spin(StdDuration::from_micros(pause % 20 * 2));
    }
    rig.ear.wait_for_ends(400);
    assert_eq!(rig.batch().len(), 800);
    let counts = LineCounts { records: 800, unterminated: 400, ..LineCounts::default() };
    assert_eq!(rig.counts(), counts);
}

/// Shorter than a sleep can be.
fn spin(for_so_long: StdDuration) {
    let until = Instant::now() + for_so_long;
    while Instant::now() < until {
        std::hint::spin_loop();
    }
}

#[test]
fn a_reset_keeps_what_came_before_it_and_harms_nobody_else() {
    let rig = Rig::of_lines(conf());
    let mut other = rig.client();
    other.write_all(b"other ").expect("the engine reads");
    let mut broken = rig.client();
    broken.write_all(b"whole\nhal").expect("the engine reads");
    rig.close_blocks_until(6);
    reset(broken);
    let reason = rig.ear.wait_for("the reset", |heard| {
        heard.notices.iter().find_map(|notice| match notice {
            Notice::Disconnected { reason, .. } => Some(reason.clone()),
            _ => None,
        })
    });
    assert!(reason.expect("a reset is no proper end").contains("reset"));
    other.write_all(b"line\n").expect("the engine reads");
    rig.come_round();
    assert_eq!(rig.batch(), ["whole", "hal", "other line"]);
    assert_eq!(
        rig.counts().unterminated,
        1,
        "half a line is counted, however its connection ended"
    );
}

#[test]
fn a_server_that_resets_is_dialled_again() {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let rig = Rig::dialling(server.local_addr().expect("it is bound"));
    for n in 0..3 {
        let mut peer = accept(&server);
        peer.write_all(format!("line {n}\n").as_bytes()).expect("the engine reads");
        rig.close_blocks_until(7 * (n + 1));
        reset(peer);
    }
    assert_eq!(rig.batch(), ["line 0", "line 1", "line 2"]);
}
