//! Adds up the integers of each key, of lines `key<TAB>integer`.
//!
//! A key and an integer are two words, so the loop is that of the word count: the edges of a piece of
//! text, then groups of lines, each group's keys hashed, their slots fetched and its integers read
//! before the first is added.

use std::collections::HashMap;

use memchr::{memchr, memrchr};

use super::edges::{Edges, PIECE, room_for_edges};
use super::lines;
use super::reference::Reference;
use super::word_edges;
use super::word_table::{SHORT, ShortWord, WordTable, is_plain};

/// From memory on one thread, 10 000 keys under Zipf's law, lines of nine or ten bytes.
pub const FROM_MEMORY: Reference = Reference { machine: Reference::AMD_EPYC, bytes_per_s: 1.2e9 };

/// Lines to a group; two words each.
const GROUP: usize = 32;

/// Keys and the sums of their integers, which wrap around.
pub struct KeySums {
    short: WordTable,
    /// Keys that fit no slot.
    long: HashMap<Box<[u8]>, u64>,
    edges: Box<Edges>,
    group: Box<Group>,
}

/// The lines of a group on their way to the table.
struct Group {
    keys: [ShortWord; GROUP],
    hashes: [u64; GROUP],
    integers: [u64; GROUP],
}

impl Default for KeySums {
    fn default() -> Self {
        let keys = [ShortWord::default(); GROUP];
        Self {
            short: WordTable::new(),
            long: HashMap::new(),
            edges: room_for_edges(),
            group: Box::new(Group { keys, hashes: [0; GROUP], integers: [0; GROUP] }),
        }
    }
}

impl KeySums {
    /// Forgets all keys and keeps the memory.
    pub fn clear(&mut self) {
        self.short.clear();
        self.long.clear();
    }

    /// Adds up whole lines. It trusts its sender: lines that are not of two words are left out, unless
    /// as many words are missing as there are too many; and whatever the second word is, it is read
    /// as an integer.
    pub fn feed(&mut self, mut text: &[u8]) {
        while !text.is_empty() {
            let window = &text[..text.len().min(PIECE)];
            let cut = match memrchr(b'\n', window) {
                Some(newline) => newline + 1,
                None if window.len() == text.len() => text.len(),
                None => {
                    let end = memchr(b'\n', text).map_or(text.len(), |newline| newline + 1);
                    add_lines(&mut self.short, &mut self.long, &text[..end]);
                    text = &text[end..];
                    continue;
                }
            };
            self.feed_piece(text, cut);
            text = &text[cut..];
        }
    }

    /// Adds up the lines of the first `cut` bytes, and may read further.
    fn feed_piece(&mut self, text: &[u8], cut: usize) {
        let Self { short, long, edges, group } = self;
        let piece = &text[..cut];
        let found = word_edges::find(piece, edges);
        let lines = found.newlines + lines::unfinished(piece);
        if found.edges as u64 != 4 * lines {
            return add_lines(short, long, piece);
        }
        let (words, _) = edges[..found.edges].as_chunks::<2>();
        let (groups, rest) = words.as_chunks::<{ 2 * GROUP }>();
        let mut add_each = |words: &[[u16; 2]], short: &mut WordTable| {
            for [key, integer] in words.as_chunks::<2>().0 {
                let key = &text[usize::from(key[0])..usize::from(key[1])];
                add(short, long, key, read(text, *integer));
            }
        };
        for words in groups {
            if is_plain(words, text.len()) {
                group.read(text, words, short);
                group.add_to(short);
            } else {
                add_each(words, short);
            }
        }
        add_each(rest, short);
    }

    /// How many keys there are, and the sum of their sums.
    pub fn keys_and_sum(&self) -> (u64, i64) {
        let sums = self.short.counts().chain(self.long.values().copied());
        let (keys, sum) =
            sums.fold((0, 0_u64), |(keys, all), sum| (keys + 1, all.wrapping_add(sum)));
        (keys, sum.cast_signed())
    }

    /// The sum of a key; 0 where it has none.
    pub fn get(&self, key: &[u8]) -> i64 {
        let sum = match key.len() {
            1..=SHORT => self.short.get(ShortWord::padded(key)),
            _ => self.long.get(key).copied(),
        };
        sum.unwrap_or(0).cast_signed()
    }
}

impl Group {
    #[inline(never)]
    fn read(&mut self, text: &[u8], words: &[[u16; 2]; 2 * GROUP], table: &WordTable) {
        for (i, &[[start, end], integer]) in words.as_chunks::<2>().0.iter().enumerate() {
            if let Some(bytes) = text[usize::from(start)..].first_chunk() {
                let key = ShortWord::new(bytes, usize::from(end - start));
                let hash = key.hash();
                table.expect(hash);
                self.keys[i] = key;
                self.hashes[i] = hash;
                self.integers[i] = read(text, integer);
            }
        }
    }

    #[inline(never)]
    fn add_to(&self, table: &mut WordTable) {
        for ((key, hash), integer) in self.keys.iter().zip(self.hashes).zip(self.integers) {
            table.add(*key, hash, integer);
        }
    }
}

