//! A table from words of at most 16 bytes to counts, or other sums, the key in the slot.

use super::huge_pages::filled;
use super::simd::prefetch;

/// The longest word, in bytes, that fits a [`ShortWord`].
pub(super) const SHORT: usize = 16;

/// A word of 1 to 16 bytes as two integers: each byte xor a space, zeros behind the last.
///
/// No word holds a space, so no byte of the word turns into zero: words that differ have keys that
/// differ even where one ends in NUL, and the key of all zeros is free to mark an empty slot.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ShortWord([u64; 2]);

/// Sixteen bytes of ones, then sixteen of zeros: what starts `len` bytes before the middle keeps
/// the first `len` of a word. A load costs less than shifts across two integers.
#[repr(align(32))]
struct Keep([u8; 2 * SHORT]);

static KEEP: Keep = Keep({
    let mut keep = [0; 2 * SHORT];
    let (ones, _) = keep.split_at_mut(SHORT);
    let mut i = 0;
    while i < ones.len() {
        ones[i] = 0xff;
        i += 1;
    }
    keep
});

/// Whether 16 bytes may be read for each word, and hold it. Asked once for a group, so that the
/// loop over its words has no way out: asked word by word, hashing takes half as long again.
pub(super) fn is_plain<const N: usize>(words: &[[u16; 2]; N], text_len: usize) -> bool {
    let longest = words.iter().fold(0, |longest, [start, end]| longest.max(end - start));
    usize::from(longest) <= SHORT
        && words.last().is_none_or(|[start, _]| usize::from(*start) + SHORT <= text_len)
}

const SPACES: u64 = u64::from_le_bytes([b' '; 8]);

impl ShortWord {
    const NONE: Self = Self([0; 2]);

    /// The first `len` of `bytes`; what lies behind them is masked away, so that the caller can
    /// hand over whatever follows the word in its text.
    #[inline(always)]
    pub(super) fn new(bytes: &[u8; SHORT], len: usize) -> Self {
        let keep = &KEEP.0[SHORT - len..];
        let half = |from: usize| {
            let text = u64::from_le_bytes(std::array::from_fn(|i| bytes[from + i]));
            let keep = u64::from_le_bytes(std::array::from_fn(|i| keep[from + i]));
            (text ^ SPACES) & keep
        };
        Self([half(0), half(8)])
    }

    /// A word that no 16 bytes of text may be read for, because the text ends first.
    pub(super) fn padded(word: &[u8]) -> Self {
        let mut bytes = [0; SHORT];
        bytes[..word.len()].copy_from_slice(word);
        Self::new(&bytes, word.len())
    }

    /// One multiplication, folded: enough for the sender we know, no shield against a hostile one.
    #[inline(always)]
    pub(super) fn hash(self) -> u64 {
        let [low, high] = self.0;
        let product =
            u128::from(low ^ 0x9e37_79b9_7f4a_7c15) * u128::from(high ^ 0xd1b5_4a32_d192_ed03);
        (product as u64) ^ ((product >> 64) as u64)
    }
}

/// A word and its count; two share a cache line, and none lies across two.
#[derive(Clone, Copy)]
#[repr(align(32))]
struct Slot {
    word: ShortWord,
    count: u64,
}

const EMPTY: Slot = Slot { word: ShortWord::NONE, count: 0 };

/// Slots for each word, at least. With four, a word costs a tenth less once the table stands, for
/// fewer branches are guessed wrong; but a table for a million words then takes 128 MiB, and its
/// first filling three times as long.
const SLOTS_PER_WORD: usize = 2;

/// Open addressing with linear probing.
///
/// A word's home is the top bits of its hash, so that the slots lie in the order of the hashes
/// whatever the size of the table: growing and merging walk both tables front to back.
pub(super) struct WordTable {
    /// A power of two of them.
    slots: Vec<Slot>,
    /// 64 less the logarithm of the number of slots.
    shift: u32,
    distinct: usize,
}

impl WordTable {
    const FIRST_LOG: u32 = 12;

    pub(super) fn new() -> Self {
        Self::with_log(Self::FIRST_LOG)
    }

    fn with_log(log: u32) -> Self {
        Self { slots: filled(EMPTY, 1 << log), shift: 64 - log, distinct: 0 }
    }

