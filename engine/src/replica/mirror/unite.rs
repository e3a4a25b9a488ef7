//! Two copies of a durable file made one, frame by frame: a frame has the same place in both, and serves where
//! it is whole.

use std::ops::Range;

use bytes::Bytes;

use crate::frame::{Begin, Frames, Misfit};

/// What two copies come to.
#[derive(Debug, PartialEq)]
pub(super) enum United {
    /// All that either has.
    Whole(Bytes),
    /// Something is whole in neither, and whole frames come behind it.
    Damaged,
    /// Both have a whole frame at this place, and not the same.
    Apart { offset: u64 },
}

/// Unites two copies of the file that says of itself what `expected` does. Fails where one of them belongs to something
/// else.
pub(super) fn unite(ours: &Bytes, theirs: &Bytes, expected: &Begin) -> Result<United, Misfit> {
    let (of_ours, of_theirs) = (whole_frames(ours, expected)?, whole_frames(theirs, expected)?);
    let mut united = ours.to_vec();
    united.extend_from_slice(theirs.get(ours.len()..).unwrap_or_default());
    for frame in &of_theirs {
        if united[frame.clone()] == theirs[frame.clone()] {
            continue;
        }
        let overlaps = |other: &Range<usize>| other.start < frame.end && frame.start < other.end;
        if of_ours.iter().any(overlaps) {
            return Ok(United::Apart { offset: frame.start as u64 });
        }
        united[frame.clone()].copy_from_slice(&theirs[frame.clone()]);
    }
    let united = Bytes::from(united);
    let frames = whole_frames(&united, expected)?;
    let end = frames.last().map_or(0, |last| last.end);
    if row_end(&frames) < end {
        return Ok(United::Damaged);
    }
    // What one has behind its last whole frame is nothing where the other one ends there.
    let ends_there = |copy: &Bytes| copy[..] == united[..end];
    Ok(United::Whole(if ends_there(ours) || ends_there(theirs) {
        united.slice(..end)
    } else {
        united
    }))
}

/// Where the row of frames that begins the file ends.
fn row_end(frames: &[Range<usize>]) -> usize {
    frames.iter().fold(0, |end, frame| if frame.start == end { frame.end } else { end })
}

/// The places of the frames of a file that are whole, wherever they are.
fn whole_frames(file: &Bytes, expected: &Begin) -> Result<Vec<Range<usize>>, Misfit> {
    let mut frames = Vec::new();
    match Begin::read(file).and_then(|found| found.begin.expect(expected).map(|()| found)) {
        Ok(beginning) => frames.push(0..beginning.end()),
        Err(foreign @ Misfit::Foreign { .. }) => return Err(foreign),
        Err(Misfit::Damaged(_)) => {}
    }
    let further_on = Frames::of_headless(file.clone(), expected);
    frames.extend(further_on.further_on().map(|(at, frame)| {
        let at = at as usize;
        at..at + frame.bytes()
    }));
    Ok(frames)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Header, write_frame};

    fn begin() -> Begin {
        Begin { job: "counts".into(), directory: 7, of: "blocks".into(), number: 3 }
    }

    fn file(payloads: &[&str]) -> Vec<u8> {
        let mut file = Vec::new();
        begin().write(&mut file, 0, 0).unwrap();
        for (payload, sequence) in payloads.iter().zip(0..) {
            let parts = [payload.as_bytes()];
            let header = Header::of(1, sequence, 0, &parts).unwrap();
            write_frame(&mut file, begin().salt(), header, &parts).unwrap();
        }
        file
    }

    fn united(ours: &[u8], theirs: &[u8]) -> United {
        unite(&ours.to_vec().into(), &theirs.to_vec().into(), &begin()).unwrap()
    }

    fn whole(file: &[u8]) -> United {
        United::Whole(file.to_vec().into())
    }

    #[test]
    fn whatever_one_copy_has_lost_comes_from_the_other() {
        let file = file(&["one", "two", "three"]);
        for at in 0..file.len() {
            let mut flipped = file.clone();
            flipped[at] ^= 1 << (at % 8);
            let mut zeros = file.clone();
            zeros[at..].fill(0);
            for damaged in [&flipped[..], &zeros, &file[..at]] {
                assert_eq!(united(damaged, &file), whole(&file), "ours at {at}");
                assert_eq!(united(&file, damaged), whole(&file), "theirs at {at}");
            }
        }
    }

    #[test]
    fn each_copy_may_have_lost_something_else() {
        let file = file(&["one", "two", "three"]);
        let at = |word: &str| memchr::memmem::find(&file, word.as_bytes()).unwrap();
        let (mut ours, mut theirs) = (file.clone(), file.clone());
        ours[at("one")] ^= 1;
        theirs[at("three")] ^= 1;
        theirs[0] ^= 1;
        assert_eq!(united(&ours, &theirs), whole(&file));
        theirs[at("one")] ^= 2;
        assert_eq!(united(&ours, &theirs), United::Damaged);
    }

    #[test]
    fn an_end_that_nobody_vouches_for_stays_for_recovery_to_judge() {
        let file = file(&["one", "two"]);
        let torn = &file[..file.len() - 3];
        assert_eq!(united(torn, torn), whole(torn));
        let one = self::file(&["one"]);
        assert_eq!(united(torn, &one), whole(&one), "a copy that ends at a frame");
    }

    #[test]
    fn copies_that_were_gone_on_with_apart_are_found() {
        let (ours, theirs) = (file(&["one", "two"]), file(&["one", "toe", "three"]));
        let offset = file(&["one"]).len() as u64;
        assert_eq!(united(&ours, &theirs), United::Apart { offset });
        let longer = file(&["one", "a longer one"]);
        assert_eq!(united(&longer, &theirs), United::Apart { offset });
    }

    #[test]
    fn a_file_of_something_else_is_no_copy() {
        let (ours, mut theirs) = (file(&["one"]), Vec::new());
        Begin { directory: 8, ..begin() }.write(&mut theirs, 0, 0).unwrap();
        assert!(unite(&ours.into(), &theirs.into(), &begin()).is_err());
    }

    #[test]
    fn what_is_listed_of_a_file_tells_it_from_another_one_of_the_same_lengths() {
        let (one, two) = (file(&["one", "same"]), file(&["two", "same"]));
        assert_eq!(one.len(), two.len());
        // Each frame ends with its own sum, so the sum of both files is the same.
        assert_eq!(crc32fast::hash(&one), crc32fast::hash(&two));
        assert_ne!(blake3::hash(&one), blake3::hash(&two));
    }
}
