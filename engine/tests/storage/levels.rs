//! A batch of three times the memory: right at the levels that use the disk; at the other one the sender is
//! held back.

use millstream::disk::{Disk, MemoryDisk};
use millstream::testing::Collector;
use millstream::{Conf, StorageLevel};

use crate::rig::{LINE_BYTES, MEMORY_BYTES, Rig, conf, number, sum_below};

/// Three times the memory.
const LINES: u64 = 3 * MEMORY_BYTES / LINE_BYTES;

/// The count and sum of each batch.
type Sums = Collector<(u64, u64)>;

/// A stream that counts and sums lines, and groups them by what borrows from their blocks.
fn counting(conf: Conf) -> (Rig, Sums, Collector<(String, u64)>) {
    let (sums, digits) = (Collector::new(), Collector::new());
    let (sums_out, digits_out) = (sums.clone(), digits.clone());
    let rig = Rig::start(conf, move |s| {
        let lines = s.listen_text_stream(":0");
        let sum = lines.map(|line| (1, number(line))).reduce(|a, b| (a.0 + b.0, a.1 + b.1));
        sums_out.collect(&sum);
        let last = lines.map(|line| {
            let digits = line.trim_end();
            (&digits[digits.len() - 1..], 1u64)
        });
        let counts = last.reduce_by_key(|a, b| a + b);
        digits_out.collect(&counts.map(|(digit, count)| (digit.to_owned(), count)));
        Ok(())
    });
    (rig, sums, digits)
}

fn gives_all_of_three_times_the_memory(conf: Conf) {
    let (mut rig, sums, digits) = counting(conf);
    rig.feed(LINES);
    let report = rig.batch();
    assert!(report.succeeded(), "{:?}", report.errors);
    assert_eq!(sums.take().remove(0).1, [(LINES, sum_below(LINES))]);
    let mut digits = digits.take().remove(0).1;
    digits.sort();
    let count = |digit: u64| (LINES - digit).div_ceil(10);
    let expected: Vec<_> = (0..10).map(|digit| (digit.to_string(), count(digit))).collect();
    assert_eq!(digits, expected);
    assert_eq!((report.records, report.bytes), (LINES, LINES * LINE_BYTES));
    assert!(report.spilled_bytes > 2 * MEMORY_BYTES, "{}", report.spilled_bytes);
    assert!(report.memory_bytes <= report.memory_limit_bytes);
    // They are gone with their batch.
    let report = rig.batch();
    assert_eq!((report.records, report.spilled_bytes, report.disk_bytes), (0, 0, 0));
    rig.stop();
}

#[test]
fn with_the_real_disk() {
    let home = tempfile::tempdir().unwrap();
    for level in [StorageLevel::MEMORY_AND_DISK, StorageLevel::DISK_ONLY] {
        let conf = conf(level).early_work(false).spill_directory(home.path().join("spill"));
        gives_all_of_three_times_the_memory(conf);
    }
    let spill = millstream::disk::RealDisk.list(&home.path().join("spill")).unwrap();
    assert!(spill.is_empty(), "{spill:?}");
}

#[test]
fn with_a_disk_in_memory() {
    for level in [StorageLevel::MEMORY_AND_DISK_SER, StorageLevel::DISK_ONLY] {
        let conf = conf(level).early_work(false).disk(MemoryDisk::default());
        gives_all_of_three_times_the_memory(conf);
    }
}

#[test]
fn what_is_worked_on_early_needs_no_disk() {
    let level = StorageLevel::MEMORY_AND_DISK;
    let (mut rig, sums, _) = counting(conf(level).disk(MemoryDisk::default()));
    rig.feed(LINES);
    let report = rig.batch();
    assert_eq!(sums.take().remove(0).1, [(LINES, sum_below(LINES))]);
    assert_eq!((report.records, report.spilled_bytes), (LINES, 0));
    rig.stop();
}

