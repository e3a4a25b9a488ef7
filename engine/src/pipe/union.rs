//! Streams as one: the partitions of the first, then those of the next.

use std::ops::ControlFlow;

use super::sealed::Sealed;
use super::{Pipe, Text, Trace};
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

    #[inline]
    fn run_text<S>(
        &self,
        (first, second): &Self::Plan,
        partition: usize,
        sink: S,
    ) -> ControlFlow<()>
    where
        S: FnMut(&'b str) -> ControlFlow<()>,
        P::Item: Text<'b>,
    {
        match partition.checked_sub(self.first.partitions(first)) {
            None => self.first.run_text(first, partition, sink),
            Some(partition) => self.second.run_text(second, partition, sink),
        }
    }

    fn count(&self, (first, second): &Self::Plan, partition: usize) -> u64 {
        match partition.checked_sub(self.first.partitions(first)) {
            None => self.first.count(first, partition),
            Some(partition) => self.second.count(second, partition),
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
    /// Which pipe has this partition, its plan, and the partition's number there.
    fn find(&self, partition: usize) -> (usize, &Plan, usize) {
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
        let mut partitions = 0;
        let mut plans = Vec::with_capacity(self.pipes.len());
        for pipe in &self.pipes {
            let plan = pipe.prepare(batch);
            let first = partitions;
            partitions += pipe.partitions(&plan);
            plans.push((first, plan));
        }
        Plans { plans, partitions }
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
        S: FnMut(&'b str) -> ControlFlow<()>,
        P::Item: Text<'b>,
    {
        let (pipe, plan, partition) = plan.find(partition);
        self.pipes[pipe].run_text(plan, partition, sink)
    }

    fn count(&self, plan: &Self::Plan, partition: usize) -> u64 {
        let (pipe, plan, partition) = plan.find(partition);
        self.pipes[pipe].count(plan, partition)
    }

    fn trace(&self) -> Trace {
        let traces: Vec<Trace> = self.pipes.iter().map(Pipe::trace).collect();
        let texts: Vec<&str> = traces.iter().map(|trace| trace.text.as_str()).collect();
        Trace {
            text: format!("union({})", texts.join(", ")),
            per_block: traces.iter().all(|trace| trace.per_block),
            sources: traces.iter().flat_map(|trace| trace.sources.clone()).collect(),
            stages: traces.iter().flat_map(|trace| trace.stages.clone()).collect(),
        }
    }
}
