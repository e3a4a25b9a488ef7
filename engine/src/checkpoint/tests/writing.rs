//! What is written comes back, and two are kept.

use super::*;
use crate::checkpoint::content;
use crate::disk::{Call, Disk};

fn parts(parts: &[(&str, &[u8])]) -> Parts {
    parts.iter().map(|&(name, bytes)| (name.to_owned(), bytes.to_vec().into())).collect()
}

#[test]
fn what_is_written_can_be_written_on_another_thread() {
    fn moves<T: Send>() {}
    moves::<Checkpoints>();
    moves::<crate::log::Log>();
}

#[test]
fn the_newest_comes_back_and_the_one_before_is_kept() {
    let disk = MemoryDisk::default();
    let mut opened = open(&disk).unwrap();
    assert_eq!((opened.parts, opened.warnings.len()), (None, 0));
    for nth in 0..5u8 {
        opened.checkpoints.write(&[("state", &[nth; 700]), ("empty", &[])]).unwrap();
    }
    assert_eq!(names(&disk), ["checkpoint-0000000003", "checkpoint-0000000004"]);
    drop(opened.checkpoints);
    let mut again = open(&disk).unwrap();
    assert_eq!(again.parts, Some(parts(&[("state", &[4; 700]), ("empty", &[])])));
    again.checkpoints.write(&[]).unwrap();
    assert_eq!(names(&disk), ["checkpoint-0000000004", "checkpoint-0000000005"]);
    drop(again.checkpoints);
    assert_eq!(open(&disk).unwrap().parts, Some(Parts::new()));
}

#[test]
fn a_part_of_any_length_takes_as_many_frames_as_it_needs() {
    let disk = MemoryDisk::default();
    let begin = directory(&disk).unwrap().begin("checkpoint", 0);
    for bytes in [0, 1, 9, 10, 11, 20, 21] {
        let part: Vec<u8> = (0..bytes).collect();
        let mut file = Vec::new();
        content::write(&mut file, &begin, &[("a", &part), ("b", b"after")], 10).unwrap();
        let read = content::read(file.into(), &begin).ok().expect("it is whole");
        assert_eq!(read, parts(&[("a", &part), ("b", b"after")]));
    }
}

#[test]
fn one_that_reads_differently_from_how_it_was_written_does_not_count() {
    let disk = MemoryDisk::default();
    let mut checkpoints = open(&disk).unwrap().checkpoints;
    checkpoints.write(&[("a", b"first")]).unwrap();
    let other = disk.clone();
    disk.interfere(move |call, path| {
        if call == Call::Read && path.to_str().is_some_and(|path| path.ends_with(".tmp")) {
            other.interfere(|_, _| Ok(()));
            let mut content = other.read(path)?;
            let last = content.len() - 1;
            content[last] ^= 1;
            other.put(path, content, Default::default());
        }
        Ok(())
    });
    let parts = ["checkpoint-0000000001.tmp is not as it was written", "look after the disk"];
    refused(checkpoints.write(&[("a", b"second")]), &parts);
    assert_eq!(names(&disk), ["checkpoint-0000000000"]);
    checkpoints.write(&[("a", b"third")]).unwrap();
    assert_eq!(names(&disk), ["checkpoint-0000000000", "checkpoint-0000000002"]);
}

#[test]
fn one_that_may_or_may_not_be_there_goes_with_the_next() {
    let disk = MemoryDisk::default();
    let mut checkpoints = open(&disk).unwrap().checkpoints;
    checkpoints.write(&[("a", b"first")]).unwrap();
    disk.interfere(|call, _| match call {
        Call::SyncDirectory => Err(std::io::Error::other("lost")),
        _ => Ok(()),
    });
    refused(checkpoints.write(&[("a", b"second")]), &["syncing ck failed: lost"]);
    assert_eq!(names(&disk), ["checkpoint-0000000000", "checkpoint-0000000001"]);
    disk.interfere(|_, _| Ok(()));
    checkpoints.write(&[("a", b"third")]).unwrap();
    assert_eq!(names(&disk), ["checkpoint-0000000000", "checkpoint-0000000002"]);
}

#[test]
fn those_of_something_else_are_refused_though_there_is_an_older_one() {
    let disk = MemoryDisk::default();
    let mut checkpoints = open(&disk).unwrap().checkpoints;
    checkpoints.write(&[("a", b"first")]).unwrap();
    drop(checkpoints);
    let first = disk.read(file(0).as_ref()).unwrap();
    disk.put(file(1), &first, Default::default());
    refused(open(&disk), &["ck/checkpoint-0000000001 is file 0 of \"checkpoint\", not 1 of"]);
    let mut newer = first;
    newer[4] = 9;
    let sum = crc32fast::hash(&newer[..28]);
    newer[28..32].copy_from_slice(&sum.to_le_bytes());
    disk.put(file(1), newer, Default::default());
    refused(open(&disk), &["ck/checkpoint-0000000001 is of version 9", "has version 1"]);
}
