//! How much of the files that wait may be read now: one budget for all the batches that are kept.

use std::collections::VecDeque;

/// What is left of a budget. A batch gives back what it took when no window reaches it any more.
pub(super) struct Room {
    budget_bytes: u64,
    batches_kept: usize,
    /// What each batch that is kept has taken, this one first.
    taken_bytes: VecDeque<u64>,
}

/// Whether a file fits.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fits {
    /// It does, and has its room.
    Now,
    /// When batches before have given back what they took.
    Later,
    /// Not even alone.
    Never,
}

impl Room {
    pub(super) fn new(budget_bytes: u64, batches_kept: usize) -> Self {
        Room { budget_bytes, batches_kept, taken_bytes: VecDeque::new() }
    }

    pub(super) fn budget_bytes(&self) -> u64 {
        self.budget_bytes
    }

    /// The next batch begins.
    pub(super) fn next_batch(&mut self) {
        self.taken_bytes.push_front(0);
        self.taken_bytes.truncate(self.batches_kept);
    }

    /// Takes room for a file.
    pub(super) fn take(&mut self, bytes: u64) -> Fits {
        let left = self.budget_bytes - self.taken_bytes.iter().sum::<u64>();
        match self.taken_bytes.front_mut() {
            _ if bytes > self.budget_bytes => Fits::Never,
            Some(taken) if bytes <= left => {
                *taken += bytes;
                Fits::Now
            }
            _ => Fits::Later,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_batches_that_are_kept_share_the_budget() {
        let mut room = Room::new(10, 3);
        let mut batch = |bytes: &[u64]| -> Vec<Fits> {
            room.next_batch();
            bytes.iter().map(|&bytes| room.take(bytes)).collect()
        };
        assert_eq!(batch(&[4, 3, 4, 11]), [Fits::Now, Fits::Now, Fits::Later, Fits::Never]);
        assert_eq!(batch(&[3, 1]), [Fits::Now, Fits::Later]);
        assert_eq!(batch(&[1]), [Fits::Later]);
        assert_eq!(batch(&[7, 1]), [Fits::Now, Fits::Later], "the first batch is gone");
    }
}
