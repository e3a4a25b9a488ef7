//! Counts the calls of a window's functions.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Counts calls of functions, each thread in a place of its own, so that counting costs little; or
/// counts none, where only time is asked for.
#[derive(Clone)]
pub(crate) struct Calls(Option<Arc<[Counter; 16]>>);

/// A cache line's worth.
#[derive(Default)]
#[repr(align(128))]
struct Counter(AtomicU64);

impl Calls {
    pub(super) fn counting() -> Self {
        Calls(Some(Arc::default()))
    }

    pub(crate) fn not_counting() -> Self {
        Calls(None)
    }

    /// Gives `result`, and counts the call that has made it.
    pub(super) fn counted(&self, result: u64) -> u64 {
        let Some(counters) = &self.0 else { return result };
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local!(static PLACE: Cell<Option<usize>> = const { Cell::new(None) });
        let place = PLACE.get().unwrap_or_else(|| {
            let place = THREADS.fetch_add(1, Ordering::Relaxed) % 16;
            PLACE.set(Some(place));
            place
        });
        counters[place].0.fetch_add(1, Ordering::Relaxed);
        result
    }

    pub(super) fn so_far(&self) -> u64 {
        let counters = self.0.iter().flat_map(|counters| counters.iter());
        counters.map(|counter| counter.0.load(Ordering::Relaxed)).sum()
    }
}
