//! What is read of a log, from where, and what is refused.

use super::*;
use crate::disk::Call;
use crate::error::Error;

fn refusal(disk: &MemoryDisk, from: u64) -> String {
    match open_from(disk, from) {
        Ok(_) => panic!("it is read"),
        Err(e) => e.to_string(),
    }
}

/// Asserts that `sentence` has all the parts.
#[track_caller]
fn says(sentence: &str, parts: &[&str]) {
    for part in parts {
        assert!(sentence.contains(part), "{part:?} is missing: {sentence}");
    }
}

/// Three segments with 40 frames.
fn three_segments() -> MemoryDisk {
    let disk = MemoryDisk::default();
    let mut log = open(&disk).unwrap().log.with_segment_bytes(2000);
    for sequence in 0..40 {
        log.append(KIND, &[&payload(sequence, 100)]).unwrap();
    }
    log.sync().unwrap();
    assert_eq!(numbers(&disk), [0, 1, 2]);
    disk
}

pub(super) fn numbers(disk: &MemoryDisk) -> Vec<u64> {
    let directory = format!("{DIRECTORY}/{BLOCKS}");
    let entries = Disk::list(disk, directory.as_ref()).unwrap();
    let number = |name: &str| name.strip_suffix(".log").unwrap().parse().unwrap();
    entries.iter().map(|entry| number(entry.name.to_str().unwrap())).collect()
}

#[test]
fn it_is_read_from_where_the_caller_needs_it_and_segments_before_are_not_read() {
    let disk = three_segments();
    for from in 0..=40 {
        let read = open_from(&disk, from).unwrap().read;
        let expected: Vec<_> = (from..40).map(|sequence| payload(sequence, 100)).collect();
        assert!(read == expected);
    }
    for number in [0, 1] {
        let whole = disk.read(segment(number).as_ref()).unwrap();
        disk.put(segment(number), &whole[..whole.len() / 2], Default::default());
    }
    assert_eq!(open_from(&disk, 35).unwrap().read.len(), 5);
    says(&refusal(&disk, 20), &["blocks/0000000001.log is damaged at byte 1034"]);
}

#[test]
fn a_segment_that_is_missing_is_missed() {
    for (missing, parts) in [
        (0, ["the log in ck/blocks lacks a file", "0000000001.log begins with frame 15"]),
        (1, ["0000000000.log is damaged at byte 2122", "next file begins with frame 30, and this"]),
    ] {
        let disk = three_segments();
        Disk::remove(&disk, segment(missing).as_ref()).unwrap();
        says(&refusal(&disk, 0), &parts);
    }
    let disk = three_segments();
    Disk::remove(&disk, segment(2).as_ref()).unwrap();
    says(&refusal(&disk, 31), &["0000000001.log is damaged", "frames up to 30 were durable"]);
    let disk = MemoryDisk::default();
    says(&refusal(&disk, 3), &["frames from 3 on are needed, and there is none"]);
}

#[test]
fn what_a_refusal_says_can_be_done_helps() {
    let disk = three_segments();
    let mut whole = disk.read(segment(1).as_ref()).unwrap();
    whole[700] ^= 1;
    disk.put(segment(1), whole, Default::default());
    let Err(Error::Damaged { file, offset, cure, .. }) = open(&disk) else { panic!("it is read") };
    let cut = format!("cut it (truncate -s {offset} {file})");
    says(&cure, &[&cut, "move the files of higher numbers away"]);
    let content = disk.read(file.as_ref()).unwrap();
    disk.put(&file, &content[..offset as usize], Default::default());
    Disk::remove(&disk, segment(2).as_ref()).unwrap();
    let read = open(&disk).unwrap().read;
    assert!(read == (0..19).map(|sequence| payload(sequence, 100)).collect::<Vec<_>>());
}

#[test]
fn a_beginning_that_is_not_whole_is_damage_where_frames_may_be_lost() {
    for number in 0..3 {
        let disk = three_segments();
        let mut whole = disk.read(segment(number).as_ref()).unwrap();
        whole[40] ^= 1;
        disk.put(segment(number), whole, Default::default());
        let file = segment(number);
        says(&refusal(&disk, 0), &[&file, "is damaged at byte 0", "the frame's payload"]);
    }
    // A file that has nothing else in it is none.
    let disk = three_segments();
    disk.put(segment(7), "", Default::default());
    disk.put(segment(3), &disk.read(segment(2).as_ref()).unwrap()[..50], Default::default());
    let mut opened = open(&disk).unwrap();
    assert_eq!(opened.read.len(), 40);
    says(&opened.warnings[0], &["0000000003.log has no frames"]);
    opened.log.append(KIND, &[b"more"]).unwrap();
    drop(opened);
    assert_eq!((numbers(&disk), open(&disk).unwrap().read.len()), (vec![0, 1, 2, 3, 7, 8], 41));
}

#[test]
fn files_of_something_else_are_refused_and_files_of_nobody_are_left_alone() {
    let disk = three_segments();
    disk.put(format!("{DIRECTORY}/{BLOCKS}/notes.txt"), "mine", Default::default());
    assert_eq!(open(&disk).unwrap().read.len(), 40);

    let two = disk.read(segment(2).as_ref()).unwrap();
    disk.put(segment(3), &two, Default::default());
    says(&refusal(&disk, 0), &["0000000003.log is file 2 of \"blocks\", not 3", "back its name"]);
    let theirs = log_of(&[payload(0, 10)]).read(segment(0).as_ref()).unwrap();
    disk.put(segment(3), theirs, Default::default());
    says(&refusal(&disk, 0), &["0000000003.log belongs to another directory of a job"]);
    let mut newer = two;
    newer[4] = 2;
    let sum = crc32fast::hash(&newer[..28]);
    newer[28..32].copy_from_slice(&sum.to_le_bytes());
    disk.put(segment(3), newer, Default::default());
    says(&refusal(&disk, 0), &["0000000003.log is of version 2", "this program has version 1"]);
}

#[test]
fn a_visitor_that_refuses_a_frame_ends_it() {
    let disk = three_segments();
    let refused = Log::open(&directory(&disk).unwrap(), BLOCKS, 0, |frame| match frame.sequence {
        5 => Err(Error::NoOutput),
        _ => Ok(()),
    });
    assert!(matches!(refused, Err(Error::NoOutput)));
}

#[test]
fn frames_that_a_refused_recovery_has_read_are_there_for_the_next() {
    let disk = three_segments();
    for call in [Call::List, Call::Read, Call::SyncDirectory] {
        disk.interfere(move |asked, path| {
            let fails = asked == call && path.to_str().is_some_and(|path| path.contains(BLOCKS));
            if fails { Err(std::io::ErrorKind::Other.into()) } else { Ok(()) }
        });
        says(&refusal(&disk, 0), &["ck/blocks", "failed"]);
    }
    disk.interfere(|_, _| Ok(()));
    assert_eq!(open(&disk).unwrap().read.len(), 40);
}
