//! Two copies of a durable file made one, frame by frame: a frame has the same place in both, and serves where
//! it is whole.

use std::ops::Range;

use bytes::Bytes;

use crate::checkpoint;
use crate::directory::CHECKPOINT;
use crate::frame::{Begin, Flaw, Frames, Misfit};

/// What two copies come to.
#[derive(Debug, PartialEq)]
pub(super) enum United {
    /// All that either has.
    Whole(Bytes),
    /// Something is whole in neither, and whole frames come behind it.
    Damaged {
        /// What is whole in either.
        united: Bytes,
        /// Whether that is more than ours has, and than theirs has.
        here: bool,
        there: bool,
    },
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
        let (here, there) = (frames != of_ours, frames != of_theirs);
        return Ok(United::Damaged { united, here, there });
    }
    // What one has behind its last whole frame is nothing where the other one ends there, or where nothing can follow.
    let ends_there = |copy: &Bytes| copy[..] == united[..end];
    let is_all =
        || expected.of == CHECKPOINT && checkpoint::is_whole(united.slice(..end), expected);
    Ok(United::Whole(if ends_there(ours) || ends_there(theirs) || is_all() {
        united.slice(..end)
    } else {
        united
    }))
}

/// Where in a file there is no whole frame of its row first, and why; none where it is whole to its end. Fails where
/// it belongs to something else.
pub(super) fn flaw_in(file: &Bytes, expected: &Begin) -> Result<Option<(u64, Flaw)>, Misfit> {
    let mut frames = match Frames::of(file.clone(), expected) {
        Ok(frames) => frames,
        Err(Misfit::Damaged(flaw)) => return Ok(Some((0, flaw))),
        Err(foreign) => return Err(foreign),
    };
    loop {
        match frames.next() {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(None),
            Err(flaw) => return Ok(Some((frames.offset(), flaw))),
        }
    }
}

/// Where the row of frames that begins the file ends.
fn row_end(frames: &[Range<usize>]) -> usize {
    frames.iter().fold(0, |end, frame| if frame.start == end { frame.end } else { end })
}

/// The places of the frames of a file that are whole, wherever they are. One whose sequence does not rise is none of the
/// row: a disk has written an old one to another place.
fn whole_frames(file: &Bytes, expected: &Begin) -> Result<Vec<Range<usize>>, Misfit> {
    let mut frames = Vec::new();
    match Begin::read(file).and_then(|found| found.begin.expect(expected).map(|()| found)) {
        Ok(beginning) => frames.push(0..beginning.end()),
        Err(foreign @ Misfit::Foreign { .. }) => return Err(foreign),
        Err(Misfit::Damaged(_)) => {}
    }
    let (further_on, mut next) = (Frames::of_headless(file.clone(), expected), 0);
    frames.extend(further_on.further_on().filter_map(|(at, frame)| {
        let at = at as usize;
        let rises = frame.sequence >= next;
        next = next.max(frame.sequence + 1);
        rises.then(|| at..at + frame.bytes())
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
        let damaged = |here, there| {
            let mut united = file.clone();
            united[at("one")] = ours[at("one")];
            United::Damaged { united: united.into(), here, there }
        };
        assert_eq!(united(&ours, &theirs), damaged(false, true));
        // What is whole in one of them serves all the same.
        let cut = &ours[..at("two") - 32];
        theirs = file.clone();
        theirs[at("one")] ^= 2;
        assert_eq!(united(cut, &theirs), damaged(true, false));
    }

    #[test]
    fn where_a_file_is_not_whole_is_found() {
        let whole = file(&["one", "two"]);
        let flaw = |file: &[u8]| flaw_in(&file.to_vec().into(), &begin()).unwrap();
        assert_eq!(flaw(&whole), None);
        let two = file(&["one"]).len() as u64;
        for at in 1..whole.len() as u64 {
            let cut = flaw(&whole[..at as usize]).map(|(at, _)| at);
            let begin = file(&[]).len() as u64;
            let row = [0, begin, two].into_iter().rfind(|start| *start <= at);
            assert_eq!(cut, row.filter(|row| *row < at), "cut at {at}");
            let mut flipped = whole.clone();
            flipped[at as usize] ^= 1;
            assert_eq!(flaw(&flipped).map(|(at, _)| at), row, "flipped at {at}");
        }
        let twice = [&whole[..], &whole[two as usize..]].concat();
        let again = Flaw::Sequence { expected: 2, found: 1 };
        assert_eq!(flaw(&twice), Some((whole.len() as u64, again)));
    }

    #[test]
    fn what_was_appended_to_a_copy_is_left_out() {
        let file = file(&["one", "two"]);
        let last = self::file(&["one"]).len();
        for more in [&b"x"[..], &[0; 50], &file[last..], &file[..], &file[last..file.len() - 1]] {
            let appended = [&file[..], more].concat();
            assert_eq!(united(&appended, &file), whole(&file));
            assert_eq!(united(&file, &appended), whole(&file));
        }
    }

    #[test]
    fn nothing_follows_the_end_of_a_checkpoint() {
        let begin = Begin { of: CHECKPOINT.into(), ..begin() };
        let mut file = Vec::new();
        begin.write(&mut file, 0, 0).unwrap();
        let mut ends = vec![file.len()];
        let of_a_part: [(u8, &[u8]); 3] = [(1, b"part"), (2, b"bytes"), (3, &1u64.to_le_bytes())];
        for ((kind, payload), sequence) in of_a_part.into_iter().zip(0..) {
            let header = Header::of(kind, sequence, 0, &[payload]).unwrap();
            write_frame(&mut file, begin.salt(), header, &[payload]).unwrap();
            ends.push(file.len());
        }
        let (file, appended) = (Bytes::from(file.clone()), Bytes::from([&file[..], b"x"].concat()));
        for end in ends {
            let cut = file.slice(..end);
            for (ours, theirs) in [(&appended, &cut), (&cut, &appended), (&appended, &appended)] {
                assert_eq!(unite(ours, theirs, &begin).unwrap(), United::Whole(file.clone()));
            }
        }
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
