//! What batches have shown can be processed in an interval.

use std::collections::VecDeque;

/// A batch that takes less than this share of its interval says only that more could be processed.
const TELLING_SHARE: f64 = 0.05;

/// The least of this many telling batches counts: a batch is quick now and then because its
/// receivers were held back.
const TELLING_BATCHES: usize = 4;

/// How many bytes that is, as far as it is known.
pub(super) struct Capacity {
    bytes: f64,
    telling: VecDeque<f64>,
}

impl Capacity {
    /// Before any batch has shown it.
    pub(super) fn supposed(bytes: f64) -> Self {
        Capacity { bytes, telling: VecDeque::new() }
    }

    pub(super) fn bytes(&self) -> f64 {
        self.bytes
    }

    /// A batch of so many bytes took this share of its interval.
    pub(super) fn shown(&mut self, bytes: u64, share: f64) {
        let shown = bytes as f64 / share.max(TELLING_SHARE);
        if share >= TELLING_SHARE && bytes > 0 {
            self.telling.push_back(shown);
            if self.telling.len() > TELLING_BATCHES {
                self.telling.pop_front();
            }
            self.bytes = self.telling.iter().copied().fold(f64::INFINITY, f64::min);
        } else if shown > self.bytes {
            self.telling.clear();
            self.bytes = shown;
        }
    }
}
