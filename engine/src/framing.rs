//! From bytes that arrive in pieces to whole lines that lie in one piece.
//!
//! The receiver does no work per line. After each read it looks for the last newline from behind:
//! what is before it are whole lines, what is after it is the beginning of an unfinished one, which
//! this file's [`Carry`] keeps until the rest comes. The next read leaves a gap of the carry's
//! length in front of itself, and the carry is copied there once its newline has come. So each byte
//! of an unfinished line is copied at most twice, however small the pieces.
//!
//! Whatever lies in a block is whole lines, each ended by a newline. Lines are looked at one by one
//! only where the block is worked on, in [`crate::text`].

use std::ops::Range;

use memchr::{memchr, memrchr};

use crate::conf::LongLines;

/// The unfinished line of one connection.
///
/// Invariants: `bytes` has no newline; `bytes.len() <= limit + 1`, the one byte more being room for
/// a carriage return that belongs to the line end.
#[derive(Debug, Default)]
pub(crate) struct Carry {
    bytes: Vec<u8>,
    /// The line has passed the limit: what comes of it until its newline is dropped.
    overlong: bool,
}

/// How long a line may be, and what becomes of a longer one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LineLimit {
    pub(crate) max_bytes: usize,
    pub(crate) policy: LongLines,
}

/// What a read completed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Framed {
    /// Where the whole lines lie in the buffer; empty where no line was completed.
    pub(crate) lines: Range<usize>,
    /// Over-long lines that were dropped.
    pub(crate) rejected: u64,
    /// Over-long lines that were cut.
    pub(crate) cut: u64,
}

impl Carry {
    /// The bytes to leave free in front of the next read.
    pub(crate) fn gap(&self) -> usize {
        self.bytes.len()
    }

    /// The memory that it holds.
    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Takes in a read: `buffer[..gap]` is free, `buffer[gap..gap + n]` is what has arrived.
    ///
    /// Cost: a search from both ends for a newline, a copy of the carry if there is one, a copy of
    /// the new unfinished line.
    pub(crate) fn take(&mut self, buffer: &mut [u8], n: usize, limit: LineLimit) -> Framed {
        let gap = self.gap();
        let arrived = gap..gap + n;
        let mut framed = Framed::default();

        let Some(last) = memrchr(b'\n', &buffer[arrived.clone()]) else {
            self.keep(&buffer[arrived], limit, &mut framed);
            return framed;
        };
        let end = gap + last + 1;
        let start = match (self.overlong, gap) {
            (false, 0) => 0,
            (false, _) => {
                buffer[..gap].copy_from_slice(&self.bytes);
                0
            }
            (true, _) => {
                let first = gap
                    + memchr(b'\n', &buffer[gap..end])
                        .expect("there is a last one, so there is a first");
                if gap == 0 {
                    first + 1
                } else {
                    // The policy is to cut: what was kept goes right in front of the newline.
                    buffer[first - gap..first].copy_from_slice(&self.bytes);
                    first - gap
                }
            }
        };
        framed.lines = start..end;
        self.clear();
        self.keep(&buffer[end..gap + n], limit, &mut framed);
        framed
    }

    /// The connection has ended: `buffer[..gap + 1]` is free. What is left is a line without its
    /// line end.
    pub(crate) fn finish(&mut self, buffer: &mut [u8]) -> Option<Range<usize>> {
        let gap = self.gap();
        let there = gap > 0;
        if there {
            buffer[..gap].copy_from_slice(&self.bytes);
            buffer[gap] = b'\n';
        }
        self.clear();
        there.then_some(0..gap + 1)
    }

    /// Gives up the unfinished line as if it had passed the limit. For a receiver whose carries
    /// together hold too much.
    pub(crate) fn give_up(&mut self) -> Framed {
        self.clear();
        self.overlong = true;
        Framed { rejected: 1, ..Framed::default() }
    }

