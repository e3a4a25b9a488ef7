//! What a start needs, and what it finds of senders.

use millstream::StreamingContext;
use millstream::disk::{Disk, MemoryDisk, Names};
use millstream::testing::Collector;

use super::life::{DIRECTORY, Life, clock, lines};
use super::sender::Sender;
use crate::rig::{BATCH, conf};

#[test]
fn a_stream_without_a_log_is_refused_with_what_to_set() {
    for (has_log, has_directory) in [(false, false), (true, false), (false, true)] {
        let conf = conf().write_ahead_log(has_log).disk(MemoryDisk::default());
        let ssc = StreamingContext::new(conf, BATCH).expect("the settings are right");
        if has_directory {
            ssc.checkpoint(DIRECTORY);
        }
        let started = ssc.start(|s| {
            Collector::new().collect(&s.acknowledged_text_stream(":0").map(str::to_owned));
            Ok(())
        });
        let error = started.err().expect("there is no log").to_string();
        for part in ["127.0.0.1:0", "Conf::write_ahead_log(true)", "get_or_create"] {
            assert!(error.contains(part), "{error}");
        }
    }
}

#[test]
fn two_streams_of_one_address_are_refused() {
    let started = Life::of(
        &MemoryDisk::default(),
        &clock(),
        |conf| conf,
        |s, out| {
            out.collect(&s.acknowledged_text_stream(":0").map(str::to_owned));
            out.collect(&s.acknowledged_text_stream("127.0.0.1:0").map(str::to_owned));
            Ok(())
        },
    );
    let error = started.err().expect("they are one source").to_string();
    assert!(error.contains("\"127.0.0.1:0\"") && error.contains("its own"), "{error}");
}

#[test]
fn how_far_senders_have_come_outlives_the_log_that_said_so() {
    let (mut disk, clock, mut sender) = (MemoryDisk::default(), clock(), Sender::new("a"));
    let first = Life::begin(&disk, &clock);
    sender.greet(first.address());
    sender.send(5);
    first.acknowledge(&mut sender);
    first.batch();
    let (collected, left) = first.die(&disk, Names::Lost);
    assert_eq!(lines(collected), sender.lines());
    disk = left;

    // A log's file is collected when another one has begun, and two checkpoints are behind it.
    let second = Life::begin(&disk, &clock);
    let mut other = Sender::new("b");
    for _ in 0..4 {
        other.greet(second.address());
        other.send(1);
        second.acknowledge(&mut other);
        second.batch();
    }
    second.running.stop(millstream::Stop::Graceful).expect("it stops");
    let blocks = disk.list(format!("{DIRECTORY}/blocks").as_ref()).expect("there is a log");
    let names: Vec<_> = blocks.into_iter().map(|entry| entry.name).collect();
    assert!(!names.iter().any(|name| *name == *"0000000000.log"), "{names:?}");

    let third = Life::begin(&disk, &clock);
    assert_eq!((sender.greet(third.address()), other.greet(third.address())), (5, 4));
    third.end();
}

#[test]
fn senders_of_a_source_that_is_gone_are_named_and_kept() {
    let (disk, clock, mut sender) = (MemoryDisk::default(), clock(), Sender::new("a"));
    let first = Life::begin(&disk, &clock);
    sender.greet(first.address());
    sender.send(5);
    first.acknowledge(&mut sender);
    first.batch();
    first.end();

    let second = Life::of(
        &disk,
        &clock,
        |conf| conf,
        |s, out| {
            out.collect(&s.listen_text_stream(":0").map(str::to_owned));
            Ok(())
        },
    )
    .expect("it starts");
    let told = second.ear.warnings("acknowledging listener 127.0.0.1:0");
    assert!(told.len() == 1 && told[0].contains("not in the graph"), "{told:?}");
    for _ in 0..4 {
        second.batch();
    }
    second.end();

    let third = Life::begin(&disk, &clock);
    assert_eq!(sender.greet(third.address()), 5);
    third.end();
}
