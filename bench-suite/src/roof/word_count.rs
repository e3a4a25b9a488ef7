//! Counts words, which ASCII whitespace separates as for [`str::split_ascii_whitespace`].
//!
//! A piece of text at a time: the edges of its words, then groups of words, each group hashed and
//! its slots fetched before the first is counted. The time of a word is that of its slot's way
//! through the caches, and a group's slots travel together.

use std::collections::HashMap;

use super::edges::{Edges, PIECE, room_for_edges};
use super::lines;
use super::receive::{Answer, Kernel};
use super::reference::Reference;
use super::word_edges;
use super::word_table::{SHORT, ShortWord, WordTable, is_plain};

/// Over loopback, on two connections, 10 000 words under Zipf's law; the sender on the same cores.
pub const OVER_TCP: Reference = Reference { machine: Reference::AMD_EPYC, bytes_per_s: 1.8e9 };

/// The same with a million words.
pub const OVER_TCP_OF_A_MILLION: Reference =
    Reference { machine: Reference::AMD_EPYC, bytes_per_s: 1.0e9 };

/// From memory on one thread, 10 000 words.
pub const FROM_MEMORY: Reference = Reference { machine: Reference::AMD_EPYC, bytes_per_s: 1.8e9 };

/// The same on two threads.
pub const FROM_MEMORY_ON_TWO: Reference =
    Reference { machine: Reference::AMD_EPYC, bytes_per_s: 2.2e9 };

/// Words hashed ahead. With 32, a million words cost a quarter more, because too few misses
/// overlap; with 128, nothing is gained.
const GROUP: usize = 64;

/// Words and their counts.
pub struct Counter {
    short: WordTable,
    /// Words that fit no slot: few in any language, so an ordinary map does.
    long: HashMap<Box<[u8]>, u64>,
    total: u64,
    lines: u64,
    edges: Box<Edges>,
    group: Box<Group>,
}

/// The words of a group on their way to the table.
struct Group {
    words: [ShortWord; GROUP],
    hashes: [u64; GROUP],
}

impl Default for Counter {
    fn default() -> Self {
        Self {
            short: WordTable::new(),
            long: HashMap::new(),
            total: 0,
            lines: 0,
            edges: room_for_edges(),
            group: Box::new(Group { words: [ShortWord::default(); GROUP], hashes: [0; GROUP] }),
        }
    }
}

impl Counter {
    /// Counts the words of a text; the last ends where the text ends.
    pub fn feed(&mut self, mut text: &[u8]) {
        self.lines += lines::unfinished(text);
        while !text.is_empty() {
            let window = &text[..text.len().min(PIECE)];
            let separator = window.iter().rposition(u8::is_ascii_whitespace);
            let cut = match separator {
                _ if window.len() == text.len() => text.len(),
                Some(separator) => separator + 1,
                None => {
                    let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
                    self.total += 1;
                    add_long(&mut self.long, &text[..end]);
                    text = &text[end..];
                    continue;
                }
            };
            self.feed_piece(text, cut);
            text = &text[cut..];
        }
    }

    /// Counts the words of the first `cut` bytes, and may read further.
    fn feed_piece(&mut self, text: &[u8], cut: usize) {
        let Self { short, long, edges, group, .. } = self;
        let found = word_edges::find(&text[..cut], edges);
        self.lines += found.newlines;
        self.total += found.edges as u64 / 2;
        let mut add_one = |short: &mut WordTable, &[start, end]: &[u16; 2]| {
            let word = &text[usize::from(start)..usize::from(end)];
            if word.len() <= SHORT {
                let word = ShortWord::padded(word);
                short.add(word, word.hash(), 1);
            } else {
                add_long(long, word);
            }
        };
        let (words, _) = edges[..found.edges].as_chunks::<2>();
        let (groups, rest) = words.as_chunks::<GROUP>();
        for words in groups {
            if is_plain(words, text.len()) {
                group.hash(text, words, short);
                group.add_to(short);
            } else {
                words.iter().for_each(|word| add_one(short, word));
            }
        }
        rest.iter().for_each(|word| add_one(short, word));
    }

