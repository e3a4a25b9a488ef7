//! Who may connect, what they must show first, and what becomes of those that are silent.

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration as StdDuration, Instant};

use millstream::progress::Notice;
use millstream::{BoxError, Conf, Framing, Receiver, Stop, Store, millis, secs};

use crate::reset::reset;
use crate::rig::{BLOCK, Rig, assert_closed, conf, wait_until};

const SECRET: &str = "d41d8cd98f00b204";

fn show<T: Send + 'static>(rig: &Rig<T>, token: &str) -> TcpStream {
    let mut client = rig.client();
    client.write_all(token.as_bytes()).expect("the engine reads");
    client
}

/// The one warning about connections that were denied, which comes once they are closed.
fn denials(rig: &Rig) -> String {
    let warnings = wait_until("a warning", || {
        Some(rig.ear.warnings("connections were denied")).filter(|warnings| !warnings.is_empty())
    });
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    warnings[0].clone()
}

#[test]
fn who_comes_from_elsewhere_is_closed_at_once_and_never_a_connection() {
    let rig = Rig::of_lines(conf().allow_addresses(["10.0.0.0/8", "::1"]));
    for _ in 0..50 {
        assert_closed(&mut rig.client());
    }
    assert!(denials(&rig).contains("outside Conf::allow_addresses"));
    assert_eq!(rig.ear.disconnected(), 0);
    assert_eq!(rig.engine.memory_in_use_bytes(), 0);
    rig.running.stop(Stop::Graceful).expect("it stops");
    let told = rig.ear.warnings("connections were denied");
    // The first sentence has those that had come when it was due.
    let denied = |sentence: &String| {
        let number = sentence.split("denied: ").nth(1).and_then(|rest| rest.split(',').next());
        number.and_then(|number| number.parse::<u64>().ok()).expect("it has a number")
    };
    assert_eq!((told.len(), told.iter().map(denied).sum::<u64>()), (2, 50), "{told:?}");
}

#[test]
fn who_comes_from_within_is_let_in() {
    let rig = Rig::of_lines(conf().allow_addresses(["127.0.0.0/8"]));
    rig.send(b"a line\n");
    assert_eq!(rig.batch(), ["a line"]);
}

#[test]
fn an_address_has_so_many_connections_and_another_when_one_has_gone() {
    let rig = Rig::of_lines(conf().max_connections_per_address(2));
    let mut clients = [rig.client(), rig.client()];
    rig.ear.wait_for_connections(2);
    assert_closed(&mut rig.client());
    assert!(denials(&rig).contains("1 had Conf::max_connections_per_address others"));
    for client in &mut clients {
        client.write_all(b"mine\n").expect("the engine reads");
    }
    let [one, other] = clients;
    reset(one);
    rig.ear.wait_for_ends(1);
    let mut next = rig.client();
    next.write_all(b"its successor's\n").expect("the engine reads");
    rig.ear.wait_for_connections(3);
    drop((other, next));
    rig.ear.wait_for_ends(3);
    let mut lines = rig.batch();
    lines.sort();
    // What a reset catches in the kernel is lost to the reader.
    lines.dedup();
    assert_eq!(lines, ["its successor's", "mine"]);
}

#[test]
fn a_listener_that_others_can_reach_is_told_of() {
    let open = |conf: Conf| {
        let rig: Rig = Rig::start(conf, |s, out| {
            out.collect(&s.listen_text_stream("0.0.0.0:0").map(str::to_owned));
            Ok(())
        });
        rig.ear.warnings("whoever reaches this machine").len()
    };
    assert_eq!(open(conf()), 1);
    assert_eq!(open(conf().receiver_token(SECRET)), 0);
}

#[test]
fn what_follows_the_token_is_lines_however_it_comes() {
    let rig = Rig::of_lines(conf().receiver_token(SECRET));
    let mut at_once = show(&rig, &format!("TOKEN {SECRET}\nfirst\nsecond\nthi"));
    at_once.write_all(b"rd\n").expect("the engine reads");
    let mut in_bytes = rig.client();
    for byte in format!("TOKEN {SECRET}\n").bytes() {
        in_bytes.write_all(&[byte]).expect("the engine reads");
    }
    in_bytes.write_all(b"fourth\n").expect("the engine reads");
    let alone = show(&rig, &format!("TOKEN {SECRET}\n"));
    drop((at_once, in_bytes, alone));
    rig.ear.wait_for_ends(3);
    let mut lines = rig.batch();
    lines.sort();
    assert_eq!(lines, ["first", "fourth", "second", "third"]);
    let counts = rig.counts();
    assert_eq!((counts.records, counts.rejected, counts.unterminated), (4, 0, 0));
}

#[test]
fn records_that_are_framed_follow_it_as_well() {
    let rig: Rig<Vec<u8>> = Rig::start(conf().receiver_token(SECRET), |s, out| {
        out.collect(&s.listen_stream(":0", Framing::LengthPrefixed).map(|frame| frame.to_vec()));
        Ok(())
    });
    let mut client = rig.client();
    client
        .write_all(format!("TOKEN {SECRET}\n\0\0\0\x03one").as_bytes())
        .expect("the engine reads");
    drop(client);
    rig.ear.wait_for_ends(1);
    assert_eq!(rig.batch(), [b"one"]);
}

