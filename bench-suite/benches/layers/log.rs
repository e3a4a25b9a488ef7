//! The log of what receivers have received, in memory that looks like a disk: blocks appended to it,
//! and read again by a recovery. Beside it, the files read by the standard library, and summed.

use std::fs;
use std::path::Path;

use criterion::{Criterion, Throughput};
use millstream::internals::BlockLog;
use tempfile::TempDir;

use crate::seeded;

/// What a recovery reads.
const LOG_BYTES: usize = 256 << 20;

/// A receiver's block, and one of many short ones.
const BLOCKS: [usize; 2] = [1 << 20, 4 << 10];

pub(crate) fn bench(c: &mut Criterion) {
    let text = seeded::words(1 << 20, 10_000);
    let mut group = c.benchmark_group("log");
    group.sample_size(10);
    for bytes in BLOCKS {
        let block = &text.as_bytes()[..bytes];
        group.throughput(Throughput::Bytes((16 * bytes) as u64));
        group.bench_function(format!("16 blocks of {bytes} bytes appended, synced once"), |b| {
            let home = in_memory();
            let (mut log, _) = BlockLog::open(home.path()).expect("it is new");
            b.iter(|| {
                (0..16).for_each(|_| log.append(block).expect("there is room"));
                log.sync_and_collect().expect("memory does not fail");
            });
        });
        let home = in_memory();
        let (mut log, _) = BlockLog::open(home.path()).expect("it is new");
        for _ in 0..LOG_BYTES / bytes {
            log.append(block).expect("there is room");
        }
        log.sync().expect("memory does not fail");
        drop(log);
        group.throughput(Throughput::Bytes(LOG_BYTES as u64));
        group.bench_function(format!("recovered, of blocks of {bytes} bytes"), |b| {
            b.iter(|| {
                let (_, read) = BlockLog::open(home.path()).expect("it is whole");
                assert_eq!(read, LOG_BYTES as u64);
            });
        });
        group.bench_function(
            format!("its files read and summed, of blocks of {bytes} bytes"),
            |b| {
                b.iter(|| sum(&home.path().join("blocks")));
            },
        );
    }
    group.finish();
}

fn sum(directory: &Path) -> u32 {
    let files = fs::read_dir(directory).expect("it is there");
    files.fold(0, |sum, file| {
        let content = fs::read(file.expect("it is there").path()).expect("it can be read");
        sum ^ crc32fast::hash(&content)
    })
}

/// A directory of a tmpfs, where there is one.
fn in_memory() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("it can be made")
}
