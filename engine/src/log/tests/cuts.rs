//! A log of 64 KiB that was cut at any byte, with nothing behind, with zeros, and with what another
//! log has there.

use super::*;
use crate::error::Error;

const BYTES: usize = 64 << 10;

/// What stands behind the cut.
#[derive(Clone, Copy, Debug)]
enum Behind {
    Nothing,
    Zeros,
    AnotherLog,
}

#[test]
fn of_small_frames_the_whole_ones_before_the_cut_are_read() {
    cut_everywhere(&[0, 1, 40, 700, 1500, 6000].repeat(8));
}

#[test]
fn of_one_large_frame_nothing_is_read_until_it_is_whole() {
    cut_everywhere(&[BYTES]);
}

/// Cuts a log of payloads of these lengths.
fn cut_everywhere(lengths: &[usize]) {
    let payloads = |first: u64| -> Vec<Vec<u8>> {
        lengths.iter().zip(first..).map(|(&bytes, nth)| payload(nth, bytes)).collect()
    };
    let ours = payloads(1000);
    let disk = log_of(&ours);
    let whole = disk.read(segment(0).as_ref()).unwrap();
    let other = log_of(&payloads(5000)).read(segment(0).as_ref()).unwrap();
    assert!(whole.len() > BYTES && other.len() == whole.len());
    let ends = frame_ends(&whole);
    let told_apart = first_difference(&whole, &other);
    in_parallel(0..whole.len(), |cut| {
        for behind in [Behind::Nothing, Behind::Zeros, Behind::AnotherLog] {
            let mut segment = whole[..cut].to_vec();
            match behind {
                Behind::Nothing => {}
                Behind::Zeros => segment.resize(whole.len(), 0),
                Behind::AnotherLog => segment.extend_from_slice(&other[cut..]),
            }
            let disk = with_segment(&disk, &segment);
            if matches!(behind, Behind::AnotherLog) && cut <= told_apart {
                assert!(matches!(open(&disk), Err(Error::Foreign { .. })), "cut at {cut}");
                continue;
            }
            // What is behind may happen to be what was there.
            let same = cut + first_difference(&whole[cut..], &segment[cut..]);
            let frames = ends.iter().filter(|&&end| end <= same).count().saturating_sub(1);
            let opened = open(&disk).unwrap_or_else(|e| panic!("{behind:?} from {cut}: {e}"));
            assert!(opened.read == ours[..frames], "{behind:?} from {cut}");
            let is_clean = ends.contains(&segment.len()) && same == segment.len();
            assert_eq!(opened.warnings.is_empty(), is_clean, "{behind:?} from {cut}");
            if cut % 61 == 0 || ends.contains(&cut) {
                goes_on(&disk, opened.log, &ours[..frames]);
            }
        }
    });
}

fn first_difference(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).position(|(a, b)| a != b).unwrap_or(a.len().min(b.len()))
}

/// It can be appended to, and read again.
fn goes_on(disk: &MemoryDisk, mut log: Log, before: &[Vec<u8>]) {
    assert_eq!(log.append(KIND, &[b"one ", b"more"]).unwrap(), before.len() as u64);
    log.sync().unwrap();
    drop(log);
    let again = open(disk).unwrap();
    assert!(again.read[..before.len()] == *before);
    assert_eq!(again.read[before.len()..], [b"one more"]);
}
