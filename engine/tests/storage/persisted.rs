//! Persisted records at each level: the same for their readers, computed once, and no more in memory than there
//! is room for.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use millstream::disk::{Call, MemoryDisk};
use millstream::testing::Collector;
use millstream::{Conf, StorageLevel, Window};
use serde::{Deserialize, Serialize};

use crate::rig::{BATCH, LINE_BYTES, MEMORY_BYTES, Rig, SPILL, conf, number};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Record {
    number: u64,
    text: Option<String>,
}

const LEVELS: [StorageLevel; 5] = [
    StorageLevel::MEMORY_ONLY,
    StorageLevel::MEMORY_ONLY_SER,
    StorageLevel::MEMORY_AND_DISK,
    StorageLevel::MEMORY_AND_DISK_SER_2,
    StorageLevel::DISK_ONLY,
];

/// Batches of records that are persisted, and read by two outputs and a window.
fn persisting(conf: Conf, level: StorageLevel) -> (Rig, [Collector<u64>; 3], Arc<AtomicU64>) {
    let out = [Collector::new(), Collector::new(), Collector::new()];
    let computed = Arc::new(AtomicU64::new(0));
    let (collected, counter) = (out.clone(), computed.clone());
    let rig = Rig::start(conf, move |s| {
        let computed = counter.clone();
        let records = s.listen_text_stream(":0").map(move |line| {
            computed.fetch_add(1, Relaxed);
            let number = number(line);
            Record {
                number,
                text: (!number.is_multiple_of(3)).then(|| format!("the {number}th record")),
            }
        });
        let kept = records.persist_at(level);
        collected[0].collect(&kept.map(|record| record.number).reduce(|a, b| a + b));
        collected[1].collect(&kept.filter(|record| record.text.is_some()).count());
        collected[2].collect(&kept.window(Window::every_batch(BATCH * 2)).count());
        Ok(())
    });
    (rig, out, computed)
}

#[test]
fn every_level_gives_the_same_and_computes_once() {
    for level in LEVELS {
        let conf = conf(StorageLevel::MEMORY_ONLY).disk(MemoryDisk::default()).early_work(false);
        let (mut rig, out, computed) = persisting(conf, level);
        rig.feed(9_000);
        let report = rig.batch();
        assert!(report.succeeded(), "{level}: {:?}", report.errors);
        assert_eq!(computed.load(Relaxed), 9_000, "{level}");
        let figures = out.each_ref().map(|out| out.take().remove(0).1);
        assert_eq!(figures, [vec![9_000 * 8_999 / 2], vec![6_000], vec![9_000]], "{level}");
        let is_held = report.held_bytes > 9_000 * 8;
        assert_eq!(is_held, level.uses_memory(), "{level}: {}", report.held_bytes);
        rig.stop();
    }
}

#[test]
fn where_memory_is_scarce_they_go_to_disk_and_stay_where_that_has_no_room() {
    for is_full in [false, true] {
        let (disk, writes) = (MemoryDisk::default(), Arc::new(AtomicU64::new(0)));
        let counted = writes.clone();
        disk.interfere(move |call, path| {
            if call != Call::Write || path != Path::new(SPILL) {
                return Ok(());
            }
            counted.fetch_add(1, Relaxed);
            if is_full { Err(ErrorKind::StorageFull.into()) } else { Ok(()) }
        });
        // Blocks wait in memory, in five of six slabs.
        let conf = conf(StorageLevel::MEMORY_ONLY).disk(disk).early_work(false);
        let (mut rig, out, _) = persisting(conf, StorageLevel::MEMORY_AND_DISK);
        let lines = MEMORY_BYTES / 8 * 5 / LINE_BYTES;
        rig.feed(lines);
        let report = rig.batch();
        assert!(report.succeeded(), "{:?}", report.errors);
        assert_eq!(out[0].take().remove(0).1, [lines * (lines - 1) / 2]);
        assert!(writes.load(Relaxed) > 0);
        assert_eq!(report.held_bytes > lines * 8, is_full, "{}", report.held_bytes);
        assert_eq!(rig.ear.warnings("is kept in memory").len(), usize::from(is_full));
        rig.stop();
    }
}
