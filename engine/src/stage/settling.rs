//! The end of a batch for what outlives it: its changes become state, or are dropped.

use rayon::ThreadPool;
use rayon::iter::ParallelIterator;
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, IntoParallelRefMutIterator};

use crate::time::Time;

/// Fewer entries than this are applied where they are: dividing them would cost more than it saves.
const LEAST_ENTRIES_TO_DIVIDE: usize = 8 << 10;

/// How a batch has ended, and who helps to apply what it changes.
pub(crate) struct Settling<'e> {
    pub(crate) time: Time,
    /// Whether its changes become state.
    pub(crate) commit: bool,
    pub(crate) tasks: &'e ThreadPool,
}

impl Settling<'_> {
    /// Applies to each part the change that is meant for it. `entries` says how much there is to do
    /// for a change.
    pub(crate) fn apply<P: Send, C: Send>(
        &self,
        parts: &mut [P],
        changes: Vec<C>,
        entries: impl Fn(&C) -> usize,
        apply: impl Fn(&mut P, C) + Sync,
    ) {
        let entries: usize = changes.iter().map(entries).sum();
        if entries < LEAST_ENTRIES_TO_DIVIDE {
            parts.iter_mut().zip(changes).for_each(|(part, change)| apply(part, change));
        } else {
            self.tasks.install(|| {
                let both = parts.par_iter_mut().zip(changes.into_par_iter()).with_max_len(1);
                both.for_each(|(part, change)| apply(part, change));
            });
        }
    }
}
