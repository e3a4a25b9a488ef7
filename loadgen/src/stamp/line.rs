//! What a line is: a record, an end mark, a piece of one of them, or nothing of the kind.

use super::end_mark::read_digest;
use super::fields::{from_hex, split_checksum, take_decimal, unseal};
use super::record::record_digest;
use super::{EndMark, Stamp};

/// A line as a reader finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StampedLine<'a> {
    /// A record, every byte as it was written.
    Record {
        /// Where the record comes from and when.
        stamp: Stamp,
        /// What it carries.
        body: &'a [u8],
        /// What it adds to the digest of its source.
        digest: u64,
    },
    /// The end mark of a source, every byte as it was written.
    End(EndMark),
    /// A line that begins as a stamped line does, with `@` and a digit, or ends as one does, with
    /// ` #` and eight digits, and is not as it was written.
    Torn,
    /// A line that neither begins nor ends as a stamped line does.
    Foreign,
}

impl<'a> StampedLine<'a> {
    /// Reads a line, which comes without its newline.
    ///
    /// There is one form of each number and one end of a line: leading zeros, capital digits and a
    /// `\r` before the newline make a line torn. Any bytes are a line of some kind.
    ///
    /// ```
    /// use loadgen::StampedLine;
    ///
    /// let line = b"@3 0 1000000 1000250 two words #740684ac";
    /// let StampedLine::Record { stamp, body, .. } = StampedLine::read(line) else { panic!() };
    /// assert_eq!((stamp.source, stamp.sequence, body), (3, 0, &b"two words"[..]));
    ///
    /// assert_eq!(StampedLine::read(&line[..20]), StampedLine::Torn);
    /// assert_eq!(StampedLine::read(b"two words"), StampedLine::Foreign);
    /// ```
    #[inline]
    pub fn read(line: &'a [u8]) -> Self {
        match read_intact(line) {
            Some(intact) => intact,
            None if begins_stamped(line) || ends_stamped(line) => Self::Torn,
            None => Self::Foreign,
        }
    }
}

#[inline]
fn read_intact(line: &[u8]) -> Option<StampedLine<'_>> {
    let (sealed, crc) = unseal(line)?;
    let mut fields = sealed.strip_prefix(b"@")?;
    let source = take_decimal(&mut fields)?;
    if let Some(mut fields) = fields.strip_prefix(b"end ") {
        let records = take_decimal(&mut fields)?;
        let digest = read_digest(fields)?;
        return Some(StampedLine::End(EndMark { source, records, digest }));
    }
    let sequence = take_decimal(&mut fields)?;
    let intended_us = take_decimal(&mut fields)?;
    let sent_us = take_decimal(&mut fields)?;
    Some(StampedLine::Record {
        stamp: Stamp { source, sequence, intended_us, sent_us },
        body: fields,
        digest: record_digest(crc, sequence),
    })
}

fn begins_stamped(line: &[u8]) -> bool {
    matches!(line, [b'@', digit, ..] if digit.is_ascii_digit())
}

fn ends_stamped(line: &[u8]) -> bool {
    split_checksum(line).is_some_and(|(_, digits)| from_hex(digits).is_some())
}

#[cfg(test)]
mod tests {
    use rand::rngs::Xoshiro256PlusPlus;
    use rand::{Rng, RngExt, SeedableRng};

    use super::*;
    use crate::stamp::fields::seal;

    /// Numbers of every length, the largest included.
    fn number(rng: &mut impl Rng) -> u64 {
        rng.random::<u64>() >> rng.random_range(0..64)
    }

    fn body(rng: &mut impl Rng) -> Vec<u8> {
        let mut body: Vec<u8> = match rng.random_range(0..4) {
            0 => Vec::new(),
            1 => b"some words #".to_vec(),
            2 => b" #01234567".to_vec(),
            _ => (0..rng.random_range(0..80)).map(|_| rng.random()).collect(),
        };
        body.retain(|&byte| byte != b'\n');
        body
    }

