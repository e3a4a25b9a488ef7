//! Lines: records that end with a newline, looked for from behind.

use memchr::{memchr, memrchr};
use smallvec::SmallVec;

use super::framed::Framed;
use super::kept::Kept;
use super::limit::RecordLimit;
use crate::conf::LongLines;

/// The unfinished line of one connection.
///
/// Invariants: `bytes` has no newline; `bytes.len() <= limit + 1`, the one byte more being room for
/// a carriage return that belongs to the line end.
#[derive(Debug, Default)]
pub(crate) struct LineCarry {
    bytes: Kept,
    /// The line has passed the limit: what comes of it until its newline is dropped.
    overlong: bool,
    /// It was cut there, which counts once it is whole: until then it may be given up, and is no line for that.
    is_cut: bool,
}

impl LineCarry {
    pub(super) fn gap(&self) -> usize {
        self.bytes.len()
    }

    /// The memory that it holds.
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Cost: a search from both ends for a newline, a copy of the carry if there is one, a copy of
    /// the new unfinished line.
    pub(super) fn take(&mut self, buffer: &mut [u8], n: usize, limit: RecordLimit) -> Framed {
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
                self.bytes.copy_to(&mut buffer[..gap]);
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
                    self.bytes.copy_to(&mut buffer[first - gap..first]);
                    first - gap
                }
            }
        };
        framed.records = start..end;
        framed.counts.cut = u64::from(self.is_cut);
        match end == gap + n {
            true => self.give_back(),
            false => self.clear(),
        }
        self.keep(&buffer[end..gap + n], limit, &mut framed);
        framed
    }

    /// What is left is a line without its line end.
    pub(super) fn finish(&mut self, buffer: &mut [u8]) -> Framed {
        let gap = self.gap();
        let mut framed = Framed::default();
        if gap > 0 {
            self.bytes.copy_to(&mut buffer[..gap]);
            buffer[gap] = b'\n';
            framed.records = 0..gap + 1;
            framed.counts.unterminated = 1;
            framed.counts.cut = u64::from(self.is_cut);
        }
        self.give_back();
        framed
    }

    pub(super) fn give_up(&mut self) -> Framed {
        self.give_back();
        self.overlong = true;
        let mut framed = Framed::default();
        framed.counts.rejected = 1;
        framed
    }

    fn keep(&mut self, piece: &[u8], limit: RecordLimit, framed: &mut Framed) {
        if self.overlong {
            return;
        }
        let most = limit.max_bytes + 1;
        if self.bytes.len() + piece.len() <= most {
            self.bytes.append(piece, most);
            return;
        }
        self.overlong = true;
        match limit.long_lines {
            LongLines::Skip => {
                self.bytes.give_back();
                framed.counts.rejected += 1;
            }
            LongLines::Cut => {
                self.bytes.append(&piece[..most - self.bytes.len()], most);
                self.cut(limit.max_bytes);
                self.is_cut = true;
            }
        }
    }

    /// Cuts what is one byte longer than `max_bytes`, on a character's boundary.
    fn cut(&mut self, max_bytes: usize) {
        let from = max_bytes.saturating_sub(3);
        let tail: SmallVec<[u8; 4]> = (from..=max_bytes).map(|i| self.bytes.byte(i)).collect();
        self.bytes.truncate(from + cut_len(&tail, max_bytes - from));
    }

    /// Forgets the line, another one having begun.
    fn clear(&mut self) {
        self.bytes.clear();
        (self.overlong, self.is_cut) = (false, false);
    }

    /// Forgets the line, and gives its memory back: nobody knows when the next one comes.
    fn give_back(&mut self) {
        self.bytes.give_back();
        (self.overlong, self.is_cut) = (false, false);
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
    use crate::progress::LineCounts;

    /// Runs `pieces` through a carry as a receiver would, and gives the bytes of all blocks.
    fn framed(pieces: &[&[u8]], limit: RecordLimit) -> (Vec<u8>, u64) {
        let (mut carry, mut out, mut too_long) = (LineCarry::default(), Vec::new(), 0);
        for piece in pieces {
            let gap = carry.gap();
            let mut buffer = vec![b'?'; gap + piece.len()];
            buffer[gap..].copy_from_slice(piece);
            let framed = carry.take(&mut buffer, piece.len(), limit);
            out.extend_from_slice(&buffer[framed.records]);
            too_long += framed.counts.rejected + framed.counts.cut;
        }
        let mut buffer = vec![b'?'; carry.gap() + 1];
        let framed = carry.finish(&mut buffer);
        out.extend_from_slice(&buffer[framed.records]);
        (out, too_long)
    }

    #[test]
    fn whole_lines_come_out_wherever_the_bytes_are_cut() {
        let text = b"one\n\ntwo\r\nthree";
        let limit = RecordLimit { max_bytes: 1000, long_lines: LongLines::Skip };
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
            let limit = RecordLimit { max_bytes: 8, long_lines: policy };
            let (mut carry, mut too_long) = (LineCarry::default(), 0);
            for _ in 0..10_000 {
                let mut buffer = vec![b'a'; carry.gap() + 100];
                let framed = carry.take(&mut buffer, 100, limit);
                assert!(framed.records.is_empty() && carry.capacity() <= 1024);
                too_long += framed.counts.rejected + framed.counts.cut;
            }
            let gap = carry.gap();
            let mut buffer = vec![0; gap + 6];
            buffer[gap..].copy_from_slice(b"\nnext\n");
            let framed = carry.take(&mut buffer, 6, limit);
            too_long += framed.counts.rejected + framed.counts.cut;
            assert_eq!((too_long, &buffer[framed.records]), (1, kept));
        }
    }

    #[test]
    fn a_line_that_is_cut_and_then_given_up_counts_as_rejected_only() {
        let limit = RecordLimit { max_bytes: 8, long_lines: LongLines::Cut };
        let (mut carry, mut counts) = (LineCarry::default(), LineCounts::default());
        let mut take = |carry: &mut LineCarry, bytes: &[u8]| {
            let gap = carry.gap();
            let mut buffer = [&vec![b'?'; gap][..], bytes].concat();
            let framed = carry.take(&mut buffer, bytes.len(), limit);
            counts += framed.counts;
            buffer[framed.records].to_vec()
        };
        assert!(take(&mut carry, b"more than eight").is_empty());
        let given_up = carry.give_up().counts;
        assert_eq!((given_up.rejected, given_up.cut), (1, 0));
        assert_eq!(take(&mut carry, b" of it\nonce more in two, "), b"");
        assert_eq!(take(&mut carry, b"parts\nlast, long"), b"once mor\n");
        let last = carry.finish(&mut [b'?'; 9]).counts;
        counts += last;
        assert_eq!((counts.rejected, counts.cut, counts.unterminated), (0, 2, 1));
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
