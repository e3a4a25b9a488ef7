//! How files become records, within the memory that they may have.

use millstream::disk::MemoryDisk;
use millstream::progress::LineCounts;
use millstream::testing::Collector;
use millstream::{Conf, Stop, Window, secs};

use crate::rig::{Lines, Rig, batch, conf};

/// The least budget: the longest line and two slabs.
const BUDGET: u64 = 4_616_787;

fn small(disk: &MemoryDisk) -> Conf {
    conf(disk).memory_bytes(BUDGET)
}

#[test]
fn records_are_counted_where_they_come_in() {
    let disk = MemoryDisk::default();
    disk.put("in/a", "one\r\n\ntwo", batch(1));
    disk.put("in/b", b"bad \xff\nfour\n", batch(1));
    disk.put("in/empty", "", batch(1));
    let lines = Lines::of(&disk, |s| s.text_file_stream("in"));
    assert_eq!(lines.next(), ["one", "", "two", "bad \u{fffd}", "four"]);
    let source = &lines.report().sources[0];
    let counts = LineCounts { records: 5, mended: 1, unterminated: 1, ..LineCounts::default() };
    assert_eq!((source.lines, source.bytes, source.blocks), (counts, 21, 2));
    assert_eq!(&*source.name, "files in in");
}

#[test]
fn streams_of_records_each_have_a_length_of_their_own() {
    let disk = MemoryDisk::default();
    disk.put("in/a", "aa\nabb\r\n", batch(1));
    let out = [Collector::new(), Collector::new()];
    let collected = out.clone();
    let rig = Rig::start(conf(&disk), move |s| {
        for (out, record_bytes) in collected.iter().zip([2, 4]) {
            let records = s.binary_records_stream("in", record_bytes);
            out.collect(&records.map(|record| record.to_vec()));
        }
        Ok(())
    });
    assert_eq!(rig.unwrap().batch().records, 6);
    let records = out.map(|out| out.take().remove(0).1);
    assert_eq!(records[0], [b"aa", b"\na", b"bb", b"\r\n"]);
    assert_eq!(records[1], [b"aa\na", b"bb\r\n"]);
}

#[test]
fn a_line_of_any_length_is_handled_as_those_of_a_socket() {
    let disk = MemoryDisk::default();
    let long = "x".repeat(1 << 20);
    disk.put("in/a", format!("{long}\n{long}!\nlast"), batch(1));
    let lines = Lines::of(&disk, |s| s.text_file_stream("in"));
    assert_eq!(lines.next(), [&long[..], "last"]);
    assert_eq!(lines.report().sources[0].lines.rejected, 1);
}

#[test]
fn a_large_file_spreads_over_the_tasks() {
    let disk = MemoryDisk::default();
    disk.put("in/a", "0123456789abcde\n".repeat(200_000), batch(1));
    let rig = Rig::start(conf(&disk), |s| {
        s.text_file_stream("in").for_each_rdd(|rdd, _| {
            assert!(rdd.num_partitions() >= 8, "{} partitions", rdd.num_partitions());
            assert_eq!(rdd.count(), 200_000);
        });
        Ok(())
    });
    assert_eq!(rig.unwrap().batch().errors, [""; 0]);
}

#[test]
fn what_does_not_fit_waits_in_order_and_a_graceful_stop_reads_it() {
    let disk = MemoryDisk::default();
    let two_thirds = "x".repeat((BUDGET * 2 / 3) as usize / 1000 - 1) + "\n";
    let content = |first: &str| first.to_string() + "\n" + &two_thirds.repeat(1000);
    for name in ["a", "b", "c"] {
        disk.put(format!("in/{name}"), content(name), batch(1));
    }
    disk.put("in/d", "d", batch(1));
    disk.put("in/aa", "aa", batch(2));
    let lines = Lines::with(small(&disk), |s| s.text_file_stream("in"));
    let next = || -> Vec<String> { lines.next().into_iter().filter(|l| l.len() < 3).collect() };
    assert_eq!(next(), ["a"]);
    assert_eq!(next(), ["b"]);
    disk.put("in/e", "e", batch(3));
    assert_eq!(next(), ["c", "d", "aa", "e"]);

    for name in ["f", "g", "h"] {
        disk.put(format!("in/{name}"), content(name), batch(4));
    }
    assert_eq!(next(), ["f"]);
    let (out, rig) = lines.into_parts();
    assert!(rig.stop().drained);
    let rest = out.take().into_iter().flat_map(|(_, lines)| lines);
    assert_eq!(rest.filter(|l| l.len() < 3).collect::<Vec<_>>(), ["g", "h"]);
}

#[test]
fn what_a_window_keeps_is_a_part_of_the_budget() {
    let disk = MemoryDisk::default();
    for name in ["a", "b"] {
        disk.put(format!("in/{name}"), vec![b'\n'; BUDGET as usize * 2 / 3], batch(1));
    }
    let rig = Rig::start(small(&disk), |s| {
        s.text_file_stream("in").window(Window::every_batch(secs(3))).for_each_rdd(|_, _| {});
        Ok(())
    });
    let rig = rig.unwrap();
    let records: Vec<u64> = (0..4).map(|_| rig.batch().records).collect();
    let each = BUDGET * 2 / 3;
    assert_eq!(records, [each, 0, 0, each]);
}

#[test]
fn a_stop_at_once_says_that_files_were_waiting() {
    let disk = MemoryDisk::default();
    for name in ["a", "b"] {
        disk.put(format!("in/{name}"), vec![b'\n'; BUDGET as usize], batch(1));
    }
    for (batches, drained) in [(1, false), (2, true)] {
        let lines = Lines::with(small(&disk), |s| s.text_file_stream("in"));
        let records: usize = (0..batches).map(|_| lines.next().len()).sum();
        assert_eq!(records, batches * BUDGET as usize);
        assert_eq!(lines.rig.running.stop(Stop::Now).unwrap().drained, drained);
    }
}

#[test]
fn a_file_larger_than_the_budget_is_refused_with_both_numbers() {
    let disk = MemoryDisk::default();
    disk.put("in/a", vec![b'\n'; BUDGET as usize + 1], batch(1));
    disk.put("in/b", "small", batch(1));
    let lines = Lines::with(small(&disk), |s| s.text_file_stream("in"));
    assert_eq!(lines.next(), ["small"]);
    let sentence = &lines.troubles()[0];
    assert!(sentence.starts_with("text_file_stream(\"in\"): in/a has 4616788 bytes"), "{sentence}");
    assert!(sentence.contains("may have 4616787 bytes"), "{sentence}");
    assert!(lines.rig.error().unwrap().contains(sentence));
}
