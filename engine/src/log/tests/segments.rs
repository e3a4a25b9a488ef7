//! When segments are begun, what they take over, and when they go.

use std::io::{self, ErrorKind};
use std::sync::Mutex;

use super::reading::numbers;
use super::*;
use crate::disk::{Call, Names};

/// The calls that a disk is asked for, with the names that they are for.
fn calls(disk: &MemoryDisk) -> Arc<Mutex<Vec<String>>> {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let noted = calls.clone();
    disk.interfere(move |call, path| {
        let name = path.file_name().map_or("".into(), |name| name.to_string_lossy());
        noted.lock().unwrap().push(format!("{call:?} {name}"));
        Ok(())
    });
    calls
}

#[test]
fn a_segment_has_its_name_when_all_before_it_is_durable() {
    let disk = MemoryDisk::default();
    let mut log = open(&disk).unwrap().log.with_segment_bytes(100);
    let calls = calls(&disk);
    for sequence in 0..2 {
        log.append(KIND, &[&payload(sequence, 90)]).unwrap();
    }
    log.sync().unwrap();
    log.sync().unwrap();
    let begun = |number: u64| {
        let temporary = format!("{number:010}.log.tmp");
        [
            format!("CreateNew {temporary}"),
            format!("Write {temporary}"),
            format!("Sync {temporary}"),
            format!("Rename {temporary}"),
            format!("SyncDirectory {BLOCKS}"),
            format!("Write {temporary}"),
            format!("Sync {temporary}"),
        ]
    };
    assert_eq!(*calls.lock().unwrap(), [begun(0), begun(1)].concat());
}

#[test]
fn a_directory_that_a_crash_has_left_is_made_durable_before_it_is_used() {
    let disk = MemoryDisk::default();
    drop(directory(&disk).unwrap());
    Disk::create_directory(&disk, format!("{DIRECTORY}/{BLOCKS}").as_ref()).unwrap();
    let mut log = open(&disk).unwrap().log;
    log.append(KIND, &[b"first"]).unwrap();
    log.sync().unwrap();
    let after = disk.after_power_failure(Names::Lost);
    assert_eq!(open(&after).unwrap().read, [b"first"]);
}

#[test]
fn frames_that_nobody_vouches_for_are_written_again_before_they_count() {
    let disk = MemoryDisk::default();
    let mut log = open(&disk).unwrap().log;
    for sequence in 0..7 {
        log.append(KIND, &[&payload(sequence, 10)]).unwrap();
        if sequence == 3 {
            log.sync().unwrap();
        }
    }
    // The system has them; the disk may never get them, though a later sync succeeds.
    disk.interfere(|call, _| match call {
        Call::Sync => Err(io::Error::other("lost")),
        _ => Ok(()),
    });
    let error = log.sync().unwrap_err().to_string();
    let again = log.append(KIND, &[b"more"]).unwrap_err().to_string();
    assert!(error.contains("ck/blocks takes nothing more since syncing") && error == again);
    assert!(log.collect(0).is_err());
    disk.interfere(|_, _| Ok(()));
    drop(log);

    let read = open(&disk).unwrap().read;
    assert_eq!((read.len(), numbers(&disk)), (7, vec![0, 1]));
    let after = disk.after_power_failure(Names::Lost);
    assert_eq!(open(&after).unwrap().read, read);
    // What the new one begins with is vouched for.
    assert_eq!(numbers(&after), [0, 1]);
    let whole = disk.read(segment(1).as_ref()).unwrap();
    disk.put(segment(1), &whole[..whole.len() - 1], Default::default());
    let error = open(&disk).err().unwrap().to_string();
    assert!(error.contains("it had frames up to 6 when it got its name"), "{error}");
    assert!(error.contains("truncate -s 0 ck/blocks/0000000001.log"), "{error}");
}

#[test]
fn a_segment_that_is_gone_while_it_is_written_ends_the_log() {
    let gone: [fn(&MemoryDisk); 3] = [
        |disk| disk.remove(segment(0).as_ref()).unwrap(),
        |disk| disk.remove_directory("ck/blocks".as_ref()).unwrap(),
        |disk| {
            let content = disk.read(segment(0).as_ref()).unwrap();
            disk.remove(segment(0).as_ref()).unwrap();
            disk.put(segment(0), content, Default::default());
        },
    ];
    for goes in gone {
        let disk = MemoryDisk::default();
        let mut log = open(&disk).unwrap().log;
        log.append(KIND, &[b"first"]).unwrap();
        log.sync().unwrap();
        goes(&disk);
        log.append(KIND, &[b"second"]).unwrap();
        let error = log.sync().unwrap_err().to_string();
        assert!(error.contains("ck/blocks/0000000000.log is gone, or another file"), "{error}");
        assert_eq!(log.append(KIND, &[b"third"]).unwrap_err().to_string(), error);
    }
    let disk = MemoryDisk::default();
    let mut log = open(&disk).unwrap().log;
    log.append(KIND, &[b"first"]).unwrap();
    disk.rename("ck".as_ref(), "away".as_ref()).unwrap();
    let error = log.sync().unwrap_err().to_string();
    assert!(error.contains("the checkpoint directory ck is gone"), "{error}");
}

