//! Every single bit of a log of 64 KiB flipped: it is found, or it was never promised.

use super::*;
use crate::error::Error;

#[test]
fn a_flipped_bit_is_refused_with_its_place_or_ends_the_log_where_nothing_vouches_for_it() {
    let ours: Vec<_> = (0..41).map(|i| payload(i, 80 * i as usize)).collect();
    let disk = log_of(&ours);
    let whole = disk.read(segment(0).as_ref()).unwrap();
    assert!(whole.len() > 64 << 10);
    let ends = frame_ends(&whole);
    // The last frames were synced together, and no later frame says so.
    let vouched_for = (ours.len() - 1) / 3 * 3;
    in_parallel(0..whole.len(), |byte| {
        let mut segment = whole.clone();
        // The frames before the one with the byte, the first of the file not counted.
        let frames = ends.iter().filter(|&&end| end <= byte).count().checked_sub(1);
        let start = frames.map_or(0, |frames| ends[frames]);
        for bit in 0..8 {
            segment[byte] ^= 1 << bit;
            match (open(&with_segment(&disk, &segment)), frames) {
                (Ok(opened), Some(frames)) if frames >= vouched_for => {
                    assert!(opened.read == ours[..frames], "bit {bit} of byte {byte}");
                    assert!(opened.warnings[0].contains(&format!("behind byte {start} ")));
                }
                (Err(Error::Damaged { file, offset, .. }), frames) => {
                    assert!(frames.is_none_or(|frames| frames < vouched_for));
                    assert_eq!((file, offset), (super::segment(0), start as u64));
                }
                (Err(e), _) => panic!("bit {bit} of byte {byte}: {e}"),
                (Ok(_), _) => panic!("bit {bit} of byte {byte} is not found"),
            }
            segment[byte] ^= 1 << bit;
        }
    });
}