    fn keep(&mut self, piece: &[u8], limit: LineLimit, framed: &mut Framed) {
        if self.overlong {
            return;
        }
        let len = self.bytes.len() + piece.len();
        if len <= limit.max_bytes + 1 {
            if len > self.bytes.capacity() {
                // Doubled, as a vector does, but never past what a line may have.
                let wanted = len.max(2 * self.bytes.capacity()).min(limit.max_bytes + 1);
                self.bytes.reserve_exact(wanted - self.bytes.len());
            }
            self.bytes.extend_from_slice(piece);
            return;
        }
        self.overlong = true;
        match limit.policy {
            LongLines::Skip => {
                self.bytes = Vec::new();
                framed.rejected += 1;
            }
            LongLines::Cut => {
                let room = (limit.max_bytes + 1).saturating_sub(self.bytes.len());
                self.bytes.extend_from_slice(&piece[..room.min(piece.len())]);
                self.bytes.truncate(cut_len(&self.bytes, limit.max_bytes));
                framed.cut += 1;
            }
        }
    }

    /// Forgets the line, and gives back memory that an idle connection has no use for.
    fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(1024);
        self.overlong = false;
    }
}

fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

fn start_of_last_char(bytes: &[u8]) -> usize {
    let tail = bytes.len().saturating_sub(3);
    (tail..bytes.len()).rev().find(|&i| !is_continuation(bytes[i])).unwrap_or(bytes.len())
}

/// Where to cut a line that is longer than `max_bytes`: at the limit, or up to three bytes earlier
/// where that would be inside a character.
pub(crate) fn cut_len(line: &[u8], max_bytes: usize) -> usize {
    match line.get(max_bytes) {
        Some(&next) if is_continuation(next) => start_of_last_char(&line[..max_bytes]),
        _ => max_bytes.min(line.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs `pieces` through a carry as a receiver would, and gives the bytes of all blocks.
    fn framed(pieces: &[&[u8]], limit: LineLimit) -> (Vec<u8>, u64) {
        let (mut carry, mut out, mut too_long) = (Carry::default(), Vec::new(), 0);
        for piece in pieces {
            let gap = carry.gap();
            let mut buffer = vec![b'?'; gap + piece.len()];
            buffer[gap..].copy_from_slice(piece);
            let framed = carry.take(&mut buffer, piece.len(), limit);
            out.extend_from_slice(&buffer[framed.lines]);
            too_long += framed.rejected + framed.cut;
        }
        let mut buffer = vec![b'?'; carry.gap() + 1];
        if let Some(range) = carry.finish(&mut buffer) {
            out.extend_from_slice(&buffer[range]);
        }
        (out, too_long)
    }

    #[test]
    fn whole_lines_come_out_wherever_the_bytes_are_cut() {
        let text = b"one\n\ntwo\r\nthree";
        let limit = LineLimit { max_bytes: 1000, policy: LongLines::Skip };
        for i in 0..=text.len() {
            for j in i..=text.len() {
                let (out, _) = framed(&[&text[..i], &text[i..j], &text[j..]], limit);
                assert_eq!(out, b"one\n\ntwo\r\nthree\n", "cut at {i} and {j}");
            }
        }
    }

    #[test]
    fn an_endless_line_takes_no_more_than_the_limit_and_leaves_the_next_intact() {
        for (policy, kept) in
            [(LongLines::Skip, &b"next\n"[..]), (LongLines::Cut, b"aaaaaaaa\nnext\n")]
        {
            let limit = LineLimit { max_bytes: 8, policy };
            let (mut carry, mut too_long) = (Carry::default(), 0);
            for _ in 0..10_000 {
                let mut buffer = vec![b'a'; carry.gap() + 100];
                let framed = carry.take(&mut buffer, 100, limit);
                assert!(framed.lines.is_empty() && carry.capacity() <= 1024);
                too_long += framed.rejected + framed.cut;
            }
            let gap = carry.gap();
            let mut buffer = vec![0; gap + 6];
            buffer[gap..].copy_from_slice(b"\nnext\n");
            let framed = carry.take(&mut buffer, 6, limit);
            assert_eq!((too_long, &buffer[framed.lines]), (1, kept));
        }
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(cut_len("aaaa".as_bytes(), 8), 4);
        assert_eq!(cut_len("aaaaaaaaa".as_bytes(), 8), 8);
        assert_eq!(cut_len("aaaaaaa€".as_bytes(), 8), 7);
        assert_eq!(cut_len("aaaaaaa€".as_bytes(), 9), 7);
        assert_eq!(cut_len("aaaaaaa€b".as_bytes(), 10), 10);
        assert_eq!(cut_len(&[0x80; 20], 8), 8);
    }
}
