//! A disk that is full, slow, dead or wrong.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

use millstream::disk::{Call, MemoryDisk};
use millstream::testing::Collector;
use millstream::{Conf, State, Stop, StorageLevel, Window};

use crate::rig::{BATCH, LINE_BYTES, MEMORY_BYTES, Rig, SPILL, conf, number, sum_below};

const LINES: u64 = 3 * MEMORY_BYTES / LINE_BYTES;

type Sums = Collector<(u64, u64)>;

fn summing(conf: Conf, disk: &MemoryDisk) -> (Rig, Sums) {
    let out = Collector::new();
    let collected = out.clone();
    let rig = Rig::start(conf.early_work(false).disk(disk.clone()), move |s| {
        let lines = s.listen_text_stream(":0");
        let sum = lines.map(|line| (1, number(line))).reduce(|a, b| (a.0 + b.0, a.1 + b.1));
        collected.collect(&sum);
        Ok(())
    });
    (rig, out)
}

/// Lets `interfere` have a say in what is done to the directory for spilled blocks, from now on.
fn in_the_spill_directory(
    disk: &MemoryDisk,
    interfere: impl Fn(Call) -> io::Result<()> + Send + Sync + 'static,
) {
    disk.interfere(move |call, path| match path == Path::new(SPILL) {
        true => interfere(call),
        false => Ok(()),
    });
}

#[test]
fn when_a_full_disk_has_room_again_all_is_taken_in() {
    for level in [StorageLevel::MEMORY_AND_DISK, StorageLevel::DISK_ONLY] {
        let disk = MemoryDisk::default();
        let (mut rig, out) = summing(conf(level), &disk);
        let is_full = Arc::new(AtomicBool::new(true));
        let full = is_full.clone();
        in_the_spill_directory(&disk, move |call| match call {
            Call::Write if full.load(SeqCst) => Err(ErrorKind::StorageFull.into()),
            _ => Ok(()),
        });
        let sender = rig.send(LINES);
        rig.wait("the sentences", || {
            let said = |part| !rig.ear.warnings(part).is_empty();
            said("make room there") && said("senders are held back")
        });
        let held = rig.running.received_bytes();
        assert!(held <= MEMORY_BYTES, "{held}");
        is_full.store(false, SeqCst);
        sender.join().unwrap();
        rig.all_is_stored();
        assert_eq!(rig.ear.warnings("moved to disk again").len(), 1);
        assert!(rig.batch().succeeded());
        assert_eq!(out.take().remove(0).1, [(LINES, sum_below(LINES))]);
        rig.stop();
    }
}

#[test]
fn a_slow_disk_holds_nothing_up_but_the_sender() {
    let disk = MemoryDisk::default();
    let (mut rig, out) = summing(conf(StorageLevel::MEMORY_AND_DISK), &disk);
    let gate = Arc::new((Mutex::new(false), Condvar::new()));
    let waits = gate.clone();
    in_the_spill_directory(&disk, move |call| {
        if call == Call::Write {
            let shut = waits.0.lock().unwrap();
            drop(waits.1.wait_while(shut, |open| !*open).unwrap());
        }
        Ok(())
    });
    let sender = rig.send(LINES);
    rig.wait("a full memory", || !rig.ear.warnings("senders are held back").is_empty());
    // A batch has what memory has taken, while a block waits for the disk.
    let first = rig.batch();
    assert!(first.succeeded() && first.records > 0);
    *gate.0.lock().unwrap() = true;
    gate.1.notify_all();
    sender.join().unwrap();
    rig.all_is_stored();
    assert!(rig.batch().succeeded());
    let sums: Vec<_> = out.take().into_iter().flat_map(|(_, sums)| sums).collect();
    let (count, sum) = sums.iter().fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
    assert_eq!((count, sum), (LINES, sum_below(LINES)));
    rig.stop();
}