#[test]
fn in_memory_only_the_sender_is_held_back_and_told_why() {
    let (mut rig, sums, _) = counting(conf(StorageLevel::MEMORY_ONLY).early_work(false));
    let sender = rig.send(LINES);
    rig.wait("a full memory", || !rig.ear.warnings("senders are held back").is_empty());
    let (mut lines, mut sum, mut batches) = (0, 0, 0);
    while lines < LINES {
        let report = rig.batch();
        assert!(report.bytes <= MEMORY_BYTES && report.spilled_bytes == 0);
        lines += report.records;
        sum += sums.take().iter().flat_map(|(_, sums)| sums).map(|(_, sum)| sum).sum::<u64>();
        batches += 1;
    }
    sender.join().unwrap();
    assert_eq!((lines, sum), (LINES, sum_below(LINES)));
    assert!(batches > 3, "{batches}");
    rig.stop();
}

#[test]
fn sources_of_one_stream_may_have_different_levels() {
    let out = Collector::new();
    let collected = out.clone();
    let conf = conf(StorageLevel::MEMORY_ONLY).early_work(false).disk(MemoryDisk::default());
    let mut rig = Rig::start(conf, move |s| {
        let spilled = s.at_level(StorageLevel::MEMORY_AND_DISK).listen_text_stream(":0");
        let kept = s.listen_text_stream(":0");
        collected.collect(&spilled.union(&kept).count());
        Ok(())
    });
    rig.feed(LINES);
    assert_eq!(rig.batch().records, LINES);
    assert_eq!(out.take().remove(0).1, [LINES]);
    rig.stop();
}

#[test]
fn a_second_copy_needs_a_log_and_a_replica() {
    let conf = conf(StorageLevel::MEMORY_ONLY_2).disk(MemoryDisk::default());
    let started = |conf: Conf, directory: Option<&str>| {
        let new = || millstream::StreamingContext::new(conf, crate::rig::BATCH);
        let context = match directory {
            Some(directory) => millstream::StreamingContext::get_or_create(directory, new),
            None => new(),
        };
        let started = context.unwrap().start(|s| {
            s.listen_text_stream(":0").print();
            Ok(())
        });
        started.err().map(|e| e.to_string()).unwrap_or_default()
    };
    for directory in [None, Some("/job")] {
        let sentence = started(conf.clone().write_ahead_log(directory.is_some()), directory);
        let says = |part| sentence.contains(part);
        assert!(says("MEMORY_ONLY_2 of listener :0") && says("Conf::replica"), "{sentence}");
    }
}

#[test]
fn lines_are_counted_once_however_early_work_and_the_disk_take_turns() {
    for level in [StorageLevel::MEMORY_AND_DISK, StorageLevel::DISK_ONLY] {
        let (counts, texts) = (Collector::new(), Collector::new());
        let (counts_out, texts_out) = (counts.clone(), texts.clone());
        let mut rig = Rig::start(conf(level).disk(MemoryDisk::default()), move |s| {
            let lines = s.listen_text_stream(":0");
            let by_digit = lines.map(|line| (number(line) % 10, 1u64)).reduce_by_key(|a, b| a + b);
            counts_out.collect(&by_digit.map(|(_, count)| count).reduce(|a, b| a + b));
            texts_out.collect(&lines.filter(|line| number(line) == 7).map(str::to_owned));
            Ok(())
        });
        let mut fed = 0;
        for lines in [10, 20_000, 60_000, 20_000, 100, 60_000] {
            rig.feed(lines / 2);
            rig.feed(lines - lines / 2);
            fed += lines;
            let report = rig.batch();
            assert!(report.succeeded(), "{level}: {:?}", report.errors);
            assert_eq!(report.records, lines, "{level}, of {fed}");
        }
        let counted: u64 = counts.take().iter().flat_map(|(_, counts)| counts).sum();
        assert_eq!(counted, fed, "{level}");
        assert_eq!(texts.take().iter().map(|(_, texts)| texts.len()).sum::<usize>(), 1, "{level}");
        rig.stop();
    }
}
