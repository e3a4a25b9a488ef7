//! What a batch counts while its partitions run, exact although tasks are tried again.
//!
//! A plan has a tally with a cell for each of its partitions. A run of a partition counts by itself
//! and writes what it has counted when it ends, so a task that panics half way leaves nothing, and
//! one that is run again writes the same number over.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

/// One plan's counts, a cell for each partition.
#[derive(Clone)]
pub(crate) struct Tally(Arc<[AtomicU64]>);

impl Tally {
    /// A run of `partition` has ended and counted `n`. A run that its reader stopped early has
    /// counted less than one that went on, so the most that any has counted stands.
    pub(crate) fn ended(&self, partition: usize, n: u64) {
        if n > 0 {
            self.0[partition].fetch_max(n, Ordering::Relaxed);
        }
    }
}

/// The tallies of a batch's plans.
#[derive(Default)]
pub(crate) struct Tallies(Mutex<Vec<Tally>>);

impl Tallies {
    /// A tally for a plan of so many partitions.
    pub(crate) fn open(&self, partitions: usize) -> Tally {
        let tally = Tally((0..partitions).map(|_| AtomicU64::new(0)).collect());
        self.0.lock().push(tally.clone());
        tally
    }

    /// What all tallies that were opened since the last call have counted.
    pub(crate) fn take(&self) -> u64 {
        let tallies = std::mem::take(&mut *self.0.lock());
        tallies.iter().flat_map(|tally| &*tally.0).map(|n| n.load(Ordering::Relaxed)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_that_is_run_again_counts_once() {
        let tallies = Tallies::default();
        let (a, b) = (tallies.open(2), tallies.open(1));
        a.ended(0, 3);
        a.ended(0, 3);
        a.ended(1, 2);
        a.ended(1, 1);
        b.ended(0, 10);
        assert_eq!(tallies.take(), 15);
        assert_eq!(tallies.take(), 0, "what was taken is not counted again");
    }
}
