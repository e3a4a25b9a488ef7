//! Peers that mean harm: lines without an end.

use std::io::Write;
use std::sync::Arc;

use millstream::{Engine, Framing, LongLines, Stop, secs};

use crate::child;
use crate::rig::{Rig, conf, wait_until};

const MIB: usize = 1 << 20;

/// What a process's memory may vary by without anybody keeping received data.
const SLACK_BYTES: u64 = 12 << 20;

/// Sends a line of `mebibytes` and a short one, and holds the engine to little memory all the
/// while.
fn endless(policy: LongLines, mebibytes: usize) -> Rig {
    let rig = Rig::of_lines(conf().long_lines(policy).memory_bytes(8 << 20));
    let mut client = rig.client();
    let piece = vec![b'x'; MIB];
    client.write_all(&piece).expect("the engine reads");
    rig.come_round();
    let before = child::resident_bytes();
    let peak = child::peak_resident_bytes(|| {
        for _ in 1..mebibytes {
            client.write_all(&piece).expect("the engine reads");
            assert!(rig.engine.memory_in_use_bytes() <= rig.engine.memory_limit_bytes() / 2);
        }
    });
    assert!(peak <= before + SLACK_BYTES, "grew from {before} to {peak} bytes");
    client.write_all(b"\nnext\n").expect("the engine reads");
    drop(client);
    rig.ear.wait_for_ends(2);
    rig
}

#[test]
fn a_line_of_a_gibibyte_is_skipped_counted_once_and_costs_no_memory() {
    if !child::is_child() {
        return child::run(
            "hostile::a_line_of_a_gibibyte_is_skipped_counted_once_and_costs_no_memory",
        );
    }
    let rig = endless(LongLines::Skip, 1024);
    assert_eq!(rig.batch(), ["next"]);
    let counts = rig.counts();
    assert_eq!((counts.records, counts.rejected, counts.cut), (1, 1, 0));
}

#[test]
fn an_endless_line_is_cut_counted_once_and_costs_no_memory() {
    if !child::is_child() {
        return child::run("hostile::an_endless_line_is_cut_counted_once_and_costs_no_memory");
    }
    let rig = endless(LongLines::Cut, 256);
    let lines = rig.batch();
    assert_eq!(lines.iter().map(String::len).collect::<Vec<_>>(), [MIB, 4]);
    let counts = rig.counts();
    assert_eq!((counts.records, counts.rejected, counts.cut), (2, 0, 1));
}

#[test]
fn a_line_at_the_limit_arrives_whole_however_small_the_budget() {
    let taken = |bytes: &u64| Engine::new(conf().memory_bytes(*bytes)).is_ok();
    let smallest = (1..).map(|n| n * 100_000).find(taken).expect("some budget is enough");
    for budget_bytes in [smallest, 8 << 20] {
        let rig = Rig::of_lines(conf().memory_bytes(budget_bytes));
        let mut client = rig.client();
        for part in 0..4 {
            client.write_all(&vec![b'a' + part; MIB / 4]).expect("the engine reads");
            rig.come_round();
        }
        client.write_all(b"\r\nnext\n").expect("the engine reads");
        rig.come_round();
        let lengths: Vec<_> = rig.batch().iter().map(String::len).collect();
        assert_eq!(lengths, [MIB, 4], "with {budget_bytes} bytes");
    }
}

/// A line as long as lines may be with a byte more, which may be half of its end, and then this. Another sender's line
/// must come through.
fn after_a_byte_too_many(rest: &[u8]) -> (Rig, Vec<String>) {
    let rig = Rig::of_lines(conf());
    let mut long = rig.client();
    long.write_all(&[&vec![b'x'; MIB], &b"\r"[..]].concat()).expect("the engine reads");
    for _ in 0..4 {
        rig.come_round();
    }
    long.write_all(rest).expect("the engine reads");
    rig.send(b"another's\n");
    drop(long);
    rig.ear.wait_for_ends(6);
    let mut lines = rig.batch();
    lines.sort();
    (rig, lines)
}

