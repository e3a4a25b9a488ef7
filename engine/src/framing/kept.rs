//! The bytes of an unfinished record, in pieces: it grows without being copied, and takes little more
//! memory than it has bytes.

/// The first piece grows by doubling up to so many bytes; each further one has as many from the beginning.
const PIECE_BYTES: usize = 64 << 10;

/// So much stays with a connection from one unfinished record to the next.
const STAYS_BYTES: usize = 1 << 10;

/// Bytes in pieces.
///
/// Invariants: where there are more pieces than the first, all but the last have [`PIECE_BYTES`].
#[derive(Debug, Default)]
pub(super) struct Kept {
    first: Vec<u8>,
    more: Vec<Vec<u8>>,
    len: usize,
    /// The memory of those pieces.
    more_bytes: usize,
}

impl Kept {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The memory that it takes.
    pub(super) fn capacity(&self) -> usize {
        self.first.capacity() + self.more_bytes
    }

    /// What it begins with: all of it, or more than any length in front of a record.
    pub(super) fn beginning(&self) -> &[u8] {
        &self.first
    }

    /// Appends `bytes`. There will never be more than `most` in all, so no memory is taken for that.
    pub(super) fn append(&mut self, mut bytes: &[u8], most: usize) {
        while !bytes.is_empty() {
            let piece = match self.more.is_empty() && self.first.len() < PIECE_BYTES {
                true => {
                    let wanted = (self.first.len() + bytes.len()).min(PIECE_BYTES);
                    if wanted > self.first.capacity() {
                        let doubled = (2 * self.first.capacity()).min(PIECE_BYTES).min(most);
                        self.first.reserve_exact(wanted.max(doubled) - self.first.len());
                    }
                    &mut self.first
                }
                false => {
                    if self.more.last().is_none_or(|last| last.len() == PIECE_BYTES) {
                        let left = most.saturating_sub(self.len).max(1);
                        let piece = Vec::with_capacity(PIECE_BYTES.min(left));
                        self.more_bytes += piece.capacity();
                        self.more.push(piece);
                    }
                    self.more.last_mut().expect("there is one, if not before then since now")
                }
            };
            let (now, later) = bytes.split_at(bytes.len().min(PIECE_BYTES - piece.len()));
            piece.extend_from_slice(now);
            self.len += now.len();
            bytes = later;
        }
    }

    /// The byte at `index`, which there is.
    pub(super) fn byte(&self, index: usize) -> u8 {
        match index.checked_sub(PIECE_BYTES) {
            None => self.first[index],
            Some(behind) => self.more[behind / PIECE_BYTES][behind % PIECE_BYTES],
        }
    }

    /// Forgets all but the first `len` bytes.
    pub(super) fn truncate(&mut self, len: usize) {
        while self.len > len {
            let last = self.more.last_mut().unwrap_or(&mut self.first);
            let kept = last.len().saturating_sub(self.len - len);
            self.len -= last.len() - kept;
            last.truncate(kept);
            if kept == 0
                && let Some(piece) = self.more.pop()
            {
                self.more_bytes -= piece.capacity();
            }
        }
    }

    /// Copies all of it to `buffer`, which is as long.
    pub(super) fn copy_to(&self, mut buffer: &mut [u8]) {
        for piece in [&self.first].into_iter().chain(&self.more) {
            let (here, rest) = buffer.split_at_mut(piece.len());
            here.copy_from_slice(piece);
            buffer = rest;
        }
    }

    /// Forgets all of it. Keeps a little memory for the next record, of which something has come.
    pub(super) fn clear(&mut self) {
        let mut first = std::mem::take(&mut self.first);
        first.clear();
        first.shrink_to(STAYS_BYTES);
        *self = Kept { first, ..Kept::default() };
    }

    /// Forgets all of it, and keeps no memory.
    pub(super) fn give_back(&mut self) {
        *self = Kept::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(len: usize) -> Vec<u8> {
        (0..len).map(|i| (i % 251) as u8).collect()
    }

    fn kept(all: &[u8], step: usize, most: usize) -> Kept {
        let mut kept = Kept::default();
        for part in all.chunks(step) {
            kept.append(part, most);
        }
        kept
    }

    fn content(kept: &Kept) -> Vec<u8> {
        let mut buffer = vec![0; kept.len()];
        kept.copy_to(&mut buffer);
        buffer
    }

    #[test]
    fn however_it_comes_it_is_what_a_list_would_be() {
        for len in [0, 1, 1000, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 200_000] {
            for step in [997, 40_000, 300_000] {
                let all = bytes(len);
                let kept = kept(&all, step, 1 << 20);
                assert_eq!(content(&kept), all, "{len} in steps of {step}");
                assert!((0..len).step_by(101).all(|i| kept.byte(i) == all[i]));
            }
        }
    }

    #[test]
    fn it_takes_no_more_than_twice_its_bytes_and_a_long_one_a_piece_more() {
        for (len, most) in [(10, 1 << 20), (50_000, 1 << 20), (900_000, 1 << 20), (70_001, 70_001)]
        {
            let capacity = kept(&bytes(len), 777, most).capacity();
            assert!(capacity <= (2 * len).min(len + PIECE_BYTES).min(most), "{len}: {capacity}");
        }
    }

    #[test]
    fn what_is_cut_off_is_gone_with_its_memory() {
        let all = bytes(3 * PIECE_BYTES);
        for len in [0, 5, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES + 7, all.len()] {
            let mut kept = kept(&all, 50_000, 1 << 20);
            kept.truncate(len);
            assert_eq!(content(&kept), all[..len]);
            assert!(kept.capacity() <= len.next_multiple_of(PIECE_BYTES).max(PIECE_BYTES));
        }
        let mut kept = kept(&all, 50_000, 1 << 20);
        kept.clear();
        assert!((kept.len(), content(&kept)) == (0, vec![]) && kept.capacity() <= STAYS_BYTES);
        kept.give_back();
        assert_eq!(kept.capacity(), 0);
    }
}