#[test]
fn who_shows_no_token_or_a_wrong_one_costs_nothing_and_is_counted() {
    let rig = Rig::of_lines(conf().receiver_token(SECRET));
    let near = format!("TOKEN {}f\nlines\n", &SECRET[..SECRET.len() - 1]);
    for shown in ["lines\n", "TOKEN\n", &near, &"x".repeat(10_000), "\u{1b}[2J\n"] {
        assert_closed(&mut show(&rig, shown));
    }
    let gone = show(&rig, "TOKEN d41d");
    gone.shutdown(Shutdown::Write).expect("it is open");
    assert_closed(&mut { gone });
    reset(show(&rig, "TOKEN "));
    assert!(denials(&rig).contains("1 showed no token, or a wrong one"));
    assert_eq!((rig.ear.disconnected(), rig.engine.memory_in_use_bytes()), (0, 0));
    assert_eq!(rig.batch().len(), 0);
    rig.running.stop(Stop::Graceful).expect("it stops");
    let all = rig.ear.so_far(|heard| format!("{:?} {:?}", heard.notices, heard.reports));
    assert!(!all.contains(&SECRET[..4]) && !all.contains('\u{1b}'), "{all}");
}

#[test]
fn who_shows_nothing_is_closed_when_its_time_is_over() {
    let rig = Rig::of_lines(conf().receiver_token(SECRET));
    let (mut silent, begun) = (rig.client(), Instant::now());
    let mut slow = show(&rig, "TOKEN d4");
    assert_closed(&mut silent);
    assert_closed(&mut slow);
    let took = begun.elapsed();
    assert!((9..20).contains(&took.as_secs()), "{took:?}");
}

#[test]
fn those_that_show_nothing_do_not_use_up_the_room_for_ever() {
    let rig = Rig::of_lines(conf().receiver_token(SECRET).max_connections(3));
    let silent = [rig.client(), rig.client(), rig.client()];
    // Its turn comes when theirs is over.
    drop(show(&rig, &format!("TOKEN {SECRET}\nat last\n")));
    rig.ear.wait_for_ends(1);
    assert_eq!(rig.batch(), ["at last"]);
    drop(silent);
}

#[test]
fn who_shows_nothing_keeps_nobody_out_who_shows_the_token() {
    let rig = Rig::of_lines(conf().receiver_token(SECRET).max_connections(3));
    // They take all places, and wait for them; some begin to show something.
    let silent: Vec<_> = (0..40).map(|_| rig.client()).collect();
    let slow: Vec<_> = (0..20).map(|_| show(&rig, "TOKEN d4")).collect();
    let begun = Instant::now();
    for n in 0..3 {
        drop(show(&rig, &format!("TOKEN {SECRET}\nline {n}\n")));
        rig.ear.wait_for_ends(n + 1);
    }
    let took = begun.elapsed();
    assert!(took.as_secs() < 8, "those that are silent have 10 s, and it took {took:?}");
    assert_eq!(rig.batch().len(), 3);
    assert!(denials(&rig).contains("had shown nothing yet when others came, and gave way"));
    drop((silent, slow));
}

#[test]
fn who_has_shown_the_token_waits_for_a_place_and_loses_no_line() {
    let rig = Rig::of_lines(conf().receiver_token(SECRET).max_connections(2));
    let mut clients: Vec<_> = (0..10).map(|_| rig.client()).collect();
    for (n, client) in clients.iter_mut().enumerate() {
        let shown = format!("TOKEN {SECRET}\nline {n}\n");
        client.write_all(shown.as_bytes()).expect("the engine reads");
    }
    rig.close_blocks_until(2 * 7);
    assert_eq!(rig.ear.connected(), 2);
    drop(clients);
    rig.ear.wait_for_ends(10);
    let mut lines = rig.batch();
    lines.sort();
    assert_eq!(lines, (0..10).map(|n| format!("line {n}")).collect::<Vec<_>>());
    let most = rig.ear.so_far(|heard| {
        let mut open = 0;
        let counts = heard.notices.iter().map(|notice| {
            open += i32::from(matches!(notice, Notice::Connected { .. }));
            open -= i32::from(matches!(notice, Notice::Disconnected { .. }));
            open
        });
        counts.max()
    });
    assert_eq!(most, Some(2));
}

#[test]
fn a_stop_takes_in_what_has_come_behind_a_token() {
    let rig = Rig::of_lines(conf().receiver_token(SECRET));
    let _client = show(&rig, &format!("TOKEN {SECRET}\na line\n"));
    rig.running.stop(Stop::Graceful).expect("it stops");
    let records: u64 = rig.ear.reports().iter().map(|report| report.records).sum();
    assert_eq!(records, 1);
}