#[test]
fn a_line_at_the_limit_whose_end_comes_in_two_stops_nobody() {
    let (rig, lines) = after_a_byte_too_many(b"\n");
    assert_eq!(lines.iter().map(String::len).collect::<Vec<_>>(), [9, MIB]);
    assert_eq!(rig.counts().rejected, 0);
}

#[test]
fn a_line_that_passes_the_limit_by_a_byte_stops_nobody() {
    let (rig, lines) = after_a_byte_too_many(b"y\nnext\n");
    assert_eq!(lines, ["another's", "next"]);
    assert_eq!(rig.counts().rejected, 1);
}

#[test]
fn a_line_that_ends_with_half_of_its_end_stops_nobody() {
    let (rig, lines) = after_a_byte_too_many(b"");
    assert_eq!(lines.iter().map(String::len).collect::<Vec<_>>(), [9, MIB]);
    assert_eq!(rig.counts().unterminated, 1);
}

#[test]
fn unfinished_lines_of_many_take_bounded_memory_and_cost_nobody_else_a_line() {
    if !child::is_child() {
        return child::run(
            "hostile::unfinished_lines_of_many_take_bounded_memory_and_cost_nobody_else_a_line",
        );
    }
    let rig = Rig::of_lines(conf().memory_bytes(8 << 20));
    let piece = vec![b'x'; MIB];
    let mut hostile: Vec<_> = (0..1200).map(|_| rig.client()).collect();
    let mut honest: Vec<_> = (0..50).map(|_| rig.client()).collect();
    let halves = |part: &str, clients: &mut [std::net::TcpStream]| {
        for (id, client) in clients.iter_mut().enumerate() {
            let half = format!("{part} of {id}{:500}", "");
            client.write_all(half.as_bytes()).expect("the engine reads");
        }
    };
    halves("first", &mut honest[..25]);
    rig.come_round();
    let before = child::resident_bytes();
    let peak = child::peak_resident_bytes(|| {
        let (many, more) = hostile.split_at_mut(40);
        for client in many {
            client.write_all(&piece).expect("the engine reads");
        }
        for client in more {
            client.write_all(&piece[..1 << 10]).expect("the engine reads");
        }
        rig.come_round();
    });
    assert!(peak <= before + SLACK_BYTES, "grew from {before} to {peak} bytes");
    halves("first", &mut honest[25..]);
    rig.come_round();
    for client in &mut honest {
        client.write_all(b" and the rest\n").expect("the engine reads");
    }
    rig.come_round();
    let lines = rig.batch();
    let whole = |line: &&String| line.starts_with("first") && line.ends_with("and the rest");
    assert_eq!(lines.iter().filter(whole).count(), 50, "the lines of those who mean no harm");
    assert!(rig.counts().rejected >= 40, "{:?}", rig.counts());
    assert!(!rig.ear.warnings("unfinished records of all receivers hold nearly").is_empty());
}

#[test]
fn unfinished_lines_of_all_receivers_have_one_share_of_the_memory() {
    const LISTENERS: usize = 12;
    const EACH: usize = 4;
    // Of this, 4 MiB are for lines that are unfinished, and 18 slabs for all else.
    let rig: Rig = Rig::start(conf().memory_bytes(32 << 20), |s, out| {
        for _ in 0..LISTENERS {
            out.collect(&s.listen_text_stream(":0").map(str::to_owned));
        }
        Ok(())
    });
    // In a round each connection that has something to read is read once, so it takes some for a long line.
    let rounds = |n: usize| {
        for _ in 0..n {
            let ends = rig.ear.disconnected();
            (0..LISTENERS).for_each(|number| drop(rig.client_of_listener(number)));
            rig.ear.wait_for_ends(ends + LISTENERS);
        }
    };
    let mut honest = rig.client();
    honest.write_all(b"a line ").expect("the engine reads");
    let mut hostile: Vec<_> =
        (0..LISTENERS * EACH).map(|n| rig.client_of_listener(n % LISTENERS)).collect();
    let long = vec![b'x'; MIB - 2];
    for client in &mut hostile {
        client.write_all(&long).expect("the engine reads");
    }
    rounds(40);
    for client in &mut hostile {
        client.write_all(b"\n").expect("the engine reads");
    }
    honest.write_all(b"of somebody who means no harm\n").expect("the engine reads");
    rounds(2);
    let lines = rig.batch();
    assert!(lines.contains(&"a line of somebody who means no harm".to_string()));
    let long_lines = lines.iter().filter(|line| line.len() == long.len()).count();
    assert!((1..=4).contains(&long_lines), "{long_lines} of them were kept, of 1 MiB each");
    let rejected: u64 = rig.report().sources.iter().map(|source| source.lines.rejected).sum();
    assert_eq!(rejected as usize, hostile.len() - long_lines);
}