/// Lines, one by one.
fn add_lines(short: &mut WordTable, long: &mut HashMap<Box<[u8]>, u64>, text: &[u8]) {
    for line in text.split(|byte| *byte == b'\n') {
        let Some(tab) = memchr(b'\t', line) else { continue };
        let integer = std::str::from_utf8(&line[tab + 1..]).ok();
        if let Some(integer) = integer.and_then(|integer| integer.parse::<i64>().ok()) {
            add(short, long, &line[..tab], integer.cast_unsigned());
        }
    }
}

fn add(short: &mut WordTable, long: &mut HashMap<Box<[u8]>, u64>, key: &[u8], integer: u64) {
    if (1..=SHORT).contains(&key.len()) {
        let key = ShortWord::padded(key);
        return short.add(key, key.hash(), integer);
    }
    match long.get_mut(key) {
        Some(sum) => *sum = sum.wrapping_add(integer),
        None => drop(long.insert(key.into(), integer)),
    }
}

/// An integer, which wraps around.
#[inline(always)]
fn read(text: &[u8], [start, end]: [u16; 2]) -> u64 {
    let (start, end) = (usize::from(start), usize::from(end));
    let eight = end.checked_sub(8).and_then(|from| text[from..end].first_chunk());
    match eight {
        Some(eight) if end - start <= 8 && text[start] >= b'0' => read_digits(*eight, end - start),
        _ => read_one_by_one(&text[start..end]),
    }
}

/// The last `len` of eight bytes, which are digits: as eight numbers, then as four, as two, as one.
#[inline(always)]
fn read_digits(eight: [u8; 8], len: usize) -> u64 {
    const ZEROS: u64 = u64::from_le_bytes([b'0'; 8]);
    let ones = (u64::from_le_bytes(eight) ^ ZEROS) & (u64::MAX << (64 - 8 * len));
    let twos = (ones.wrapping_mul(10 << 8 | 1) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (twos.wrapping_mul(100 << 16 | 1) >> 16) & 0x0000_ffff_0000_ffff;
    fours.wrapping_mul(10_000 << 32 | 1) >> 32
}

fn read_one_by_one(integer: &[u8]) -> u64 {
    let (is_negative, digits) = match integer {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    let n = digits.iter().fold(0_u64, |n, digit| {
        n.wrapping_mul(10).wrapping_add(u64::from(digit.wrapping_sub(b'0')))
    });
    if is_negative { n.wrapping_neg() } else { n }
}

#[cfg(test)]
mod tests {
    use rand::rngs::Xoshiro256PlusPlus;
    use rand::{RngExt, SeedableRng};

    use super::*;

    const INTEGERS: [&str; 9] =
        ["0", "7", "999", "12345678", "123456789", "-1", "+3", "9223372036854775807", "-87654321"];

    fn obvious(text: &str) -> HashMap<&str, i64> {
        let mut sums = HashMap::new();
        for (key, integer) in text.lines().filter_map(|line| line.split_once('\t')) {
            if let Ok(integer) = integer.parse::<i64>() {
                let sum: &mut i64 = sums.entry(key).or_default();
                *sum = sum.wrapping_add(integer);
            }
        }
        sums
    }

    fn assert_sums(text: &str) {
        let mut sums = KeySums::default();
        sums.feed(b"gone\t1\n");
        sums.clear();
        sums.feed(text.as_bytes());
        let expected = obvious(text);
        for (key, sum) in &expected {
            assert_eq!(sums.get(key.as_bytes()), *sum, "{key:?} in {text:?}");
        }
        let all = expected.values().fold(0_i64, |all, sum| all.wrapping_add(*sum));
        assert_eq!(sums.keys_and_sum(), (expected.len() as u64, all), "{text:?}");
    }

    #[test]
    fn sums_are_the_obvious_ones() {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        for lines in [0, 1, 2, 31, 32, 33, 500, 5000] {
            let mut text = String::new();
            for _ in 0..lines {
                let key = "k".repeat(1 + random.random_range(0..20) * random.random_range(0..2));
                let integer = INTEGERS[random.random_range(0..INTEGERS.len())];
                text.push_str(&format!("{key}{}\t{integer}\n", random.random_range(0..300)));
            }
            assert_sums(&text);
            assert_sums(text.trim_end());
        }
    }

    #[test]
    fn lines_of_more_or_fewer_words_are_left_out_and_one_may_be_longer_than_a_piece() {
        let long = format!("a\t1\n{}\t2\nb\t3\n", "x".repeat(3 * PIECE));
        for text in ["\n", "a\nb\t1\n", "a\t1\t2\nb\t3", "two words\t5\n", "\t4\n", &long] {
            assert_sums(text);
        }
    }

    #[test]
    fn eight_bytes_are_read_as_their_last_digits() {
        for len in 1..=8 {
            for digits in [*b"00000000", *b"12345678", *b"99999999", *b"90807060"] {
                let obvious = read_one_by_one(&digits[8 - len..]);
                assert_eq!(read_digits(digits, len), obvious, "{digits:?} {len}");
            }
        }
    }
}