#[test]
fn what_a_later_segment_takes_over_is_no_longer_read_of_the_earlier_one() {
    let disk = log_of(&[payload(0, 10), payload(1, 10)]);
    let torn = disk.read(segment(0).as_ref()).unwrap();
    let mut log = open(&disk).unwrap().log;
    log.append(KIND, &[b"third"]).unwrap();
    log.sync().unwrap();
    drop(log);
    let read = open(&disk).unwrap().read;
    for cut in frame_ends(&torn)[0]..torn.len() {
        disk.put(segment(0), &torn[..cut], Default::default());
        assert_eq!(open(&disk).unwrap().read, read);
    }
}

#[test]
fn collecting_keeps_what_the_caller_needs_and_the_last_segment() {
    for below in 0..60 {
        let disk = MemoryDisk::default();
        let mut log = open(&disk).unwrap().log.with_segment_bytes(500);
        for sequence in 0..50 {
            log.append(KIND, &[&payload(sequence, 50)]).unwrap();
        }
        log.sync().unwrap();
        let all = numbers(&disk).len();
        log.collect(below).unwrap();
        drop(log);
        let left = numbers(&disk).len();
        assert!(left >= 1 && (below > 0 || left == all) && (below < 50 || left == 1));
        let from = below.min(50);
        let read = open_from(&disk, from).unwrap().read;
        assert!(read == (from..50).map(|sequence| payload(sequence, 50)).collect::<Vec<_>>());
    }
}

#[test]
fn segments_go_one_by_one_the_oldest_first() {
    let disk = MemoryDisk::default();
    let mut log = open(&disk).unwrap().log.with_segment_bytes(0);
    for sequence in 0..4 {
        log.append(KIND, &[&payload(sequence, 10)]).unwrap();
    }
    let calls = calls(&disk);
    log.collect(3).unwrap();
    let gone = |number| [format!("Remove {number:010}.log"), format!("SyncDirectory {BLOCKS}")];
    assert_eq!(*calls.lock().unwrap(), [gone(0), gone(1), gone(2)].concat());
    assert_eq!((log.next(), log.synced()), (4, 3));
}

#[test]
fn a_full_disk_is_an_error_now_and_none_when_there_is_room() {
    let disk = MemoryDisk::default();
    let mut log = open(&disk).unwrap().log;
    let room = Arc::new(Mutex::new(1000));
    let (asked, taken) = (room.clone(), room.clone());
    disk.interfere(move |call, _| match call {
        Call::Write | Call::CreateNew if *asked.lock().unwrap() == 0 => {
            Err(ErrorKind::StorageFull.into())
        }
        _ => Ok(()),
    });
    disk.shorten_writes(move |_, bytes| {
        let mut room = taken.lock().unwrap();
        let bytes = bytes.min(*room);
        *room -= bytes;
        bytes
    });
    let mut appended = Vec::new();
    let mut refused = 0;
    for round in 0..200 {
        let payload = payload(round, 100);
        match log.append(KIND, &[&payload]) {
            Ok(sequence) => {
                assert_eq!(sequence, appended.len() as u64);
                appended.push(payload);
            }
            Err(e) => {
                refused += 1;
                assert!(e.to_string().ends_with("make room there"), "{e}");
                if refused % 5 == 0 {
                    *room.lock().unwrap() += 700;
                }
            }
        }
    }
    log.sync().unwrap();
    assert!(refused > 50 && appended.len() > 50, "{refused}, {}", appended.len());
    let after = disk.after_power_failure(Names::Lost);
    assert!(open(&after).unwrap().read == appended);
}

#[test]
fn a_directory_that_could_not_be_opened_to_be_synced_is_tried_again_and_ends_no_log() {
    let disk = MemoryDisk::default();
    let mut log = open(&disk).unwrap().log.with_segment_bytes(100);
    let all: Vec<Vec<u8>> = (0..6).map(|sequence| payload(sequence, 90)).collect();
    let lack = || {
        disk.interfere(|call, _| match call {
            Call::SyncDirectory => Err(nix::errno::Errno::EMFILE.into()),
            _ => Ok(()),
        })
    };
    // Each frame begins a segment.
    for payload in &all {
        lack();
        let refused = log.append(KIND, &[payload]).unwrap_err();
        assert!(matches!(refused, crate::error::Error::NoRoom { .. }), "{refused}");
        disk.interfere(|_, _| Ok(()));
        log.append(KIND, &[payload]).unwrap();
    }
    log.sync().unwrap();
    lack();
    let refused = log.collect(3).unwrap_err();
    assert!(matches!(refused, crate::error::Error::NoRoom { .. }), "{refused}");
    disk.interfere(|_, _| Ok(()));
    log.collect(3).unwrap();
    drop(log);
    let after = disk.after_power_failure(Names::Lost);
    let read = open_from(&after, 3).unwrap().read;
    assert_eq!(read, all[3..]);
}
