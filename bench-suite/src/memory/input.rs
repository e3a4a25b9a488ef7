//! The batches.

use anyhow::{Context, Result};
use loadgen::{Data, Preset, Text};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use crate::roof::number_sum::Pair;

/// Text comes in blocks of so many bytes, as from a receiver.
const BLOCK_BYTES: usize = 1 << 20;

/// Of pairs whose keys fit no cache.
const KEYS: u64 = 10_000_000;

/// Lines, in blocks of whole ones.
pub(super) struct Lines {
    pub(super) blocks: Vec<String>,
    pub(super) lines: u64,
}

/// Lines of this kind, about so many bytes.
pub(super) fn lines(preset: Preset, batch_bytes: usize) -> Result<Lines> {
    let text = Text::render(&Data { preset, text_bytes: batch_bytes, ..Data::default() })?;
    let lines = text.lines() as u64;
    let mut rest = std::str::from_utf8(text.as_bytes()).context("generated lines are text")?;
    let mut blocks = Vec::new();
    while !rest.is_empty() {
        let window = &rest.as_bytes()[..rest.len().min(BLOCK_BYTES)];
        let end = memchr::memrchr(b'\n', window).map_or(rest.len(), |newline| newline + 1);
        let (block, others) = rest.split_at(end);
        blocks.push(block.to_string());
        rest = others;
    }
    Ok(Lines { blocks, lines })
}

/// Pairs of a key, all alike, and a number below a thousand.
pub(super) fn pairs(batch_bytes: usize) -> Vec<Pair> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
    let pairs = batch_bytes / size_of::<Pair>();
    (0..pairs).map(|_| (random.random_range(0..KEYS), random.random_range(0..1000))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_whole_lines_and_together_the_text() {
        let Lines { blocks, lines } = lines(Preset::Words, 3 << 20).unwrap();
        assert!(blocks.len() >= 3 && blocks.iter().all(|block| block.len() <= BLOCK_BYTES));
        assert!(blocks.iter().all(|block| block.ends_with('\n')));
        assert_eq!(blocks.iter().map(|block| block.lines().count() as u64).sum::<u64>(), lines);
    }
}
