//! The frames of a file that is in memory, one after the other; and those behind one that is bad.

use bytes::Bytes;
use memchr::memmem;

use super::begin::{Begin, Beginning, Misfit};
use super::header::Salt;
use super::parse::frame_at;
use super::{Flaw, Frame, MAGIC};

/// The frames of a file.
pub(crate) struct Frames {
    file: Bytes,
    /// Where the next frame begins.
    at: usize,
    salt: Salt,
    /// The sequence that it must have.
    next: u64,
}

impl Frames {
    /// The frames of `file` behind the first, which must say that it belongs to `expected`.
    pub(crate) fn of(file: Bytes, expected: &Begin) -> Result<Frames, Misfit> {
        let Beginning { begin, sequence, end, .. } = Begin::read(&file)?;
        begin.expect(expected)?;
        Ok(Frames { file, at: end, salt: expected.salt(), next: sequence })
    }

    /// What may be found in a file that does not begin as it should.
    pub(crate) fn of_headless(file: Bytes, expected: &Begin) -> Frames {
        Frames { file, at: 0, salt: expected.salt(), next: 0 }
    }

    /// The next frame, or none at the end of the file. Where it is bad the place stays the same.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, Flaw> {
        let Some((frame, end)) = frame_at(&self.file, self.at, self.salt)? else {
            return Ok(None);
        };
        if frame.sequence != self.next {
            return Err(Flaw::Sequence { expected: self.next, found: frame.sequence });
        }
        self.at = end;
        self.next += 1;
        Ok(Some(frame))
    }

    /// Where the next frame begins, or should.
    pub(crate) fn offset(&self) -> u64 {
        self.at as u64
    }

    /// The sequence that the next frame has, or should have.
    pub(crate) fn sequence(&self) -> u64 {
        self.next
    }

    /// Whether the file has no bytes behind the last frame.
    pub(crate) fn is_at_end(&self) -> bool {
        self.at == self.file.len()
    }

    /// Whole frames of this file anywhere behind the place of the next one.
    pub(crate) fn further_on(&self) -> impl Iterator<Item = (u64, Frame)> {
        let mut from = self.at + 1;
        std::iter::from_fn(move || {
            loop {
                let at = from + memmem::find(self.file.get(from..)?, &MAGIC)?;
                match frame_at(&self.file, at, self.salt) {
                    Ok(Some((frame, end))) => {
                        from = end;
                        return Some((at as u64, frame));
                    }
                    _ => from = at + 1,
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::header::Header;
    use super::super::write::write_frame;
    use super::*;

    fn begin() -> Begin {
        Begin { job: "j".into(), directory: 1, of: "blocks".into(), number: 0 }
    }

    fn file(payloads: &[&[u8]]) -> Vec<u8> {
        let mut file = Vec::new();
        begin().write(&mut file, 5, 5).unwrap();
        for (payload, sequence) in payloads.iter().zip(5..) {
            let header = Header::of(1, sequence, 0, &[payload]).unwrap();
            write_frame(&mut file, begin().salt(), header, &[payload]).unwrap();
        }
        file
    }

    #[test]
    fn frames_are_slices_of_the_file() {
        let file = Bytes::from(file(&[b"one", b"", b"three"]));
        let mut frames = Frames::of(file.clone(), &begin()).unwrap();
        let payloads: Vec<Bytes> =
            std::iter::from_fn(|| frames.next().unwrap()).map(|frame| frame.payload).collect();
        assert_eq!(payloads, [&b"one"[..], b"", b"three"]);
        assert!(file.as_ptr_range().contains(&payloads[2].as_ptr()));
        assert!(frames.is_at_end() && frames.sequence() == 8);
    }

    #[test]
    fn frames_behind_a_bad_one_are_found_and_those_of_another_file_are_not() {
        let mut ours = file(&[b"one", b"two \xf5mlf", b"three"]);
        let two = ours.windows(3).position(|bytes| bytes == b"two").unwrap();
        ours[two] ^= 1;
        let other = Begin { number: 1, ..begin() };
        let header = Header::of(1, 8, 8, &[b"four"]).unwrap();
        write_frame(&mut ours, other.salt(), header, &[b"four"]).unwrap();
        let mut frames = Frames::of(ours.into(), &begin()).unwrap();
        assert_eq!(frames.next().unwrap().unwrap().payload, b"one"[..]);
        assert_eq!((frames.next(), frames.offset()), (Err(Flaw::Payload), two as u64 - 32));
        let found: Vec<_> = frames.further_on().map(|(_, frame)| frame.payload).collect();
        assert_eq!(found, [&b"three"[..]]);
    }
}
