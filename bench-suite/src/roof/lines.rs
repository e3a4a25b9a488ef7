//! Counts lines.

use super::receive::{Answer, Kernel};

/// How many lines a text has; a last one without a newline counts.
pub fn count(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64 + unfinished(text)
}

/// One if the text ends within a line.
pub(super) fn unfinished(text: &[u8]) -> u64 {
    u64::from(text.last().is_some_and(|last| *last != b'\n'))
}

/// The lines of one connection.
#[derive(Default)]
pub(super) struct Lines(u64);

impl Kernel for Lines {
    fn feed(&mut self, text: &[u8]) {
        self.0 += count(text);
    }

    fn absorb(&mut self, other: &Self) {
        self.0 += other.0;
    }

    fn clear(&mut self) {
        self.0 = 0;
    }

    fn lines(&self) -> u64 {
        self.0
    }

    fn answer(&self) -> Answer {
        Answer::Counted
    }
}

#[cfg(test)]
mod tests {
    use super::super::odd_text::odd_texts;
    use super::*;

    #[test]
    fn counts_are_the_obvious_ones() {
        for text in odd_texts() {
            let obvious = text.split_inclusive(|byte| *byte == b'\n').count();
            assert_eq!(count(&text), obvious as u64);
        }
    }
}
