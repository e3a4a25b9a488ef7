//! Lines of words.

use rand::{Rng, RngExt};

use super::keys::Keys;
use super::line_bytes::LineBytes;
use super::moment::Moment;
use super::vocabulary::{LONGEST_WORD_BYTES, MEAN_WORD_BYTES, Vocabulary};

/// Room for the longest word and its space: then a line never ends up without a word.
pub(super) const SHORTEST_LINE_BYTES: usize = LONGEST_WORD_BYTES + 6;

/// As long as the lines of the original's own benchmarks, about.
pub(super) const MEAN_LINE_BYTES: usize = 97;

/// Writes words until the line is long enough.
pub(super) struct Words {
    vocabulary: Vocabulary,
    keys: Keys,
    line_bytes: LineBytes,
    error_share: f64,
    /// Where words come in an order, a line has always as many, so that its number says which of
    /// them are its own.
    words_per_line: Option<u64>,
}

impl Words {
    pub(super) fn new(keys: Keys, line_bytes: Option<LineBytes>, error_share: f64) -> Self {
        let line_bytes = line_bytes.unwrap_or(LineBytes::Fixed(MEAN_LINE_BYTES));
        let words_per_line = (line_bytes.mean() / MEAN_WORD_BYTES).round().max(1.0) as u64;
        Self {
            vocabulary: Vocabulary::new(keys.count()),
            words_per_line: keys.has_order().then_some(words_per_line),
            keys,
            line_bytes,
            error_share,
        }
    }

    /// Gives by how many bytes the line is longer than was asked: so what a line is too long, the
    /// next can be too short, and the mean is exact.
    pub(super) fn write(&self, random: &mut impl Rng, moment: Moment, into: &mut Vec<u8>) -> isize {
        let start = into.len();
        let has_error = random.random_bool(self.error_share);
        let over = match self.words_per_line {
            Some(words) => {
                let error_at = has_error.then(|| random.random_range(0..words));
                for nth in 0..words {
                    if error_at == Some(nth) {
                        into.extend_from_slice(b"error ");
                    } else {
                        self.write_word(random, moment.position * words + nth, into);
                    }
                }
                0
            }
            None => {
                let asked = self.line_bytes.draw(random, SHORTEST_LINE_BYTES);
                let bytes = asked.saturating_add_signed(-moment.carried_bytes).max(1);
                self.write_until(random, start + bytes, has_error, into);
                (into.len() - start) as isize - bytes as isize
            }
        };
        *into.last_mut().expect("a line has a word") = b'\n';
        over
    }

    /// Writes words until one reaches `end`, which is past the end of what is there.
    fn write_until(&self, random: &mut impl Rng, end: usize, has_error: bool, into: &mut Vec<u8>) {
        // The word that comes to lie on this byte gives way to `error`.
        let mut error_at = has_error.then(|| random.random_range(into.len()..end));
        while into.len() < end {
            let before = into.len();
            self.write_word(random, 0, into);
            if error_at.is_some_and(|at| into.len() > at) {
                into.truncate(before);
                into.extend_from_slice(b"error ");
                error_at = None;
            }
        }
    }

    /// A word and a space.
    #[inline]
    fn write_word(&self, random: &mut impl Rng, position: u64, into: &mut Vec<u8>) {
        self.vocabulary.write_word_and_space(self.keys.rank(random, position), into);
    }
}
