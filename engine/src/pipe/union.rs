//! Streams as one: the partitions of the first, then those of the next.

use std::ops::ControlFlow;

use super::sealed::Sealed;
use super::{Pipe, Text, TextPiece, Trace};
use crate::batch::Batch;
use crate::columns::Fields;

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

    #[inline]
    fn run_text<S>(
        &self,
        (first, second): &Self::Plan,
        partition: usize,
        sink: S,
    ) -> ControlFlow<()>
    where
        S: FnMut(TextPiece<'b>) -> ControlFlow<()>,
        P::Item: Text<'b>,
    {
        match partition.checked_sub(self.first.partitions(first)) {
            None => self.first.run_text(first, partition, sink),
            Some(partition) => self.second.run_text(second, partition, sink),
        }
    }

    #[inline]
    fn run_columns<S>(
        &self,
        (first, second): &Self::Plan,
        partition: usize,
        separator: char,
        sink: S,
    ) -> ControlFlow<()>
    where
        S: FnMut(Fields<'b>) -> ControlFlow<()>,
        P::Item: Text<'b>,
    {
        match partition.checked_sub(self.first.partitions(first)) {
            None => self.first.run_columns(first, partition, separator, sink),
            Some(partition) => self.second.run_columns(second, partition, separator, sink),
        }
    }

    fn count(&self, (first, second): &Self::Plan, partition: usize) -> u64 {
        match partition.checked_sub(self.first.partitions(first)) {
            None => self.first.count(first, partition),
            Some(partition) => self.second.count(second, partition),
        }
    }

    fn trace(&self) -> Trace {
        Trace::join("union", vec![self.first.trace(), self.second.trace()])
    }
}

/// See [`Scope::union`](crate::Scope::union).
#[derive(Clone)]
pub struct UnionOfMany<P> {
    pub(crate) pipes: Vec<P>,
}

/// The plan of each pipe, and the number of its first partition in the union.
#[doc(hidden)]
pub struct Plans<Plan> {
    plans: Vec<(usize, Plan)>,
    partitions: usize,
}

impl<Plan> Plans<Plan> {
    /// The plans of one pipe for several batches.
    pub(super) fn of<'b, P: Pipe<'b, Plan = Plan>>(
        pipe: &P,
        plans: impl Iterator<Item = Plan>,
    ) -> Self {
        Self::numbered(plans.map(|plan| (pipe.partitions(&plan), plan)))
    }

    /// The plans, each with the number of its partitions.
    fn numbered(counted: impl Iterator<Item = (usize, Plan)>) -> Self {
        let mut partitions = 0;
        let numbered = counted.map(|(count, plan)| {
            let first = partitions;
            partitions += count;
            (first, plan)
        });
        Plans { plans: numbered.collect(), partitions }
    }

    pub(super) fn partitions(&self) -> usize {
        self.partitions
    }

    /// Which pipe has this partition, its plan, and the partition's number there.
    pub(super) fn find(&self, partition: usize) -> (usize, &Plan, usize) {
        let pipe = self.plans.partition_point(|(first, _)| *first <= partition) - 1;
        let (first, plan) = &self.plans[pipe];
        (pipe, plan, partition - first)
    }
}

impl<P> Sealed for UnionOfMany<P> {}

impl<'b, P: Pipe<'b>> Pipe<'b> for UnionOfMany<P> {
    type Item = P::Item;
    type Plan = Plans<P::Plan>;

    fn prepare(&self, batch: &Batch<'b>) -> Self::Plan {
        Plans::numbered(self.pipes.iter().map(|pipe| {
            let plan = pipe.prepare(batch);
            (pipe.partitions(&plan), plan)
        }))
    }

    fn partitions(&self, plan: &Self::Plan) -> usize {
        plan.partitions
    }

    #[inline]
    fn run<S>(&self, plan: &Self::Plan, partition: usize, sink: S) -> ControlFlow<()>
    where
        S: FnMut(P::Item) -> ControlFlow<()>,
    {
        let (pipe, plan, partition) = plan.find(partition);
        self.pipes[pipe].run(plan, partition, sink)
    }

    #[inline]
    fn run_text<S>(&self, plan: &Self::Plan, partition: usize, sink: S) -> ControlFlow<()>
    where
        S: FnMut(TextPiece<'b>) -> ControlFlow<()>,
        P::Item: Text<'b>,
    {
        let (pipe, plan, partition) = plan.find(partition);
        self.pipes[pipe].run_text(plan, partition, sink)
    }

    #[inline]
    fn run_columns<S>(
        &self,
        plan: &Self::Plan,
        partition: usize,
        separator: char,
        sink: S,
    ) -> ControlFlow<()>
    where
        S: FnMut(Fields<'b>) -> ControlFlow<()>,
        P::Item: Text<'b>,
    {
        let (pipe, plan, partition) = plan.find(partition);
        self.pipes[pipe].run_columns(plan, partition, separator, sink)
    }

    fn count(&self, plan: &Self::Plan, partition: usize) -> u64 {
        let (pipe, plan, partition) = plan.find(partition);
        self.pipes[pipe].count(plan, partition)
    }

    fn trace(&self) -> Trace {
        Trace::join("union", self.pipes.iter().map(Pipe::trace).collect())
    }
}