/// A receiver that has nothing to receive: it notes that all receivers are told to stop.
struct ToldOfTheStop(Arc<AtomicBool>);

impl Receiver for ToldOfTheStop {
    type Item = u64;

    fn on_start(&mut self, _: Store<u64>) -> Result<(), BoxError> {
        Ok(())
    }

    fn on_stop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn a_stop_takes_in_what_came_behind_a_token_while_the_receiver_was_at_work() {
    let (begun, go_on) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
    let (begin, may_go_on) = (begun.clone(), go_on.clone());
    let stopping = Arc::<AtomicBool>::default();
    let told = stopping.clone();
    let rig: Rig<u64> = Rig::start(conf().receiver_token(SECRET).parallelism(1), move |s, out| {
        let (begin, may_go_on) = (begin.clone(), may_go_on.clone());
        let lengths = s.listen_text_stream(":0").map(move |line| {
            if line.starts_with("long") {
                begin.store(true, Ordering::SeqCst);
                wait_until("leave to go on", || may_go_on.load(Ordering::SeqCst).then_some(()));
            }
            (line.len() as u64, 1u64)
        });
        out.collect(&lengths.reduce_by_key(|a, b| a + b).map(|(_, n)| n));
        let told = told.clone();
        s.receiver_stream(move || ToldOfTheStop(told.clone())).for_each_rdd(|_, _| {});
        Ok(())
    });
    let mut late = rig.client();
    // So much that a receiver which has no task to spare works itself.
    let _at_work = show(&rig, &format!("TOKEN {SECRET}\nlong {:20000}\n", ""));
    wait_until("work to begin", || {
        rig.hand.advance(BLOCK);
        begun.load(Ordering::SeqCst).then_some(())
    });
    late.write_all(format!("TOKEN {SECRET}\nlate\n").as_bytes()).expect("the kernel takes it");
    let ear = rig.ear.clone();
    std::thread::scope(|scope| {
        let stop = scope.spawn(|| rig.running.stop(Stop::Graceful));
        wait_until("the stop to be ordered", || stopping.load(Ordering::SeqCst).then_some(()));
        go_on.store(true, Ordering::SeqCst);
        assert!(stop.join().expect("it does not panic").expect("it stops").drained);
    });
    let records: u64 = ear.reports().iter().map(|report| report.records).sum();
    assert_eq!(records, 2);
}

#[test]
fn the_silent_are_closed_in_time_and_those_that_speak_are_not() {
    const SILENCES: u32 = 2;
    let timeout = millis(1200);
    let rig = Rig::of_lines(conf().idle_timeout(timeout));
    let begun = Instant::now();
    let mut silent: Vec<_> = (0..50).map(|_| rig.client()).collect();
    let mut half_a_line = show(&rig, "half a li");
    let mut speaks = rig.client();
    let timeout = StdDuration::from_millis(1200);
    let mut sent = 0;
    let ends = rig.ear.disconnected();
    wait_until("those that are silent to be closed", || {
        speaks.write_all(b"here\n").expect("the engine reads");
        sent += 1;
        let closed = rig.ear.disconnected() - ends;
        (closed >= 51 && begun.elapsed() >= timeout * SILENCES).then_some(())
    });
    assert_eq!(rig.ear.disconnected(), 51, "the one that speaks is not closed");
    silent.iter_mut().chain([&mut half_a_line]).for_each(assert_closed);
    let reasons = rig.ear.so_far(|heard| {
        let reasons = heard.notices.iter().filter_map(|notice| match notice {
            Notice::Disconnected { reason, .. } => reason.clone(),
            _ => None,
        });
        reasons.filter(|reason| reason.contains("Conf::idle_timeout")).count()
    });
    assert_eq!((reasons, rig.ear.warnings("nothing had come over them").len()), (51, 1));
    drop(speaks);
    rig.ear.wait_for_ends(52);
    let lines = rig.batch();
    assert!(lines.len() == sent && lines.iter().all(|line| line == "here"), "{lines:?}");
    assert_eq!(rig.counts().rejected, 1, "the half of a line");
}

#[test]
fn a_sender_that_is_held_back_is_not_idle() {
    let rig = Rig::of_lines(conf().memory_bytes(8 << 20).idle_timeout(millis(500)));
    let mut client = rig.client();
    client.set_write_timeout(Some(StdDuration::from_millis(2500))).expect("a socket takes options");
    let line = [&[b'x'; 1023][..], b"\n"].concat();
    let mut sent = 0;
    while let Ok(bytes) = client.write(&line.repeat(64)) {
        sent += bytes;
    }
    assert!(sent > 4 << 20, "only {sent} bytes fill it");
    assert_eq!(rig.ear.disconnected(), 0, "five timeouts later it is there");
    drop(client);
    let mut records = 0;
    while records < sent / 1024 {
        rig.hand.advance(secs(100));
        rig.running.wait_for_batch(rig.hand.now(), secs(30)).expect("the batch ends");
        records = rig.ear.reports().iter().map(|report| report.records as usize).sum();
    }
    rig.ear.wait_for_ends(1);
}
