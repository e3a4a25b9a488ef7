//! The records of a block, one by one.

use super::kind::Framing;
use super::sized::PREFIX_BYTES;
use crate::progress::LineCounts;

/// Whole records, without what frames them. Records with their length in front that
/// are longer than `max_bytes` are left out.
#[derive(Clone, Debug)]
pub(crate) struct RecordsOf<'t> {
    pub(crate) bytes: &'t [u8],
    pub(crate) framing: Framing,
    pub(crate) max_bytes: usize,
}

impl RecordsOf<'_> {
    /// How many there are, those included that are too long. Cost: a pass over the bytes for lines, a look at each
    /// length, or a division.
    pub(crate) fn count_all(bytes: &[u8], framing: Framing) -> u64 {
        match framing {
            Framing::Lines => memchr::memchr_iter(b'\n', bytes).count() as u64,
            Framing::Fixed(n) => (bytes.len() / n) as u64,
            Framing::LengthPrefixed => {
                RecordsOf { bytes, framing, max_bytes: usize::MAX }.count() as u64
            }
        }
    }

    /// What becomes of records that are not lines. Cost: a division where all have one length, else
    /// a look at each length.
    pub(crate) fn counts(mut self) -> LineCounts {
        if let Framing::Fixed(n) = self.framing {
            return LineCounts { records: (self.bytes.len() / n) as u64, ..LineCounts::default() };
        }
        let mut counts = LineCounts::default();
        let max_bytes = std::mem::replace(&mut self.max_bytes, usize::MAX);
        for record in self {
            match record.len() <= max_bytes {
                true => counts.records += 1,
                false => counts.rejected += 1,
            }
        }
        counts
    }
}

impl<'t> Iterator for RecordsOf<'t> {
    type Item = &'t [u8];

    #[inline]
    fn next(&mut self) -> Option<&'t [u8]> {
        match self.framing {
            Framing::Lines => {
                let newline = memchr::memchr(b'\n', self.bytes)?;
                let line = &self.bytes[..newline];
                self.bytes = &self.bytes[newline + 1..];
                Some(line.strip_suffix(b"\r").unwrap_or(line))
            }
            Framing::LengthPrefixed => loop {
                let (length, rest) = self.bytes.split_first_chunk::<PREFIX_BYTES>()?;
                let (record, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
                self.bytes = rest;
                if record.len() <= self.max_bytes {
                    return Some(record);
                }
            },
            Framing::Fixed(bytes) => {
                let (record, rest) = self.bytes.split_at_checked(bytes)?;
                self.bytes = rest;
                Some(record)
            }
        }
    }
}
