//! Every record of one pipeline with every record of another.

use std::ops::ControlFlow;

use super::sealed::Sealed;
use super::{Pipe, Trace};
use crate::batch::Batch;

/// See [`Rdd::cartesian`](crate::Rdd::cartesian).
#[derive(Clone)]
pub struct Product<P, Q> {
    pub(crate) first: P,
    pub(crate) second: Q,
}

impl<P, Q> Sealed for Product<P, Q> {}

impl<'b, P, Q> Pipe<'b> for Product<P, Q>
where
    P: Pipe<'b, Item: Clone>,
    Q: Pipe<'b>,
{
    type Item = (P::Item, Q::Item);
    type Plan = (P::Plan, Q::Plan);

    fn prepare(&self, batch: &Batch<'b>) -> Self::Plan {
        (self.first.prepare(batch), self.second.prepare(batch))
    }

    fn partitions(&self, (first, second): &Self::Plan) -> usize {
        self.first.partitions(first) * self.second.partitions(second)
    }

    /// A partition is one of the first with one of the second, which is run again for each record
    /// of the first.
    fn run<S>(&self, (first, second): &Self::Plan, partition: usize, mut sink: S) -> ControlFlow<()>
    where
        S: FnMut(Self::Item) -> ControlFlow<()>,
    {
        let of_second = self.second.partitions(second);
        self.first.run(first, partition / of_second, |a| {
            self.second.run(second, partition % of_second, |b| sink((a.clone(), b)))
        })
    }

    fn count(&self, (first, second): &Self::Plan, partition: usize) -> u64 {
        let of_second = self.second.partitions(second);
        self.first.count(first, partition / of_second)
            * self.second.count(second, partition % of_second)
    }

    fn trace(&self) -> Trace {
        Trace::join("cartesian", vec![self.first.trace(), self.second.trace()]).whole()
    }
}
