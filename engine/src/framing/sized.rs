//! Records whose length is known before they have come: it is always the same, or stands in front.

use super::framed::{Framed, Part, Torn};
use super::kept::Kept;
use super::limit::RecordLimit;

/// The bytes of a length in front of its record.
pub(super) const PREFIX_BYTES: usize = 4;

/// How a record's length is known.
#[derive(Clone, Copy, Debug)]
pub(super) enum Length {
    /// Every record has as many bytes.
    Fixed(usize),
    /// It is a big-endian number of four bytes in front of the record.
    Prefixed,
}

impl Length {
    /// The bytes that stand in front of a record.
    fn prefix_bytes(self) -> u64 {
        match self {
            Length::Fixed(_) => 0,
            Length::Prefixed => PREFIX_BYTES as u64,
        }
    }

    /// The bytes of a record and of what stands in front of it. `None` where too few of the bytes
    /// that it begins with are there to know.
    #[inline]
    fn whole_bytes<'a>(self, mut begins: impl Iterator<Item = &'a u8>) -> Option<u64> {
        match self {
            Length::Fixed(bytes) => Some(bytes as u64),
            Length::Prefixed => {
                let mut prefix = [0; PREFIX_BYTES];
                for byte in &mut prefix {
                    *byte = *begins.next()?;
                }
                Some(PREFIX_BYTES as u64 + u64::from(u32::from_be_bytes(prefix)))
            }
        }
    }

    /// How many of `bytes`, which begin with a record, are whole records.
    fn whole_records(self, bytes: &[u8]) -> usize {
        if let Length::Fixed(n) = self {
            return bytes.len() / n * n;
        }
        let mut end = 0;
        while let Some(whole) = self.whole_bytes(bytes[end..].iter())
            && whole <= (bytes.len() - end) as u64
        {
            end += whole as usize;
        }
        end
    }
}

/// The end of the first of `bytes`' whole records that have together about `most_bytes`.
pub(super) fn part(length: Length, bytes: &[u8], most_bytes: usize) -> usize {
    match length.whole_records(&bytes[..most_bytes]) {
        0 => length.whole_bytes(bytes.iter()).map_or(bytes.len(), |whole| whole as usize),
        end => end,
    }
}

/// The unfinished record of one connection.
///
/// Invariants: `bytes` is less than a whole record, and no more than the limit and a length in
/// front; it is empty while a record is skipped.
#[derive(Debug)]
pub(crate) struct SizedCarry {
    length: Length,
    bytes: Kept,
    skipped: Option<Skipped>,
}

/// A record that is too long, of which what comes is dropped.
#[derive(Debug)]
struct Skipped {
    whole_bytes: u64,
    /// What has not come yet.
    left_bytes: u64,
}

impl SizedCarry {
    pub(super) fn new(length: Length) -> Self {
        SizedCarry { length, bytes: Kept::default(), skipped: None }
    }

    pub(super) fn gap(&self) -> usize {
        self.bytes.len()
    }

    /// The memory that it holds.
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Cost: a look at each length that has arrived, or a division where it is always the same; a
    /// copy of the carry if its record is whole now, a copy of the new unfinished record.
    pub(super) fn take(&mut self, buffer: &mut [u8], n: usize, limit: RecordLimit) -> Framed {
        let gap = self.gap();
        let end = gap + n;
        let mut framed = Framed::default();
        let start = match &mut self.skipped {
            Some(skipped) => {
                let dropped = skipped.left_bytes.min(n as u64);
                skipped.left_bytes -= dropped;
                if skipped.left_bytes > 0 {
                    return framed;
                }
                self.skipped = None;
                dropped as usize
            }
            None => {
                if self.whole_bytes(&buffer[gap..end]).is_none_or(|whole| whole > end as u64) {
                    self.keep(&buffer[gap..end], limit, &mut framed);
                    return framed;
                }
                self.bytes.copy_to(&mut buffer[..gap]);
                0
            }
        };
        let whole = start + self.length.whole_records(&buffer[start..end]);
        framed.records = start..whole;
        // A length that is not whole cannot be given up, so it has no more memory than it has bytes.
        match end - whole < PREFIX_BYTES {
            true => self.bytes.give_back(),
            false => self.bytes.clear(),
        }
        self.keep(&buffer[whole..end], limit, &mut framed);
        framed
    }

    pub(super) fn finish(&mut self) -> Framed {
        let mut framed = Framed::default();
        let (came, whole) = match self.skipped.take() {
            // It was rejected when it proved to be too long.
            Some(skipped) => (skipped.whole_bytes - skipped.left_bytes, Some(skipped.whole_bytes)),
            None if self.gap() == 0 => return framed,
            None => {
                framed.counts.rejected = 1;
                (self.bytes.len() as u64, self.whole_bytes(&[]))
            }
        };
        self.bytes.give_back();
        framed.counts.unterminated = 1;
        let prefix = self.length.prefix_bytes();
        framed.torn = Some(match whole {
            Some(whole) => {
                Torn { part: Part::Record, came_bytes: came - prefix, wanted_bytes: whole - prefix }
            }
            None => Torn { part: Part::Length, came_bytes: came, wanted_bytes: prefix },
        });
        framed
    }

    pub(super) fn give_up(&mut self) -> Option<Framed> {
        if self.gap() == 0 {
            return None;
        }
        let whole = self.whole_bytes(&[])?;
        let mut framed = Framed::default();
        self.skip(whole, self.bytes.len(), &mut framed);
        Some(framed)
    }

    /// The bytes of the unfinished record once it is whole, `more` being what has come of it since.
    fn whole_bytes(&self, more: &[u8]) -> Option<u64> {
        self.length.whole_bytes(self.bytes.beginning().iter().chain(more))
    }

    fn keep(&mut self, piece: &[u8], limit: RecordLimit, framed: &mut Framed) {
        let came = self.bytes.len() + piece.len();
        let whole = self.whole_bytes(piece);
        let most = limit.max_bytes as u64 + self.length.prefix_bytes();
        match whole {
            Some(whole) if whole > most => self.skip(whole, came, framed),
            // What it only claims to have takes no memory.
            _ => self.bytes.append(piece, most as usize),
        }
    }

    fn skip(&mut self, whole_bytes: u64, came: usize, framed: &mut Framed) {
        self.bytes.give_back();
        self.skipped = Some(Skipped { whole_bytes, left_bytes: whole_bytes - came as u64 });
        framed.counts.rejected += 1;
    }
}