#[test]
fn lengths_that_are_not_whole_have_no_memory_from_others() {
    // Of this, 310 KiB are for records that are unfinished.
    let conf = conf().memory_bytes(2_540_000).max_line_bytes(2000);
    let rig: Rig = Rig::start(conf, |s, out| {
        out.collect(&s.listen_text_stream(":0").map(str::to_owned));
        out.collect(&s.listen_stream(":0", Framing::LengthPrefixed).map(|_| String::new()));
        Ok(())
    });
    let come_round = || {
        for number in 0..2 {
            let ends = rig.ear.disconnected();
            drop(rig.client_of_listener(number));
            rig.ear.wait_for_ends(ends + 1);
        }
    };
    let record = [&1000u32.to_be_bytes()[..], &[7; 1000]].concat();
    let mut hostile: Vec<_> = (0..400).map(|_| rig.client_of_listener(1)).collect();
    for (n, client) in hostile.iter_mut().enumerate() {
        // Of a record that is whole soon, and then of a length that never is.
        let (first, rest) = record.split_at(1000 - n / 4);
        client.write_all(first).expect("the engine reads");
        come_round();
        client.write_all(&[rest, &[0; 3]].concat()).expect("the engine reads");
    }
    come_round();
    let mut honest: Vec<_> = (0..25).map(|_| rig.client()).collect();
    for part in [&[b'x'; 500][..], b" and the rest\n"] {
        for client in &mut honest {
            client.write_all(part).expect("the engine reads");
        }
        come_round();
    }
    assert_eq!(rig.batch().iter().filter(|line| line.ends_with("rest")).count(), honest.len());
    assert_eq!(rig.counts().rejected, 0, "{:?}", rig.ear.warnings(""));
}

#[test]
fn a_long_line_that_is_given_up_counts_as_rejected_and_one_that_is_cut_as_cut() {
    let rig = Rig::of_lines(conf().memory_bytes(8 << 20).long_lines(LongLines::Cut));
    let mut clients: Vec<_> = (0..3).map(|_| rig.client()).collect();
    for client in &mut clients {
        client.write_all(&vec![b'x'; MIB + 100]).expect("the engine reads");
        rig.come_round();
    }
    for client in &mut clients {
        client.write_all(b"\nnext\n").expect("the engine reads");
    }
    drop(clients);
    rig.ear.wait_for_ends(3 + 3);
    let (lines, counts) = (rig.batch(), rig.counts());
    let cut = lines.iter().filter(|line| line.len() == MIB).count() as u64;
    assert!(cut < 3, "nothing was given up");
    assert_eq!((counts.records, counts.rejected, counts.cut), (3 + cut, 3 - cut, cut));
}

