//! A log in a directory on a disk in memory, and what is read of it.

mod cuts;
mod flips;
mod reading;
mod segments;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::Log;
use crate::directory::{BLOCKS, Directory};
use crate::disk::{Disk, MemoryDisk};
use crate::error::Result;

const DIRECTORY: &str = "ck";

/// The kind of the frames.
const KIND: u8 = 7;

fn directory(disk: &MemoryDisk) -> Result<Arc<Directory>> {
    Directory::open(Arc::new(disk.clone()), DIRECTORY.as_ref(), "job").map(Arc::new)
}

/// A log that was opened, and what was read of it.
struct Opened {
    log: Log,
    /// Payloads, from the sequence asked for on.
    read: Vec<Vec<u8>>,
    warnings: Vec<String>,
}

/// Opens the log from the sequence `from` on.
fn open_from(disk: &MemoryDisk, from: u64) -> Result<Opened> {
    let mut read = Vec::new();
    let (log, warnings) = Log::open(&directory(disk)?, BLOCKS, from, |frame| {
        assert_eq!((frame.kind, frame.sequence), (KIND, from + read.len() as u64));
        read.push(frame.payload.to_vec());
        Ok(())
    })?;
    Ok(Opened { log, read, warnings })
}

fn open(disk: &MemoryDisk) -> Result<Opened> {
    open_from(disk, 0)
}

/// A payload of `bytes` bytes that is no other's.
fn payload(sequence: u64, bytes: usize) -> Vec<u8> {
    let text = format!("{sequence} \u{e9} \n").into_bytes();
    text.into_iter().cycle().take(bytes).collect()
}

/// A new disk with a log of these payloads, synced after every third.
fn log_of(payloads: &[Vec<u8>]) -> MemoryDisk {
    let disk = MemoryDisk::default();
    let mut log = open(&disk).unwrap().log;
    for (payload, nth) in payloads.iter().zip(1..) {
        log.append(KIND, &[payload]).unwrap();
        if nth % 3 == 0 {
            log.sync().unwrap();
        }
    }
    log.sync().unwrap();
    disk
}

fn segment(number: u64) -> String {
    format!("{DIRECTORY}/{BLOCKS}/{number:010}.log")
}

/// A disk with the same directory, whose first segment is another one.
fn with_segment(disk: &MemoryDisk, content: &[u8]) -> MemoryDisk {
    let copy = MemoryDisk::default();
    let identity = Path::new(DIRECTORY).join("identity");
    copy.put(&identity, disk.read(&identity).unwrap(), Default::default());
    copy.put(segment(0), content, Default::default());
    copy
}

/// Where the frames of a segment end, the first of which says what it belongs to.
fn frame_ends(segment: &[u8]) -> Vec<usize> {
    let (mut ends, mut at) = (Vec::new(), 0);
    while at < segment.len() {
        let length = u32::from_le_bytes(segment[at + 24..at + 28].try_into().unwrap());
        at += 32 + length as usize + 4;
        ends.push(at);
    }
    ends
}

/// Does something for each number of a range, on as many threads as there are cores.
fn in_parallel(range: Range<usize>, each: impl Fn(usize) + Sync) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (range, each) = (range.clone(), &each);
            scope.spawn(move || range.skip(thread).step_by(threads).for_each(each));
        }
    });
}
