//! The words that lines are made of.

/// Consonants and vowels take turns in a word, which makes words that can be read aloud and
/// proves that none contains `error`: its two `r` stand side by side.
const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
const VOWELS: &[u8; 5] = b"aeiou";

/// How long the words of consecutive ranks are, in bytes, over and over.
///
/// Short and long take turns, so that the most frequent words are neither: under Zipf's law with
/// exponent 1 over 10 000 words the mean is 6.3 bytes, 13.3 words to a line of 97.
const LENGTHS_BYTES: [usize; 16] = [6, 8, 5, 7, 4, 9, 6, 3, 7, 8, 5, 6, 10, 4, 7, 6];

/// The longest word that can come up: a length that is used up gives way to the next longer one,
/// and of these there are more than of all ranks.
pub(super) const LONGEST_WORD_BYTES: usize = 10;

/// How long a word is with its space, where all come up equally often.
pub(super) const MEAN_WORD_BYTES: f64 = 7.3;

/// Coprime to every number of words of one length, which has no prime factors but 2 and 5.
const STRIDE: u64 = 2_971_215_073;

/// Lengths count from different numbers, or the first word of each would begin like the others'.
const OFFSET: u64 = 1_299_709;

/// A distinct word for every rank, the most frequent first.
///
/// The word of a rank depends on the rank alone: it is the same for every seed and in every larger
/// vocabulary. Neighbouring ranks have unlike words.
pub(super) struct Vocabulary {
    words: Vec<Word>,
}

/// A word and the space that follows it, in a cell of fixed size: no second memory access.
#[derive(Clone, Copy)]
struct Word {
    letters: [u8; LONGEST_WORD_BYTES + 1],
    length_bytes: u8,
}

impl Vocabulary {
    /// The words of ranks 0 to `size - 1`.
    pub(super) fn new(size: usize) -> Self {
        let mut used = [0u64; LONGEST_WORD_BYTES + 1];
        let words = (0..size)
            .map(|rank| {
                let mut length = LENGTHS_BYTES[rank % LENGTHS_BYTES.len()];
                while used[length] == words_of_length(length) {
                    length += 1;
                }
                let number = used[length];
                used[length] += 1;
                spell(length, number)
            })
            .collect();
        Self { words }
    }

    /// Writes the word of a rank and a space. Ranks beyond the vocabulary have its words again with
    /// a number behind them.
    #[inline]
    pub(super) fn write_word_and_space(&self, rank: u64, into: &mut Vec<u8>) {
        let words = self.words.len() as u64;
        if rank < words {
            into.extend_from_slice(self.word_and_space(rank as usize));
            return;
        }
        into.extend_from_slice(self.word_and_space((rank % words) as usize));
        into.pop();
        into.extend_from_slice(itoa::Buffer::new().format(rank / words).as_bytes());
        into.push(b' ');
    }

    /// The word of a rank with a space behind it.
    #[inline]
    fn word_and_space(&self, rank: usize) -> &[u8] {
        let word = &self.words[rank];
        &word.letters[..usize::from(word.length_bytes) + 1]
    }
}

fn words_of_length(length_bytes: usize) -> u64 {
    letters_by_place(length_bytes).map(|letters| letters.len() as u64).product()
}

fn letters_by_place(length_bytes: usize) -> impl Iterator<Item = &'static [u8]> {
    (0..length_bytes).map(|place| if place % 2 == 0 { &CONSONANTS[..] } else { &VOWELS[..] })
}

/// The word of this length with this number, a different word for each number.
fn spell(length_bytes: usize, number: u64) -> Word {
    let number = number + OFFSET * length_bytes as u64;
    let mut rest = number * STRIDE % words_of_length(length_bytes);
    let mut letters = [b' '; LONGEST_WORD_BYTES + 1];
    for (place, choice) in letters.iter_mut().zip(letters_by_place(length_bytes)) {
        let base = choice.len() as u64;
        *place = choice[(rest % base) as usize];
        rest /= base;
    }
    Word { letters, length_bytes: length_bytes as u8 }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::lines::keys::MOST_KEYS;

    #[test]
    fn words_are_distinct_lower_case_and_never_error() {
        let vocabulary = Vocabulary::new(300_000);
        let mut seen = HashSet::new();
        for rank in 0..300_000 {
            let word = vocabulary.word_and_space(rank).strip_suffix(b" ").unwrap();
            assert!(word.len() >= 2 && word.iter().all(u8::is_ascii_lowercase), "rank {rank}");
            assert!(memchr::memmem::find(word, b"error").is_none());
            assert!(seen.insert(word.to_vec()), "rank {rank} has the word of another");
        }
    }

    #[test]
    fn ranks_beyond_the_vocabulary_have_words_of_their_own() {
        let vocabulary = Vocabulary::new(100);
        let mut seen = HashSet::new();
        for rank in 0..10_000 {
            let mut word = Vec::new();
            vocabulary.write_word_and_space(rank, &mut word);
            assert!(word.ends_with(b" ") && seen.insert(word), "rank {rank}");
        }
    }

    #[test]
    fn a_larger_vocabulary_begins_with_the_smaller_one() {
        let (small, large) = (Vocabulary::new(100), Vocabulary::new(10_000));
        assert!((0..100).all(|rank| small.word_and_space(rank) == large.word_and_space(rank)));
    }

    #[test]
    fn the_mean_word_is_as_long_as_documented() {
        let vocabulary = Vocabulary::new(10_000);
        let share = |rank: usize| 1.0 / (rank + 1) as f64;
        let all: f64 = (0..10_000).map(share).sum();
        let mean: f64 = (0..10_000)
            .map(|rank| share(rank) / all * vocabulary.word_and_space(rank).len() as f64)
            .sum();
        let words_per_line = 97.0 / mean;
        assert!((words_per_line - 13.3).abs() < 0.1, "{words_per_line} words of {mean} bytes");
    }

    #[test]
    fn no_length_runs_out_at_the_largest_vocabulary() {
        let longest = words_of_length(LONGEST_WORD_BYTES);
        assert!(longest > MOST_KEYS as u64);
        let largest = MOST_KEYS as u64 + OFFSET * LONGEST_WORD_BYTES as u64;
        assert!(largest.checked_mul(STRIDE).is_some(), "{largest} must not overflow");
    }
}