    /// How many different words were fed.
    pub fn distinct(&self) -> u64 {
        (self.short.distinct() + self.long.len()) as u64
    }

    /// How many words were fed.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// How often a word was fed.
    pub fn get(&self, word: &[u8]) -> u64 {
        let count = match word.len() {
            0 => None,
            1..=SHORT => self.short.get(ShortWord::padded(word)),
            _ => self.long.get(word).copied(),
        };
        count.unwrap_or(0)
    }
}

impl Group {
    #[inline(never)]
    fn hash(&mut self, text: &[u8], words: &[[u16; 2]; GROUP], table: &WordTable) {
        for (i, &[start, end]) in words.iter().enumerate() {
            if let Some(bytes) = text[usize::from(start)..].first_chunk() {
                let word = ShortWord::new(bytes, usize::from(end - start));
                let hash = word.hash();
                table.expect(hash);
                self.words[i] = word;
                self.hashes[i] = hash;
            }
        }
    }

    #[inline(never)]
    fn add_to(&self, table: &mut WordTable) {
        for (word, hash) in self.words.iter().zip(self.hashes) {
            table.add(*word, hash, 1);
        }
    }
}

fn add_long(long: &mut HashMap<Box<[u8]>, u64>, word: &[u8]) {
    match long.get_mut(word) {
        Some(count) => *count += 1,
        None => drop(long.insert(word.into(), 1)),
    }
}

impl Kernel for Counter {
    fn feed(&mut self, text: &[u8]) {
        self.feed(text);
    }

    fn absorb(&mut self, other: &Self) {
        self.short.absorb(&other.short);
        for (word, count) in &other.long {
            *self.long.entry(word.clone()).or_default() += count;
        }
        self.total += other.total;
        self.lines += other.lines;
    }

    fn clear(&mut self) {
        self.short.clear();
        self.long.clear();
        self.total = 0;
        self.lines = 0;
    }

    fn lines(&self) -> u64 {
        self.lines
    }

    fn answer(&self) -> Answer {
        Answer::Words { distinct: self.distinct(), total: self.total }
    }
}

#[cfg(test)]
mod tests {
    use super::super::odd_text::odd_texts;
    use super::*;

    fn obvious<'t>(texts: &[&'t [u8]]) -> HashMap<&'t [u8], u64> {
        let mut counts = HashMap::new();
        for text in texts {
            for word in text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
                *counts.entry(word).or_default() += 1;
            }
        }
        counts
    }

    fn assert_counts(counter: &Counter, texts: &[&[u8]]) {
        let counts = obvious(texts);
        assert_eq!(counter.distinct(), counts.len() as u64);
        assert_eq!(counter.total(), counts.values().sum::<u64>());
        for (word, count) in counts {
            assert_eq!(counter.get(word), count, "{}", word.escape_ascii());
        }
        assert_eq!(counter.lines(), texts.iter().map(|text| lines::count(text)).sum::<u64>());
        assert_eq!((counter.get(b""), counter.get(b"absent"), counter.get(&[b'z'; 99])), (0, 0, 0));
    }

    #[test]
    fn counts_are_the_obvious_ones() {
        let mut counter = Counter::default();
        for text in odd_texts() {
            counter.clear();
            Counter::feed(&mut counter, &text);
            assert_counts(&counter, &[&text]);
        }
    }

    #[test]
    fn two_counters_merge_to_the_counts_of_both_wherever_the_text_is_cut() {
        for text in odd_texts().filter(|text| text.len() < 700).step_by(4) {
            for cut in 0..=text.len() {
                let (front, back) = text.split_at(cut);
                let (mut ours, mut theirs) = (Counter::default(), Counter::default());
                Counter::feed(&mut ours, front);
                Counter::feed(&mut theirs, back);
                ours.absorb(&theirs);
                assert_counts(&ours, &[front, back]);
            }
        }
    }
}
