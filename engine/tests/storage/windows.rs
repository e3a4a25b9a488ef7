//! Windows of raw records over more than memory has room for.

use millstream::disk::MemoryDisk;
use millstream::testing::Collector;
use millstream::{StorageLevel, Window};

use crate::rig::{BATCH, LINE_BYTES, MEMORY_BYTES, Rig, conf, number};

/// A batch has a third of the memory; the window has eight of them.
const LINES: u64 = MEMORY_BYTES / 3 / LINE_BYTES;
const BATCHES: u64 = 8;

fn slides(level: StorageLevel) {
    let out = Collector::new();
    let collected = out.clone();
    let mut rig = Rig::start(conf(level).disk(MemoryDisk::default()), move |s| {
        let window = Window::every_batch(BATCH * BATCHES as i64);
        let lines = s.listen_text_stream(":0").window(window);
        let sum = lines.map(|line| (1, number(line))).reduce(|a, b| (a.0 + b.0, a.1 + b.1));
        collected.collect(&sum);
        Ok(())
    });
    let mut disk_bytes = Vec::new();
    for batch in 1..=2 * BATCHES {
        rig.feed(LINES);
        let report = rig.batch();
        assert!(report.succeeded(), "{:?}", report.errors);
        let of_window = (batch.saturating_sub(BATCHES) * LINES)..(batch * LINES);
        let expected = (of_window.end - of_window.start, of_window.sum::<u64>());
        assert_eq!(out.take().remove(0).1, [expected], "batch {batch}");
        assert!(report.memory_bytes <= report.memory_limit_bytes);
        disk_bytes.push(report.disk_bytes);
    }
    let most = BATCHES * LINES * LINE_BYTES;
    let (first, last) = disk_bytes.split_at(BATCHES as usize);
    assert!(first.last().is_some_and(|bytes| *bytes > most / 2), "{disk_bytes:?}");
    // What leaves the window leaves the disk; a batch more may be on its way out.
    assert!(last.iter().all(|bytes| *bytes <= most + LINES * LINE_BYTES), "{disk_bytes:?}");
    for _ in 0..BATCHES + 1 {
        rig.batch();
    }
    assert_eq!(rig.batch().disk_bytes, 0);
    rig.stop();
}

#[test]
fn give_what_they_would_in_memory() {
    slides(StorageLevel::MEMORY_AND_DISK);
}

#[test]
fn on_disk_alone_too() {
    slides(StorageLevel::DISK_ONLY);
}

#[test]
fn blocks_of_which_no_line_is_left_keep_no_memory() {
    let conf = conf(StorageLevel::MEMORY_AND_DISK).disk(MemoryDisk::default());
    let mut rig = Rig::start(conf, |s| {
        let window = Window::every_batch(BATCH * BATCHES as i64);
        s.listen_text_stream(":0").window(window).for_each_rdd(|rdd, _| drop(rdd.collect()));
        Ok(())
    });
    // Mended, each is longer than a line may be. They take most of a slab, and their block closes with its batch.
    let lines = [&[0xff; 63][..], b"\n"].concat().repeat(15_000);
    for _ in 0..BATCHES {
        rig.feed_bytes(&lines);
        let report = rig.batch();
        assert_eq!(report.sources[0].lines.rejected, 15_000);
        assert!(report.memory_bytes <= report.memory_limit_bytes / 3, "{}", report.memory_bytes);
    }
    rig.stop();
}
