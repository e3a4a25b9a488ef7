//! Sessions with an engine that lives: from the greeting to the end, and what bad lines and full memory get.

use millstream::LongLines;
use millstream::disk::MemoryDisk;

use super::life::{Life, clock, lines};
use super::sender::Sender;
use crate::rig::{BATCH, BLOCK, wait_until};

#[test]
fn lines_are_acknowledged_in_a_session_and_after_a_break() {
    let (disk, mut sender) = (MemoryDisk::default(), Sender::new("sensor-7"));
    let life = Life::begin(&disk, &clock());
    assert_eq!(sender.greet(life.address()), 0);
    sender.send(2);
    life.acknowledge(&mut sender);
    sender.send(1);
    life.acknowledge(&mut sender);
    sender.break_within_a_line();
    assert_eq!(sender.greet(life.address()), 3);
    sender.send(2);
    sender.half_close();
    life.acknowledge(&mut sender);
    sender.wait_for_end();
    assert_eq!(lines(life.end()), sender.lines());
    assert_eq!(sender.lines().len(), 5);
}

#[test]
fn an_end_without_lines_is_answered_by_one() {
    let (disk, mut sender) = (MemoryDisk::default(), Sender::new("a"));
    let life = Life::begin(&disk, &clock());
    sender.greet(life.address());
    sender.half_close();
    sender.wait_for_end();
    assert_eq!((sender.refusal, life.end().len()), (None, 0));
}

#[test]
fn a_sender_that_takes_over_goes_on_at_once_behind_what_was_taken_in() {
    let (disk, clock) = (MemoryDisk::default(), clock());
    let life = Life::begin(&disk, &clock);
    let mut older = Sender::new("a");
    older.greet(life.address());
    older.send(3);
    life.come_round();
    let now = clock.now();
    // The clock stands: no block is closed because its time is over.
    let mut newer = older.apart();
    assert_eq!((newer.greet(life.address()), clock.now()), (3, now));
    older.wait_for_end();
    let refusal = older.refusal.expect("it is told why");
    assert!(refusal.contains("a newer connection has greeted as a"), "{refusal}");
    newer.send(2);
    life.acknowledge(&mut newer);
    assert_eq!(lines(life.end()), newer.lines());
}

#[test]
fn a_graceful_stop_acknowledges_what_was_taken_in_and_processes_it() {
    let (disk, mut sender) = (MemoryDisk::default(), Sender::new("a"));
    let life = Life::begin(&disk, &clock());
    sender.greet(life.address());
    sender.send(4);
    life.come_round();
    let collected = life.end();
    sender.wait_for_end();
    assert_eq!((sender.acknowledged, &sender.refusal), (4, &None));
    assert_eq!(lines(collected), sender.lines());
}

#[test]
fn a_line_that_is_too_long_is_acknowledged_and_counted_once() {
    for cut in [false, true] {
        let (disk, mut sender) = (MemoryDisk::default(), Sender::new("a"));
        let policy = if cut { LongLines::Cut } else { LongLines::Skip };
        let life = Life::with(&disk, &clock(), |conf| conf.max_line_bytes(100).long_lines(policy));
        sender.greet(life.address());
        // Its length is known a block before its end comes.
        sender.send_text(&[b'x'; 150]);
        life.come_round();
        life.clock.advance(BLOCK);
        sender.send_text(b"\n");
        life.acknowledge(&mut sender);
        sender.send_text(&[&[b'y'; 150][..], b"\nshort\n"].concat());
        life.acknowledge(&mut sender);
        life.batch();
        let counts = life.ear.report(life.clock.now().floor(BATCH)).sources[0].lines;
        let of_long = [counts.rejected, counts.cut];
        assert_eq!(of_long, if cut { [0, 2] } else { [2, 0] });
        assert_eq!(counts.records, if cut { 3 } else { 1 });
        assert_eq!(lines(life.end()).last().map(String::as_str), Some("short"));
    }
}

#[test]
fn a_long_line_that_is_given_up_is_acknowledged_and_counts_as_rejected_only() {
    let disk = MemoryDisk::default();
    let life =
        Life::with(&disk, &clock(), |conf| conf.memory_bytes(8 << 20).long_lines(LongLines::Cut));
    // Two of them are all that may be unfinished.
    let mut senders = ["a", "b", "c"].map(Sender::new);
    for sender in &mut senders {
        sender.greet(life.address());
        sender.send_text(&vec![b'x'; (1 << 20) + 100]);
        life.come_round();
    }
    for sender in &mut senders {
        sender.send_text(b"\n");
        life.acknowledge(sender);
    }
    life.batch();
    let counts = life.ear.report(life.clock.now().floor(BATCH)).sources[0].lines;
    assert_eq!((counts.records, counts.rejected, counts.cut), (2, 1, 2));
}

#[test]
fn while_memory_is_full_nothing_is_read_and_everybody_is_heard() {
    let (disk, mut sender) = (MemoryDisk::default(), Sender::new("a"));
    let life = Life::with(&disk, &clock(), |conf| conf.memory_bytes(6 << 20));
    sender.greet(life.address());
    let writer = sender.send_aside([&[b'x'; 999][..], b"\n"].concat().repeat(20_000));
    wait_until("memory to be full", || {
        life.clock.advance(BLOCK);
        sender.listen();
        (!life.ear.warnings("senders are held back").is_empty()).then_some(())
    });
    let mut other = Sender::new("b");
    assert_eq!(other.greet(life.address()), 0);
    wait_until("the rest", || {
        life.batch();
        sender.listen();
        (sender.acknowledged == 20_000).then_some(())
    });
    writer.join().expect("it has written all");
    assert_eq!(lines(life.end()).len(), 20_000);
}
