//! Counts the calls of a window's functions.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Counts calls of functions, each thread in a place of its own, so that counting costs little.
#[derive(Clone, Default)]
pub(super) struct Calls(Arc<[Counter; 16]>);

/// A cache line's worth.
#[derive(Default)]
#[repr(align(128))]
struct Counter(AtomicU64);

impl Calls {
    /// Gives `result`, and counts the call that has made it.
    pub(super) fn counted(&self, result: u64) -> u64 {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local!(static PLACE: Cell<Option<usize>> = const { Cell::new(None) });
        let place = PLACE.get().unwrap_or_else(|| {
            let place = THREADS.fetch_add(1, Ordering::Relaxed) % 16;
            PLACE.set(Some(place));
            place
        });
        self.0[place].0.fetch_add(1, Ordering::Relaxed);
        result
    }

    pub(super) fn so_far(&self) -> u64 {
        self.0.iter().map(|counter| counter.0.load(Ordering::Relaxed)).sum()
    }
}
