//! Records that are no lines.

use rand::{Rng, RngExt};

use super::keys::Keys;
use super::line_bytes::LineBytes;

/// As long as a record is unless a length is given, with the length in front of it.
pub(super) const MEAN_RECORD_BYTES: usize = 100;

/// The length in front, the key and the number.
pub(super) const SHORTEST_RECORD_BYTES: usize = 4 + 8 + 8;

/// Writes a length of four bytes and so many bytes behind it.
pub(super) struct Binary {
    keys: Keys,
    record_bytes: LineBytes,
}

impl Binary {
    pub(super) fn new(keys: Keys, record_bytes: Option<LineBytes>) -> Self {
        let record_bytes = record_bytes.unwrap_or(LineBytes::Fixed(MEAN_RECORD_BYTES));
        Self { keys, record_bytes }
    }

    pub(super) fn write(&self, random: &mut impl Rng, position: u64, into: &mut Vec<u8>) {
        let bytes = self.record_bytes.draw(random, SHORTEST_RECORD_BYTES);
        let key = self.keys.key(self.keys.rank(random, position));
        into.extend_from_slice(&((bytes - 4) as u32).to_be_bytes());
        into.extend_from_slice(&key.to_le_bytes());
        into.extend_from_slice(&position.to_le_bytes());
        let filler = into.len()..into.len() + bytes - SHORTEST_RECORD_BYTES;
        into.resize(filler.end, 0);
        random.fill(&mut into[filler]);
    }
}
