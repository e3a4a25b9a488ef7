//! Lines of a key and a number, with a tab between them.

use rand::{Rng, RngExt};

use super::keys::Keys;
use super::line_bytes::LineBytes;

/// About so long is a line of 10 000 keys.
pub(super) const MEAN_LINE_BYTES: usize = 10;

/// Enough for the longest key, which has the letter and 20 digits, the value, and one letter more.
pub(super) const SHORTEST_LINE_BYTES: usize = 27;

/// Values lie below this.
const VALUES: u16 = 1000;

/// Writes `key<TAB>value`, and a third column where a line is to be longer.
pub(super) struct KeyValue {
    keys: Keys,
    line_bytes: Option<LineBytes>,
}

impl KeyValue {
    pub(super) fn new(keys: Keys, line_bytes: Option<LineBytes>) -> Self {
        Self { keys, line_bytes }
    }

    pub(super) fn write(&self, random: &mut impl Rng, position: u64, into: &mut Vec<u8>) {
        let start = into.len();
        let key = self.keys.key(self.keys.rank(random, position));
        let mut number = itoa::Buffer::new();
        into.push(b'k');
        into.extend_from_slice(number.format(key).as_bytes());
        into.push(b'\t');
        into.extend_from_slice(number.format(random.random_range(0..VALUES)).as_bytes());
        if let Some(line_bytes) = self.line_bytes {
            let asked = line_bytes.draw(random, SHORTEST_LINE_BYTES);
            into.push(b'\t');
            let so_far = into.len() + 1 - start;
            fill(random, asked.saturating_sub(so_far), into);
        }
        into.push(b'\n');
    }
}

/// Filler for lines that are to be longer: letters, so that it is one word.
fn fill(random: &mut impl Rng, bytes: usize, into: &mut Vec<u8>) {
    let end = into.len() + bytes;
    while into.len() < end {
        let letters = random.random::<u64>().to_le_bytes().map(|byte| b'a' + byte % 26);
        into.extend_from_slice(&letters[..letters.len().min(end - into.len())]);
    }
}
