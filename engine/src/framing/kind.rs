//! The ways in which records are framed.

use serde::{Deserialize, Serialize};

use super::sized::{self, Length};
use crate::error::{Error, Result};

/// Where one record ends and the next begins in the bytes of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Framing {
    /// A record is a line: the bytes before a newline, or before a carriage return and a newline.
    Lines,
    /// A record is as many bytes as the four bytes in front of it say, which are a number with its
    /// highest byte first: the form of Spark's `rawSocketStream`.
    LengthPrefixed,
    /// Every record has this many bytes; nothing is between them.
    Fixed(usize),
}

impl Framing {
    /// Fails where no record of `stream` could be received. The longest allowed has `most_bytes`.
    pub(crate) fn check(self, stream: &str, most_bytes: usize) -> Result {
        match self {
            Framing::Fixed(bytes) if !(1..=most_bytes).contains(&bytes) => {
                Err(Error::RecordLength { stream: stream.into(), bytes, most_bytes })
            }
            _ => Ok(()),
        }
    }

    /// Where to part `bytes`, which are whole records: behind the first records of about
    /// `most_bytes`, of one record at least. `None` where that leaves nothing over.
    pub(crate) fn part(self, bytes: &[u8], most_bytes: usize) -> Option<usize> {
        if bytes.len() <= most_bytes {
            return None;
        }
        let end = match self {
            Framing::Lines => match memchr::memrchr(b'\n', &bytes[..most_bytes]) {
                Some(newline) => newline + 1,
                None => most_bytes + memchr::memchr(b'\n', &bytes[most_bytes..])? + 1,
            },
            Framing::LengthPrefixed => sized::part(Length::Prefixed, bytes, most_bytes),
            Framing::Fixed(n) => sized::part(Length::Fixed(n), bytes, most_bytes),
        };
        (end < bytes.len()).then_some(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_parted_only_between_them() {
        let prefixed = b"\0\0\0\x01a\0\0\0\0\0\0\0\x03abc";
        for (framing, bytes, ends) in [
            (Framing::Lines, &b"one\n\nthree\n"[..], &[4, 5, 11][..]),
            (Framing::LengthPrefixed, prefixed, &[5, 9, 16]),
            (Framing::Fixed(3), b"abcdefghi", &[3, 6, 9]),
        ] {
            for most_bytes in 1..=bytes.len() {
                let most = ends.iter().rev().find(|&&end| end <= most_bytes);
                let expected = *most.unwrap_or(&ends[0]);
                let expected = (expected < bytes.len()).then_some(expected);
                assert_eq!(framing.part(bytes, most_bytes), expected, "{framing:?} {most_bytes}");
            }
        }
    }

    #[test]
    fn a_length_that_no_record_can_have_is_refused_with_both_numbers() {
        for bytes in [0, 17] {
            let refused = Framing::Fixed(bytes).check("socket a:1", 16).unwrap_err().to_string();
            for part in ["socket a:1", &format!("{bytes} bytes"), "1 to 16 bytes"] {
                assert!(refused.contains(part), "{refused}");
            }
        }
        for framing in [Framing::Fixed(1), Framing::Fixed(16), Framing::LengthPrefixed] {
            assert!(framing.check("socket a:1", 16).is_ok());
        }
    }
}