    pub(super) fn distinct(&self) -> usize {
        self.distinct
    }

    #[inline(always)]
    fn home(&self, hash: u64) -> usize {
        (hash >> self.shift) as usize
    }

    /// Asks the cache for the home of a word, so that [`add`](Self::add) need not wait for it.
    #[inline(always)]
    pub(super) fn expect(&self, hash: u64) {
        prefetch(&self.slots, self.home(hash));
    }

    #[inline(always)]
    pub(super) fn add(&mut self, word: ShortWord, hash: u64, count: u64) {
        let mut at = self.home(hash);
        loop {
            let slot = &mut self.slots[at];
            if slot.word == word {
                slot.count = slot.count.wrapping_add(count);
                return;
            }
            if slot.word == ShortWord::NONE {
                return self.insert(at, word, count);
            }
            at = self.after(at);
        }
    }

    #[inline(always)]
    fn after(&self, at: usize) -> usize {
        (at + 1) & (self.slots.len() - 1)
    }

    #[cold]
    #[inline(never)]
    fn insert(&mut self, at: usize, word: ShortWord, count: u64) {
        self.slots[at] = Slot { word, count };
        self.distinct += 1;
        if self.distinct * SLOTS_PER_WORD > self.slots.len() {
            self.grow(64 - self.shift + 1);
        }
    }

    fn grow(&mut self, log: u32) {
        let old = std::mem::replace(self, Self::with_log(log));
        self.add_all(&old);
    }

    /// The counts of all words, in any order.
    pub(super) fn counts(&self) -> impl Iterator<Item = u64> {
        self.slots.iter().filter(|slot| slot.word != ShortWord::NONE).map(|slot| slot.count)
    }

    /// Adds all that `other` holds.
    pub(super) fn absorb(&mut self, other: &Self) {
        // In the order of the hashes, a bigger table would crowd the front of a smaller one long
        // before the smaller one grew.
        if self.shift > other.shift {
            self.grow(64 - other.shift);
        }
        self.add_all(other);
    }

    fn add_all(&mut self, other: &Self) {
        for slot in other.slots.iter().filter(|slot| slot.word != ShortWord::NONE) {
            self.add(slot.word, slot.word.hash(), slot.count);
        }
    }

    /// Forgets all words and keeps the memory: a new table costs its page faults.
    pub(super) fn clear(&mut self) {
        self.slots.fill(EMPTY);
        self.distinct = 0;
    }

    pub(super) fn get(&self, word: ShortWord) -> Option<u64> {
        let mut at = self.home(word.hash());
        loop {
            match &self.slots[at] {
                slot if slot.word == word => return Some(slot.count),
                slot if slot.word == ShortWord::NONE => return None,
                _ => at = self.after(at),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> ShortWord {
        ShortWord::padded(text.as_bytes())
    }

    #[test]
    fn words_that_differ_have_keys_that_differ() {
        let same = ShortWord::new(b"to be or not to ", 2);
        assert!(same == word("to"));
        for (a, b) in
            [("a", "a\0"), ("\0", "\0\0"), ("a", "b"), ("0123456789abcdef", "0123456789abcde")]
        {
            assert!(word(a) != word(b), "{a:?} {b:?}");
        }
        assert!(word("\0") != ShortWord::NONE);
    }

    #[test]
    fn tables_of_any_size_merge_and_keep_their_memory() {
        for (ours, theirs) in [(0, 5), (10, 30_000), (30_000, 10), (20_000, 20_000)] {
            let table = |words: std::ops::Range<u32>| {
                let mut table = WordTable::new();
                for i in words {
                    let word = word(&i.to_string());
                    table.add(word, word.hash(), 1);
                }
                table
            };
            let mut merged = table(0..ours);
            merged.absorb(&table(ours / 2..ours / 2 + theirs));
            assert_eq!(merged.distinct() as u32, ours.max(ours / 2 + theirs));
            for i in 0..ours + theirs {
                let count =
                    u64::from(i < ours) + u64::from((ours / 2..ours / 2 + theirs).contains(&i));
                assert_eq!(merged.get(word(&i.to_string())), (count > 0).then_some(count), "{i}");
            }
            merged.clear();
            assert_eq!((merged.distinct(), merged.get(word("0"))), (0, None));
        }
    }
}
