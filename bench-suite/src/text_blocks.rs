//! Generated lines in blocks, as a receiver cuts them.

use anyhow::{Context, Result};
use loadgen::{Data, Text};

/// As large as a receiver's blocks are at full load.
const BLOCK_BYTES: usize = 1 << 20;

/// Lines, in blocks of whole ones.
#[derive(Clone, Debug)]
pub(crate) struct TextBlocks {
    pub(crate) blocks: Vec<String>,
    pub(crate) lines: u64,
    pub(crate) bytes: u64,
}

impl TextBlocks {
    /// Renders lines of this kind.
    pub(crate) fn render(data: &Data) -> Result<Self> {
        let text = Text::render(data)?;
        let mut rest = std::str::from_utf8(text.as_bytes()).context("generated lines are text")?;
        let mut blocks = Vec::new();
        while !rest.is_empty() {
            let window = &rest.as_bytes()[..rest.len().min(BLOCK_BYTES)];
            let end = memchr::memrchr(b'\n', window).map_or(rest.len(), |newline| newline + 1);
            let (block, others) = rest.split_at(end);
            blocks.push(block.to_string());
            rest = others;
        }
        Ok(TextBlocks { blocks, lines: text.lines() as u64, bytes: text.as_bytes().len() as u64 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_whole_lines_and_together_the_text() {
        let data = Data { text_bytes: 3 << 20, ..Data::default() };
        let TextBlocks { blocks, lines, bytes } = TextBlocks::render(&data).unwrap();
        assert!(blocks.len() >= 3 && blocks.iter().all(|block| block.len() <= BLOCK_BYTES));
        assert!(blocks.iter().all(|block| block.ends_with('\n')));
        assert_eq!(blocks.iter().map(|block| block.lines().count() as u64).sum::<u64>(), lines);
        assert_eq!(blocks.iter().map(|block| block.len() as u64).sum::<u64>(), bytes);
    }
}
