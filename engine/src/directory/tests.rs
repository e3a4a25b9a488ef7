use std::io;

use super::*;
use crate::disk::{Call, Disk, MemoryDisk, Names, RealDisk, Unsynced};

const PATH: &str = "data/ck";

fn open(disk: &impl Disk, job: &str) -> Result<Directory> {
    Directory::open(Arc::new(disk.clone()), PATH.as_ref(), job)
}

/// The sentence of a refusal, which must have all the parts.
#[track_caller]
fn refused<T>(outcome: Result<T>, parts: &[&str]) {
    let sentence = outcome.err().expect("it is refused").to_string();
    for part in parts {
        assert!(sentence.contains(part), "{part:?} is missing: {sentence}");
    }
}

#[test]
fn one_process_has_it_for_one_job_until_it_ends() {
    let disk = MemoryDisk::default();
    let held = open(&disk, "a").unwrap();
    refused(open(&disk, "a"), &["data/ck is in use", "data/ck/lock", "stop that one"]);
    let number = held.number;
    drop(held);
    assert_eq!(open(&disk, "a").unwrap().number, number);
    let parts = ["data/ck/identity belongs to the job \"a\", not to \"b\"", "another directory"];
    refused(open(&disk, "b"), &parts);
    let other = Directory::open(Arc::new(disk), "other".as_ref(), "a").unwrap();
    assert_ne!(other.number, number, "no two are the same");
}

#[test]
fn it_is_the_same_on_the_machines_disk() {
    let home = tempfile::tempdir().unwrap();
    let open = |job| Directory::open(Arc::new(RealDisk), &home.path().join(PATH), job);
    let held = open("a").unwrap();
    refused(open("a"), &["is in use"]);
    held.check().unwrap();
    std::fs::rename(home.path().join("data"), home.path().join("away")).unwrap();
    refused(held.check(), &["data/ck is gone", "start it again when the directory is back"]);
    drop(held);
    std::fs::rename(home.path().join("away"), home.path().join("data")).unwrap();
    open("a").unwrap();
    refused(open("b"), &["not to \"b\""]);
    std::fs::write(home.path().join("file"), "").unwrap();
    let at = |path: &str| Directory::open(Arc::new(RealDisk), &home.path().join(path), "a");
    refused(at("file"), &["the checkpoint directory is", "file, which is a file; it must be"]);
    refused(at("file/below"), &["looking at", "file/below failed"]);
}

#[test]
fn another_directory_in_its_place_is_found() {
    let disk = MemoryDisk::default();
    let held = open(&disk, "a").unwrap();
    held.check().unwrap();
    Disk::rename(&disk, PATH.as_ref(), "away".as_ref()).unwrap();
    let other = open(&disk, "a").unwrap();
    refused(held.check(), &["data/ck is gone, or another one is in its place"]);
    other.check().unwrap();
}

#[test]
fn where_it_cannot_be_written_the_sentence_says_so() {
    for (call, kind, parts) in [
        (
            Call::CreateDirectory,
            io::ErrorKind::ReadOnlyFilesystem,
            ["making data failed", "write there"],
        ),
        (
            Call::Lock,
            io::ErrorKind::PermissionDenied,
            ["locking data/ck/lock failed", "write there"],
        ),
        (Call::CreateNew, io::ErrorKind::StorageFull, ["identity.tmp failed", "make room there"]),
        (Call::Sync, io::ErrorKind::Other, ["syncing", "identity.tmp failed"]),
        (Call::SyncDirectory, io::ErrorKind::Other, ["syncing", "failed"]),
        (Call::Rename, io::ErrorKind::Other, ["renaming", "identity.tmp failed"]),
    ] {
        let disk = MemoryDisk::default();
        disk.interfere(move |asked, _| if asked == call { Err(kind.into()) } else { Ok(()) });
        refused(open(&disk, "a"), &parts);
        disk.interfere(|_, _| Ok(()));
        open(&disk, "a").unwrap();
    }
}

