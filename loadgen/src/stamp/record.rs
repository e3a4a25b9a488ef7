//! The stamp that a record carries, and how a line with one is written.

use crate::seed::scramble;

use super::fields::{CHECKSUM_BYTES, push_decimal, seal, take_decimal};

/// The longest that the fields of a record take: `@`, four numbers of twenty digits, four spaces.
const MOST_FIELD_BYTES: usize = 85;

/// Where a record comes from and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// Who has made the record, such as one connection of a generator.
    pub source: u64,
    /// Which record of its source it is, counted from 0.
    pub sequence: u64,
    /// When the record was due, in microseconds since the Unix epoch.
    pub intended_us: u64,
    /// When the generator took the record up, in microseconds since the Unix epoch: as much later
    /// than it was due as the generator was late.
    pub sent_us: u64,
}

impl Stamp {
    /// Appends the line of the record with this body, its newline included, and gives the record's
    /// digest, for the [`EndMark`](super::EndMark) of the source.
    ///
    /// A body may be any bytes but a newline, which would make two torn lines of the record.
    ///
    /// ```
    /// use loadgen::Stamp;
    ///
    /// let stamp = Stamp { source: 3, sequence: 0, intended_us: 1_000_000, sent_us: 1_000_250 };
    /// let mut line = Vec::new();
    /// stamp.write(b"two words", &mut line);
    /// assert_eq!(line, b"@3 0 1000000 1000250 two words #740684ac\n");
    /// ```
    #[inline]
    pub fn write(&self, body: &[u8], line: &mut Vec<u8>) -> u64 {
        debug_assert!(!body.contains(&b'\n'), "a body with a newline is no line");
        let start = line.len();
        line.reserve(MOST_FIELD_BYTES + body.len() + CHECKSUM_BYTES + 1);
        line.push(b'@');
        for number in [self.source, self.sequence, self.intended_us, self.sent_us] {
            push_decimal(number, line);
        }
        line.extend_from_slice(body);
        record_digest(seal(line, start), self.sequence)
    }
}

/// What a record adds to the digest of its source: a number that looks random, so that what is
/// wrong with two records does not cancel out in their sum.
#[inline]
pub(super) fn record_digest(crc: u32, sequence: u64) -> u64 {
    scramble((u64::from(crc) << 32) ^ sequence)
}

/// The body of a stamped line, for a job that wants nothing but the payload.
///
/// The line comes without its newline. Its checksum is not looked at, so a torn line may have a
/// body, too; [`StampedLine::read`](super::StampedLine::read) tells them apart. An end mark has
/// none, nor has a line without a stamp.
///
/// ```
/// use loadgen::body_of;
///
/// assert_eq!(body_of("@3 0 1000000 1000250 two words #740684ac"), Some("two words"));
/// assert_eq!(body_of("two words"), None);
/// ```
#[inline]
pub fn body_of(line: &str) -> Option<&str> {
    let bytes = line.as_bytes();
    if bytes.first() != Some(&b'@') || !bytes.get(1)?.is_ascii_digit() {
        return None;
    }
    let end = bytes.len().checked_sub(CHECKSUM_BYTES)?;
    if !bytes[end..].starts_with(b" #") {
        return None;
    }
    // In an end mark the fourth space is that of the checksum, and the body would begin behind its
    // own end.
    let fourth_space = memchr::memchr_iter(b' ', bytes).nth(3)?;
    line.get(fourth_space + 1..end)
}

/// When the record was due that a line begins to tell of, in microseconds since the epoch. Its end may
/// be missing or torn.
pub(crate) fn intended_us_of(line: &[u8]) -> Option<u64> {
    let mut fields = line.strip_prefix(b"@")?;
    let _source = take_decimal(&mut fields)?;
    let _sequence = take_decimal(&mut fields)?;
    take_decimal(&mut fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stamp::EndMark;

    #[test]
    fn the_body_is_what_was_written() {
        for body in ["", " ", "a", " # #", "x #01234567", "naïve – ✓", "✓✓✓✓"] {
            for number in [0, 7, u64::MAX] {
                let stamp =
                    Stamp { source: number, sequence: number, intended_us: number, sent_us: 1 };
                let mut line = Vec::new();
                stamp.write(body.as_bytes(), &mut line);
                assert!(line.len() <= MOST_FIELD_BYTES + body.len() + CHECKSUM_BYTES + 1);
                let line = String::from_utf8(line).unwrap();
                assert_eq!(body_of(line.trim_end_matches('\n')), Some(body));
            }
        }
    }

    #[test]
    fn other_lines_have_no_body_and_no_cut_panics() {
        let mut line = Vec::new();
        EndMark { source: 1, records: 2, digest: Some(3) }.write(&mut line);
        let mark = String::from_utf8(line).unwrap();
        assert_eq!(body_of(mark.trim_end()), None);
        for line in ["", "@", "@1", "@a 1 2 3 x #01234567", "@1 2 3 #01234567", "@1 #✓✓✓"] {
            assert_eq!(body_of(line), None, "{line}");
        }
        let wide = "@1 2 3 4 ✓é✓ #✓é✓ #é✓éé";
        for (start, _) in wide.char_indices() {
            for (end, _) in wide.char_indices().filter(|&(end, _)| end >= start) {
                body_of(&wide[start..end]);
            }
        }
    }

    #[test]
    fn digests_of_near_records_do_not_cancel() {
        let digest = |crc, sequence| record_digest(crc, sequence);
        assert_ne!(
            digest(1, 0).wrapping_add(digest(2, 1)),
            digest(2, 0).wrapping_add(digest(1, 1)),
            "content that has changed places"
        );
        assert_ne!(
            digest(1, 0).wrapping_add(digest(3, 1)),
            digest(2, 0).wrapping_add(digest(2, 1))
        );
    }
}
