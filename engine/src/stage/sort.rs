//! Records of a whole batch in order.

use std::cmp::Ordering;

use super::edge::{Compute, Partitions};
use crate::batch::Batch;
use crate::pipe::{Pipe, push_all};
use crate::time::Time;

/// Sorts by a comparison; equal records keep their order.
pub(crate) struct Sort<P, F> {
    pub(crate) pipe: P,
    pub(crate) compare: F,
}

impl<'b, T, P, F> Compute<'b, T> for Sort<P, F>
where
    T: Clone + Send + Sync + 'b,
    P: Pipe<'b, Item = T>,
    F: Fn(&T, &T) -> Ordering + Send + Sync,
{
    /// Each task sorts its partition; then the sorted runs are merged, which a stable sort of their
    /// concatenation does in one pass for each doubling of their number.
    fn compute(&self, batch: &Batch<'b>) -> Partitions<T> {
        let plan = self.pipe.prepare(batch);
        let runs = batch.run_stage("sort", self.pipe.partitions(&plan), |partition| {
            let mut records = Vec::new();
            push_all(&self.pipe, &plan, partition, |item| records.push(item));
            records.sort_by(&self.compare);
            records
        });
        batch.run_stage("sort (merge)", 1, |_| {
            let mut all: Vec<T> = runs.iter().flatten().cloned().collect();
            all.sort_by(&self.compare);
            all
        })
    }

    fn end_batch(&self, _time: Time) {}
}
