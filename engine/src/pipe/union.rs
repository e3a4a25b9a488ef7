//! Two streams as one: the partitions of the first, then those of the second.

use std::ops::ControlFlow;

use super::sealed::Sealed;
use super::{Pipe, Trace};
use crate::batch::Batch;

/// See [`DStream::union`](crate::DStream::union).
#[derive(Clone)]
pub struct Union<P, Q> {
    pub(crate) first: P,
    pub(crate) second: Q,
}

impl<P, Q> Sealed for Union<P, Q> {}

impl<'b, P: Pipe<'b>, Q: Pipe<'b, Item = P::Item>> Pipe<'b> for Union<P, Q> {
    type Item = P::Item;
    type Plan = (P::Plan, Q::Plan);

    fn prepare(&self, batch: &Batch<'b>) -> Self::Plan {
        (self.first.prepare(batch), self.second.prepare(batch))
    }

    fn partitions(&self, (first, second): &Self::Plan) -> usize {
        self.first.partitions(first) + self.second.partitions(second)
    }

    #[inline]
    fn run<S>(&self, (first, second): &Self::Plan, partition: usize, sink: S) -> ControlFlow<()>
    where
        S: FnMut(P::Item) -> ControlFlow<()>,
    {
        match partition.checked_sub(self.first.partitions(first)) {
            None => self.first.run(first, partition, sink),
            Some(partition) => self.second.run(second, partition, sink),
        }
    }

    fn trace(&self) -> Trace {
        let (first, second) = (self.first.trace(), self.second.trace());
        Trace {
            text: format!("union({}, {})", first.text, second.text),
            sources: [first.sources, second.sources].concat(),
            stages: [first.stages, second.stages].concat(),
            per_block: first.per_block && second.per_block,
        }
    }
}
