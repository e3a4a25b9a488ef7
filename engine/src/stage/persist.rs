//! Records computed once and shared by their readers.

use super::edge::{Compute, Partitions};
use crate::batch::Batch;
use crate::pipe::{Pipe, push_all, run_stage};
use crate::time::Time;

pub(crate) struct Persist<P>(pub(crate) P);

impl<'b, T: Send + Sync + 'b, P: Pipe<'b, Item = T>> Compute<'b, T> for Persist<P> {
    fn compute(&self, batch: &Batch<'b>) -> Partitions<T> {
        let plan = self.0.prepare(batch);
        run_stage(batch, "persist", &self.0, &plan, |partition| {
            let mut records = Vec::new();
            push_all(&self.0, &plan, partition, |item| records.push(item));
            records
        })
    }

    fn end_batch(&self, _time: Time) {}
}
