//! Looks at what a window gives.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use millstream::testing::Collector;
use millstream::{DStream, Pipe};

use super::batches::Pair;

/// The results of a window, as far as anybody looks at them.
#[derive(Clone, Default)]
pub(super) struct Seen {
    /// In the last result.
    pub(super) keys: Arc<AtomicUsize>,
    /// Whether the next result is to be kept.
    pub(super) wanted: Arc<AtomicBool>,
    pub(super) results: Collector<Pair>,
}

impl Seen {
    /// Registers the output that looks.
    pub(super) fn see<'b, P: Pipe<'b, Item = Pair>>(self, results: &DStream<'b, P>) {
        results.for_each_rdd(move |rdd, time| {
            self.keys.store(rdd.count() as usize, Ordering::Relaxed);
            if self.wanted.swap(false, Ordering::Relaxed) {
                self.results.push(time, rdd.collect());
            }
        });
    }
}