    /// A line without its newline, and what it must be read as.
    fn with_lines(seed: u64, mut check: impl FnMut(&[u8], StampedLine<'_>)) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        for _ in 0..300 {
            let [source, sequence, intended_us, sent_us] =
                std::array::from_fn(|_| number(&mut rng));
            let (stamp, body) = (Stamp { source, sequence, intended_us, sent_us }, body(&mut rng));
            let mut line = Vec::new();
            let digest = stamp.write(&body, &mut line);
            assert_eq!(line.pop(), Some(b'\n'));
            check(&line, StampedLine::Record { stamp, body: &body, digest });

            let digest = Some(sent_us).filter(|us| us % 4 > 0);
            let mark = EndMark { source, records: sequence, digest };
            line.clear();
            mark.write(&mut line);
            assert_eq!(line.pop(), Some(b'\n'));
            check(&line, StampedLine::End(mark));
        }
    }

    fn is_intact(line: &[u8]) -> bool {
        matches!(StampedLine::read(line), StampedLine::Record { .. } | StampedLine::End(_))
    }

    #[test]
    fn what_is_written_is_read() {
        with_lines(1, |line, written| assert_eq!(StampedLine::read(line), written));
    }

    #[test]
    fn a_flipped_bit_is_never_taken_for_intact() {
        with_lines(2, |line, _| {
            let mut line = line.to_vec();
            for bit in 0..8 * line.len() {
                line[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(StampedLine::read(&line), StampedLine::Torn, "bit {bit}");
                line[bit / 8] ^= 1 << (bit % 8);
            }
        });
    }

    #[test]
    fn a_piece_of_a_line_is_never_taken_for_intact() {
        with_lines(3, |line, _| {
            for cut in 0..line.len() {
                let (front, back) = line.split_at(cut);
                assert!(!is_intact(front), "the first {cut} bytes");
                assert_eq!(StampedLine::read(front) == StampedLine::Torn, cut >= 2);
                if cut > 0 {
                    assert!(!is_intact(back), "all but the first {cut} bytes");
                }
                if cut > 0 && back.len() >= 10 {
                    assert_eq!(StampedLine::read(back), StampedLine::Torn);
                }
            }
        });
    }

    #[test]
    fn a_line_that_lacks_or_repeats_a_byte_is_never_taken_for_intact() {
        with_lines(4, |line, _| {
            for at in 0..line.len() {
                let mut other = line.to_vec();
                other.remove(at);
                assert_eq!(StampedLine::read(&other), StampedLine::Torn, "without byte {at}");
                other = line.to_vec();
                other.insert(at, line[at]);
                assert_eq!(StampedLine::read(&other), StampedLine::Torn, "with byte {at} twice");
            }
            let mut with_return = line.to_vec();
            with_return.push(b'\r');
            assert_eq!(StampedLine::read(&with_return), StampedLine::Torn);
        });
    }

    #[test]
    fn another_form_is_torn_even_if_its_checksum_is_right() {
        let forms = [
            "@01 0 0 0 x",
            "@1 00 0 0 x",
            "@1 +0 0 0 x",
            "@1  0 0 0 x",
            "@1 0 0 0",
            "@1 0 0 0x",
            "@1 0 0 18446744073709551616 x",
            "@1 end 2 123",
            "@1 end 2 ",
            "@1 end 2 --",
            "@1 end 02 0123456789abcdef",
            "@1 end 2 0123456789ABCDEF",
            "@1 end 2 0123456789abcdef ",
            "@1 end 0123456789abcdef",
            "@1 End 2 0123456789abcdef",
            "x",
            "",
            "@",
            "@x 0 0 0 x",
            " @1 0 0 0 x",
        ];
        for form in forms {
            let mut line = form.as_bytes().to_vec();
            seal(&mut line, 0);
            line.pop();
            assert_eq!(StampedLine::read(&line), StampedLine::Torn, "{form}");
        }
    }

    #[test]
    fn a_line_without_a_sign_of_a_stamp_is_foreign() {
        for line in ["", "@", "@x 1", "x", " @1 2", "x #0123456", "x #0123456g", "x #0123456A"] {
            assert_eq!(StampedLine::read(line.as_bytes()), StampedLine::Foreign, "{line}");
        }
    }
}
