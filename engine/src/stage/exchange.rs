//! Pairs brought to the partition of their key: the one way by which records change partitions by
//! key without being brought together.

use std::marker::PhantomData;

use super::edge::{Compute, Partitions};
use crate::batch::Batch;
use crate::keyed::key::Key;
use crate::partition::partition_of;
use crate::pipe::{Pipe, push_all};
use crate::time::Time;

pub(crate) struct Exchange<P, K> {
    pub(crate) pipe: P,
    /// Left out, as many as tasks run at once.
    pub(crate) partitions: Option<usize>,
    pub(crate) _key: PhantomData<fn() -> K>,
}

impl<'b, K, V, P> Compute<'b, (K, V)> for Exchange<P, K>
where
    K: Key<'b>,
    V: Send + Sync + 'b,
    P: Pipe<'b, Item = (K, V)>,
{
    /// Order is kept among the records of a partition that came from one partition, and these come
    /// in the order of those partitions.
    fn compute(&self, batch: &Batch<'b>) -> Partitions<(K, V)> {
        let partitions = self.partitions.unwrap_or(batch.parallelism());
        let plan = self.pipe.prepare(batch);
        let sent = batch.run_stage("exchange", self.pipe.partitions(&plan), |task| {
            let mut out: Partitions<(K, V)> = (0..partitions).map(|_| Vec::new()).collect();
            let mut entered = 0;
            push_all(&self.pipe, &plan, task, |(key, value)| {
                out[partition_of(&key, partitions)].push((key, value));
                entered += 1;
            });
            (entered, out)
        });
        let entered: usize = sent.iter().map(|(entered, _)| entered).sum();
        let mut received: Partitions<(K, V)> = (0..partitions).map(|_| Vec::new()).collect();
        for (_, mut out) in sent {
            for (partition, records) in received.iter_mut().zip(&mut out) {
                partition.append(records);
            }
        }
        let left: usize = received.iter().map(Vec::len).sum();
        assert_eq!(entered, left, "what enters an exchange leaves it");
        received
    }

    fn end_batch(&self, _time: Time) {}
}