#[test]
fn a_stop_does_not_wait_for_a_disk_that_never_answers() {
    let disk = MemoryDisk::default();
    let (mut rig, _) = summing(conf(StorageLevel::DISK_ONLY), &disk);
    let (begun, hangs) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(true)));
    let (tell, go_on) = (begun.clone(), hangs.clone());
    in_the_spill_directory(&disk, move |call| {
        if call == Call::Write {
            tell.store(true, SeqCst);
            while go_on.load(SeqCst) {
                std::thread::yield_now();
            }
        }
        Ok(())
    });
    rig.feed(100);
    rig.wait("a write", || begun.load(SeqCst));
    let asked = Instant::now();
    assert!(rig.running.stop(Stop::Graceful).unwrap().drained);
    assert!(asked.elapsed().as_secs() < 10);
    assert_eq!(rig.ear.warnings("did not answer in time").len(), 1);
    hangs.store(false, SeqCst);
}

#[test]
fn a_directory_that_cannot_be_used_makes_the_start_fail() {
    let disk = MemoryDisk::default();
    in_the_spill_directory(&disk, |_| Err(ErrorKind::PermissionDenied.into()));
    let conf = conf(StorageLevel::MEMORY_AND_DISK).disk(disk);
    let ssc = millstream::StreamingContext::new(conf, crate::rig::BATCH).unwrap();
    let started = ssc.start(|s| {
        s.listen_text_stream(":0").print();
        Ok(())
    });
    let sentence = started.err().unwrap().to_string();
    assert!(sentence.contains(SPILL) && sentence.contains("let this process"), "{sentence}");
}

#[test]
fn it_does_so_too_where_only_persisted_records_may_need_it() {
    let disk = MemoryDisk::default();
    in_the_spill_directory(&disk, |_| Err(ErrorKind::PermissionDenied.into()));
    let conf = conf(StorageLevel::MEMORY_ONLY).disk(disk);
    let ssc = millstream::StreamingContext::new(conf, crate::rig::BATCH).unwrap();
    let started = ssc.start(|s| {
        s.queue_stream([vec![1]]).persist_at(StorageLevel::MEMORY_AND_DISK).print();
        Ok(())
    });
    let sentence = started.err().unwrap().to_string();
    assert!(sentence.contains(SPILL) && sentence.contains("let this process"), "{sentence}");
}

#[test]
fn what_is_damaged_on_disk_fails_its_batch_and_no_other() {
    let disk = damaging::Damaging::default();
    let out = Collector::new();
    let collected = out.clone();
    let conf = conf(StorageLevel::DISK_ONLY).early_work(false).disk(disk.clone());
    let mut rig = Rig::start(conf, move |s| {
        collected.collect(&s.listen_text_stream(":0").map(|line| (1, number(line))).count());
        Ok(())
    });
    disk.damages(1);
    rig.feed(50_000);
    rig.wait("a block on disk", || disk.reads() > 0);
    let failed = rig.batch();
    assert!(!failed.succeeded());
    let sentence = &failed.errors[0];
    assert!(sentence.contains("checksum"), "{sentence}");
    rig.feed(50_000);
    let next = rig.batch();
    assert!(next.succeeded(), "{:?}", next.errors);
    assert_eq!(next.records, 50_000);
    assert_eq!(out.take().last().unwrap().1, [50_000]);
    rig.stop();
}

