//! The records of one pipeline that another has not.

use std::collections::HashSet;
use std::hash::Hash;

use super::edge::{Compute, Partitions};
use crate::batch::Batch;
use crate::pipe::{Pipe, push_all};
use crate::time::Time;

pub(crate) struct Subtract<P, Q> {
    pub(crate) pipe: P,
    pub(crate) without: Q,
}

impl<'b, T, P, Q> Compute<'b, T> for Subtract<P, Q>
where
    T: Eq + Hash + Send + Sync + 'b,
    P: Pipe<'b, Item = T>,
    Q: Pipe<'b, Item = T>,
{
    fn compute(&self, batch: &Batch<'b>) -> Partitions<T> {
        let others = self.without.prepare(batch);
        let others = batch.run_stage("subtract (gather)", self.without.partitions(&others), |i| {
            let mut records = HashSet::new();
            push_all(&self.without, &others, i, |item| {
                records.insert(item);
            });
            records
        });
        let plan = self.pipe.prepare(batch);
        batch.run_stage("subtract", self.pipe.partitions(&plan), |partition| {
            let mut left = Vec::new();
            push_all(&self.pipe, &plan, partition, |item| {
                if !others.iter().any(|records| records.contains(&item)) {
                    left.push(item);
                }
            });
            left
        })
    }

    fn end_batch(&self, _time: Time) {}
}
