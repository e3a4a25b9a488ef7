//! A checkpoint of 64 KiB cut at every byte, and each of its bits flipped: the one before is read, or,
//! where there is none, nothing.

use super::*;
use crate::disk::Disk;

/// Two checkpoints, the newer of 64 KiB.
fn two() -> (MemoryDisk, Vec<u8>) {
    let disk = MemoryDisk::default();
    let mut checkpoints = open(&disk).unwrap().checkpoints;
    checkpoints.write(&[("state", b"older")]).unwrap();
    let large: Vec<u8> = (0..65_000u32).map(|i| (i / 7) as u8).collect();
    checkpoints.write(&[("state", &large), ("source", b"offset"), ("empty", b"")]).unwrap();
    drop(checkpoints);
    let newer = disk.read(file(1).as_ref()).unwrap();
    (disk, newer)
}

/// Opens them with this content of the newer one: the one before must be read, and used.
fn is_passed_over(disk: &MemoryDisk, content: &[u8], what: &dyn Fn() -> String) {
    disk.put(file(1), content, Default::default());
    let opened = open(disk).unwrap_or_else(|e| panic!("{}: {e}", what()));
    assert_eq!(opened.parts, Some(vec![("state".into(), b"older"[..].into())]), "{}", what());
    let warning = &opened.warnings[0];
    assert!(warning.starts_with("ck/checkpoint-0000000001 is damaged at byte "), "{warning}");
}

#[test]
fn cut_anywhere_with_anything_behind_it_is_passed_over() {
    let (disk, newer) = two();
    let mut zeros = newer.clone();
    for cut in (0..newer.len()).rev() {
        is_passed_over(&disk, &newer[..cut], &|| format!("cut at {cut}"));
        zeros[cut] = 0;
        if zeros != newer {
            is_passed_over(&disk, &zeros, &|| format!("zeros from {cut}"));
        }
    }
    is_passed_over(&disk, &[&newer[..], b"\0"].concat(), &|| "with something behind".into());
    let (_, other) = two();
    let stale = |cut| [&newer[..cut], &other[cut..]].concat();
    for cut in (200..newer.len()).step_by(7).filter(|&cut| stale(cut) != newer) {
        is_passed_over(&disk, &stale(cut), &|| format!("another one from {cut}"));
    }
}

#[test]
fn with_any_bit_flipped_it_is_passed_over() {
    let (disk, mut newer) = two();
    for bit in 0..8 * newer.len() {
        newer[bit / 8] ^= 1 << (bit % 8);
        is_passed_over(&disk, &newer, &|| format!("bit {bit}"));
        newer[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn where_both_are_damaged_or_the_only_one_is_the_refusal_names_them() {
    let (disk, newer) = two();
    disk.put(file(1), &newer[..1000], Default::default());
    disk.put(file(0), "", Default::default());
    let both = [
        "ck/checkpoint-0000000001 is damaged at byte 1",
        "so is the one before: ck/checkpoint-0000000000 is damaged at byte 0",
    ];
    refused(open(&disk), &both);
    Disk::remove(&disk, file(0).as_ref()).unwrap();
    refused(open(&disk), &[both[0], "there is no one before", "bring back a copy"]);
}

#[test]
fn the_damaged_one_goes_when_there_are_two_others() {
    let (disk, newer) = two();
    disk.put(file(1), &newer[..1000], Default::default());
    let mut checkpoints = open(&disk).unwrap().checkpoints;
    assert_eq!(names(&disk), ["checkpoint-0000000000", "checkpoint-0000000001"]);
    checkpoints.write(&[("state", b"new")]).unwrap();
    assert_eq!(names(&disk), ["checkpoint-0000000000", "checkpoint-0000000002"]);
    checkpoints.write(&[("state", b"newer")]).unwrap();
    assert_eq!(names(&disk), ["checkpoint-0000000002", "checkpoint-0000000003"]);
}
