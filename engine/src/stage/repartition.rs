//! Records dealt out to another number of partitions.

use super::edge::{Compute, Partitions};
use crate::batch::Batch;
use crate::pipe::{Pipe, push_all};
use crate::time::Time;

pub(crate) struct Repartition<P> {
    pub(crate) pipe: P,
    /// At least one.
    pub(crate) partitions: usize,
}

impl<'b, T: Send + Sync + 'b, P: Pipe<'b, Item = T>> Compute<'b, T> for Repartition<P> {
    /// Each task deals its records out in turn, from a place that depends on its number, so that
    /// small partitions do not all begin with the first.
    fn compute(&self, batch: &Batch<'b>) -> Partitions<T> {
        let plan = self.pipe.prepare(batch);
        let dealt = batch.run_stage("repartition", self.pipe.partitions(&plan), |task| {
            let mut hands: Vec<Vec<T>> = (0..self.partitions).map(|_| Vec::new()).collect();
            let mut next = task % self.partitions;
            push_all(&self.pipe, &plan, task, |item| {
                hands[next].push(item);
                next = if next + 1 == self.partitions { 0 } else { next + 1 };
            });
            hands
        });
        let mut partitions: Partitions<T> = (0..self.partitions).map(|_| Vec::new()).collect();
        for mut hands in dealt {
            for (partition, hand) in partitions.iter_mut().zip(&mut hands) {
                partition.append(hand);
            }
        }
        partitions
    }

    fn end_batch(&self, _time: Time) {}
}