#[test]
fn lines_that_are_not_utf8_take_no_more_memory_than_others() {
    if !child::is_child() {
        return child::run("hostile::lines_that_are_not_utf8_take_no_more_memory_than_others");
    }
    let budget = 32 << 20;
    let rig: Rig = Rig::start(conf().memory_bytes(budget), |s, out| {
        out.collect(&s.listen_text_stream(":0").filter(|line| line.is_empty()).map(str::to_owned));
        Ok(())
    });
    let mut client = rig.client();
    let line = [&[0xffu8; 999][..], b"\n"].concat();
    let lines = line.repeat(1000);
    rig.send(b"the first\n");
    let before = child::resident_bytes();
    let peak = child::peak_resident_bytes(|| {
        // Much more than there is memory for; what is not read when the test is over does not matter.
        std::thread::spawn(move || (0..100).try_for_each(|_| client.write_all(&lines)).is_ok());
        wait_until("the memory to be full", || {
            (!rig.ear.warnings("fills its").is_empty()).then_some(())
        });
        assert_eq!(rig.batch(), [""; 0]);
    });
    let counts = rig.counts();
    assert!(counts.mended > 1000 && counts.mended + 1 == counts.records, "{counts:?}");
    assert!(peak <= before + budget, "grew from {before} to {peak} bytes");
}

#[test]
fn who_has_sent_lines_that_are_not_utf8_is_held_back_before_more_of_them_need_memory() {
    const LISTENERS: usize = 18;
    let budget = 32 << 20;
    let conf = conf().memory_bytes(budget).early_work(false);
    let rig: Rig = Rig::start(conf, |s, out| {
        for _ in 0..LISTENERS {
            let lines = s.listen_text_stream(":0");
            out.collect(&lines.filter(|line| line.is_empty()).map(str::to_owned));
        }
        Ok(())
    });
    let line = [&[0xffu8; 999][..], b"\n"].concat();
    let clients = (0..LISTENERS).map(|listener| {
        let mut client = rig.client_of_listener(listener);
        client.write_all(&line).expect("the engine reads");
        client
    });
    let clients: Vec<_> = clients.collect();
    let mut mended = 0;
    let mut batch = || {
        rig.batch();
        mended += rig.report().sources.iter().map(|source| source.lines.mended).sum::<u64>();
        mended
    };
    wait_until("each to have sent a line", || (batch() == LISTENERS as u64).then_some(()));
    // The slabs that they have had since before that was known come back as nothing is read into them.
    wait_until("all slabs to be back", || {
        batch();
        (rig.engine.memory_in_use_bytes() == 0).then_some(())
    });
    let lines: Arc<[u8]> = line.repeat(1000).into();
    for mut client in clients {
        let lines = lines.clone();
        // Much more than there is memory for; what is not read when the test is over does not matter.
        std::thread::spawn(move || (0..100).try_for_each(|_| client.write_all(&lines)).is_ok());
    }
    let mut most_beyond = 0;
    wait_until("more than the memory to have been read", || {
        let (has, may_have) = (rig.engine.memory_in_use_bytes(), rig.engine.memory_limit_bytes());
        most_beyond = most_beyond.max(has.saturating_sub(may_have));
        (batch() > 2 * budget / line.len() as u64).then_some(())
    });
    // A slab or two while it is looked; all that receivers may have had together would be some twelve more.
    assert!(most_beyond <= 3 << 20, "{most_beyond} bytes more than there is memory for");
}

#[test]
fn a_graceful_stop_is_not_held_up_by_memory_that_is_left_free_for_mending() {
    let conf = conf().memory_bytes(12 << 20).early_work(false).graceful_stop_timeout(secs(8));
    let rig = Rig::of_lines(conf);
    let mut client = rig.client();
    let line = [&[0xffu8; 999][..], b"\n"].concat();
    client.write_all(&line).expect("the engine reads");
    wait_until("it to be mended", || {
        rig.batch();
        (rig.counts().mended == 1).then_some(())
    });
    let sender = std::thread::spawn(move || client.write_all(&line.repeat(8000)).is_ok());
    wait_until("the memory to be full", || {
        (!rig.ear.warnings("fills its").is_empty()).then_some(())
    });
    assert!(rig.running.stop(Stop::Graceful).expect("it stops").drained);
    // What has not arrived when the stop is ordered is not read, and the sender hears that.
    sender.join().expect("it ends");
    let last = rig.ear.reports().last().map(|report| report.sources[0].lines.mended);
    assert!(last.is_some_and(|mended| mended > 0), "what was held back is read by the stop");
}