#[test]
fn an_identity_is_read_whole_or_refused() {
    let disk = MemoryDisk::default();
    drop(open(&disk, "a").unwrap());
    let identity = format!("{PATH}/identity");
    let whole = disk.read(identity.as_ref()).unwrap();
    let put = |content: &[u8]| disk.put(&identity, content, Default::default());
    for bit in 0..8 * whole.len() {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        put(&flipped);
        refused(open(&disk, "a"), &["data/ck/identity is damaged at byte 0", "bring back a copy"]);
    }
    for cut in 0..whole.len() {
        put(&whole[..cut]);
        refused(open(&disk, "a"), &["data/ck/identity is damaged at byte 0"]);
    }
    put(&whole);
    open(&disk, "a").unwrap();
}

#[test]
fn what_is_in_it_without_an_identity_is_not_read_and_strangers_are_left_alone() {
    for ours in ["blocks/0000000000.log", "batches/notes", "checkpoint-0000000003", "lives"] {
        let disk = MemoryDisk::default();
        disk.put(format!("{PATH}/{ours}"), "", Default::default());
        refused(open(&disk, "a"), &["data/ck has ", "no \"identity\"", "bring it back"]);
    }
    let disk = MemoryDisk::default();
    disk.put(format!("{PATH}/lost+found/1"), "", Default::default());
    disk.put(format!("{PATH}/identity.tmp"), "half", Default::default());
    drop(open(&disk, "a").unwrap());
    let names: Vec<_> = Disk::list(&disk, PATH.as_ref()).unwrap();
    let names: Vec<_> = names.iter().map(|entry| entry.name.to_str().unwrap()).collect();
    assert_eq!(names, ["identity", "lock", "lost+found"]);
    assert!(open(&disk, &"a".repeat(5000)).is_err());
}

#[test]
fn whenever_the_power_fails_it_can_be_opened_and_once_it_was_it_is_there() {
    let disk = MemoryDisk::default();
    let cut = disk.clone();
    disk.interfere(move |_, _| {
        // Of what was not synced, the things whose bit is set.
        for subset in 0..64u32 {
            let mut nth = 0;
            let after = cut.after_power_failure_where(|_| {
                nth += 1;
                subset >> (nth % 6) & 1 == 1
            });
            open(&after, "a").unwrap();
        }
        Ok(())
    });
    let number = open(&disk, "a").unwrap().number;
    disk.interfere(|_, _| Ok(()));
    let after = disk.after_power_failure(Names::Lost);
    assert_eq!(open(&after, "a").unwrap().number, number);
    // A process that died between making a directory and making it durable leaves the next one to
    // do so.
    let disk = MemoryDisk::default();
    Disk::create_directory(&disk, "data".as_ref()).unwrap();
    Disk::create_directory(&disk, PATH.as_ref()).unwrap();
    let number = open(&disk, "a").unwrap().number;
    let after =
        disk.after_power_failure_where(|unsynced| unsynced == Unsynced::Name("data".as_ref()));
    assert_eq!(open(&after, "a").unwrap().number, number);
}

#[test]
fn each_start_notes_itself_behind_those_before() {
    let disk = MemoryDisk::default();
    let mut noted = Vec::new();
    for number in 0..3 {
        let held = open(&disk, "a").unwrap();
        held.begin_life(|life| noted.push(life)).unwrap();
        assert_eq!(noted[number].number, number as u64);
        let lives = disk.read("data/ck/lives".as_ref()).unwrap().into();
        let lives = Lives::read(lives, &held.begin(LIVES, 0), "lives".as_ref()).unwrap();
        assert!(noted.iter().all(|life| lives.went_on_without(*life) == (*life != noted[number])));
    }
    // It is there for good.
    let after = disk.after_power_failure(Names::Lost);
    let read = |disk: &MemoryDisk| disk.read("data/ck/lives".as_ref()).unwrap();
    assert_eq!(read(&after), read(&disk));
}

#[test]
fn a_damaged_list_of_starts_is_refused_with_the_byte() {
    let disk = MemoryDisk::default();
    open(&disk, "a").unwrap().begin_life(drop).unwrap();
    let mut bytes = disk.read("data/ck/lives".as_ref()).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    disk.put("data/ck/lives", bytes, Default::default());
    let held = open(&disk, "a").unwrap();
    refused(held.begin_life(drop), &["data/ck/lives is damaged at byte", "bring back a copy"]);
}
