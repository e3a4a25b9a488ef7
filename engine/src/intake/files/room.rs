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

    /// What the batches that are kept have taken, the last one first.
    pub(super) fn taken_bytes(&self) -> Vec<u64> {
        self.taken_bytes.iter().copied().collect()
    }

    /// Goes on where so much was taken.
    pub(super) fn restore(&mut self, taken_bytes: Vec<u64>) {
        self.taken_bytes = taken_bytes.into();
        self.taken_bytes.truncate(self.batches_kept);
    }

    /// Takes room for a file that has had it before, whether it fits or not.
    pub(super) fn take_again(&mut self, bytes: u64) {
        if let Some(taken) = self.taken_bytes.front_mut() {
            *taken += bytes;
        }
    }

    /// The next batch begins.
    pub(super) fn next_batch(&mut self) {
        self.taken_bytes.push_front(0);
        self.taken_bytes.truncate(self.batches_kept);
    }

    /// Takes room for a file.
    pub(super) fn take(&mut self, bytes: u64) -> Fits {
        // More may be taken than there is now, by batches from before a restart.
        let left = self.budget_bytes.saturating_sub(self.taken_bytes.iter().sum());
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

    #[test]
    fn a_smaller_budget_after_a_restart_waits_until_what_was_taken_is_given_back() {
        let mut room = Room::new(10, 2);
        room.restore(vec![8, 7, 6]);
        room.next_batch();
        room.take_again(9);
        assert_eq!((room.taken_bytes(), room.take(1)), (vec![9, 8], Fits::Later));
        room.next_batch();
        assert_eq!(room.take(1), Fits::Now);
    }
}