#[test]
fn what_is_damaged_in_a_window_holds_up_checkpoints_until_it_has_left() {
    let disk = damaging::Damaging::default();
    let out = Collector::new();
    let collected = out.clone();
    let conf = conf(StorageLevel::DISK_ONLY).early_work(false).disk(disk.clone());
    // Nobody looks at what a window keeps before it has it all.
    let mut rig = Rig::keeping(Some("job"), conf, move |s| {
        let lines = s.listen_text_stream(":0").window(Window::tumbling(BATCH * 3));
        collected.collect(&lines.map(|line| (1, number(line))).count());
        Ok(())
    });
    disk.damages(1);
    rig.feed(1000);
    rig.wait("a block on disk", || disk.reads() > 0);
    for _ in 0..2 {
        let before = rig.batch();
        assert!(before.succeeded(), "{:?}", before.errors);
    }
    let told = rig.ear.warnings("checkpoints are left out until the window has moved on");
    assert!(told.len() == 1 && told[0].contains("is damaged there"), "{told:?}");
    let failed = rig.batch();
    assert!(failed.errors[0].contains("checksum"), "{:?}", failed.errors);
    rig.feed(10);
    for _ in 0..3 {
        assert!(rig.batch().succeeded());
    }
    assert_eq!(out.take().last().unwrap().1, [10]);
    assert_eq!(rig.running.state(), State::Active);
    assert!(rig.running.stop(Stop::Graceful).unwrap().checkpointed);
}

/// A disk whose scratch files give back something else now and then.
mod damaging {
    use std::ops::Range;

    use bytes::Bytes;
    use millstream::disk::{Disk, Entry, MemoryDisk, Metadata, Scratch};

    use super::*;

    #[derive(Clone, Default)]
    pub(super) struct Damaging {
        disk: MemoryDisk,
        left: Arc<AtomicU64>,
        reads: Arc<AtomicU64>,
    }

    impl Damaging {
        /// So many of the next reads.
        pub(super) fn damages(&self, reads: u64) {
            self.left.store(reads, SeqCst);
        }

        pub(super) fn reads(&self) -> u64 {
            self.reads.load(SeqCst)
        }
    }

    struct Damaged(Box<dyn Scratch>, Damaging);

    impl Scratch for Damaged {
        fn append(&mut self, parts: &[&[u8]]) -> io::Result<Range<u64>> {
            self.0.append(parts)
        }

        fn read(&mut self, range: Range<u64>) -> io::Result<Bytes> {
            let bytes = self.0.read(range)?;
            self.1.reads.fetch_add(1, SeqCst);
            let one_less = |left: u64| left.checked_sub(1);
            if self.1.left.fetch_update(SeqCst, SeqCst, one_less).is_err() {
                return Ok(bytes);
            }
            let mut damaged = bytes.to_vec();
            let middle = damaged.len() / 2;
            damaged[middle] ^= 1;
            Ok(damaged.into())
        }
    }

    impl Disk for Damaging {
        type File = <MemoryDisk as Disk>::File;
        type Lock = <MemoryDisk as Disk>::Lock;

        fn create_new(&self, path: &Path) -> io::Result<Self::File> {
            self.disk.create_new(path)
        }

        fn read_at_most(&self, path: &Path, most_bytes: u64) -> io::Result<Vec<u8>> {
            self.disk.read_at_most(path, most_bytes)
        }

        fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
            self.disk.rename(from, to)
        }

        fn remove(&self, path: &Path) -> io::Result<()> {
            self.disk.remove(path)
        }

        fn create_directory(&self, path: &Path) -> io::Result<()> {
            self.disk.create_directory(path)
        }

        fn remove_directory(&self, path: &Path) -> io::Result<()> {
            self.disk.remove_directory(path)
        }

        fn list(&self, directory: &Path) -> io::Result<Vec<Entry>> {
            self.disk.list(directory)
        }

        fn metadata(&self, path: &Path) -> io::Result<Metadata> {
            self.disk.metadata(path)
        }

        fn sync_directory(&self, directory: &Path) -> io::Result<()> {
            self.disk.sync_directory(directory)
        }

        fn lock(&self, path: &Path) -> io::Result<Self::Lock> {
            self.disk.lock(path)
        }

        fn scratch(&self, directory: &Path) -> io::Result<Box<dyn Scratch>> {
            Ok(Box::new(Damaged(self.disk.scratch(directory)?, self.clone())))
        }
    }
}
