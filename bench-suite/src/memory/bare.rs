//! Bare loops over batches in memory.

use anyhow::Result;

use super::{Found, Worker};

/// A loop over the items of a batch: blocks of text, or pairs.
pub(super) struct Bare<T, F> {
    items: Vec<T>,
    records: u64,
    bytes: u64,
    batch: Vec<T>,
    work: F,
}

impl<T, F: FnMut(&[T]) -> Found> Bare<T, F> {
    /// Over batches of these items, which are so many records of so many bytes.
    pub(super) fn new(items: Vec<T>, (records, bytes): (u64, u64), work: F) -> Self {
        Bare { items, records, bytes, batch: Vec::new(), work }
    }
}

impl<T: Clone, F: FnMut(&[T]) -> Found> Worker for Bare<T, F> {
    fn records(&self) -> u64 {
        self.records
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn provide(&mut self) {
        // A copy like the one that the engine is given, in place of the last one.
        self.batch = self.items.clone();
    }

    fn work(&mut self) -> Result<Found> {
        Ok((self.work)(&self.batch))
    }
}
