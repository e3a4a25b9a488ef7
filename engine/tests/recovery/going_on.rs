//! A job is gone on with from what is on a disk, and everything is right then.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use millstream::disk::{Disk, EntryKind, MemoryDisk};
use millstream::{ManualClock, Stop, Time};

use crate::job::{Fed, Life, Waited};
use crate::oracle::Outputs;

/// Goes on for a batch, at `now`, with a job that was fed `fed` in the lives before, of which at least
/// `kept` must be there.
pub(crate) fn goes_on(disk: &MemoryDisk, now: Time, fed: &[Fed], kept: &[Fed]) {
    let before = Outputs::on(disk);
    before.check(fed);
    let number = fed.len() as u64;
    let mut life = Life::start(disk, ManualClock::at(now), number).expect("the disk works");
    assert_eq!(life.batch(2, 1), Waited::Done);
    assert!(life.stop(Stop::Graceful).drained);
    let outputs = Outputs::on(disk);
    outputs.is_complete();
    before.is_still_in(&outputs);
    let found = outputs.check(&[fed, &[life.fed()]].concat());
    assert_eq!(found.last(), Some(&life.fed()));
    for (found, kept) in found.iter().zip(kept) {
        let is_there = found.socket >= kept.socket && found.queue >= kept.queue;
        assert!(is_there, "{found:?} is there, and {kept:?} was received");
    }
}

/// All files of a disk, with their content.
pub(crate) fn content(disk: &MemoryDisk) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut directories = vec![PathBuf::from("/")];
    while let Some(directory) = directories.pop() {
        for entry in disk.list(&directory).expect("it can be listed") {
            let path = directory.join(entry.name);
            match entry.metadata.kind {
                EntryKind::Directory => directories.push(path),
                _ => drop(files.insert(path.clone(), read(disk, &path))),
            }
        }
    }
    files
}

pub(crate) fn read(disk: &MemoryDisk, path: &Path) -> Vec<u8> {
    disk.read(path).expect("it can be read")
}
