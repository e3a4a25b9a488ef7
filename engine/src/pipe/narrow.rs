//! Operators that turn records into records without looking at any other record.

use std::ops::ControlFlow;
use std::vec::IntoIter;

use super::sealed::Sealed;
use super::{Pipe, Text, Trace, push_all};
use crate::batch::Batch;
use crate::words::for_each_word;

/// See [`DStream::map`](crate::DStream::map).
#[derive(Clone)]
pub struct Map<P, F> {
    pub(crate) pipe: P,
    pub(crate) f: F,
}

impl<P, F> Sealed for Map<P, F> {}

impl<'b, U, P: Pipe<'b>, F: Fn(P::Item) -> U + Clone + Send + Sync + 'b> Pipe<'b> for Map<P, F> {
    type Item = U;
    type Plan = P::Plan;

    fn prepare(&self, batch: &Batch<'b>) -> P::Plan {
        self.pipe.prepare(batch)
    }

    fn partitions(&self, plan: &P::Plan) -> usize {
        self.pipe.partitions(plan)
    }

    #[inline]
    fn run<S>(&self, plan: &P::Plan, partition: usize, mut sink: S) -> ControlFlow<()>
    where
        S: FnMut(U) -> ControlFlow<()>,
    {
        self.pipe.run(plan, partition, |item| sink((self.f)(item)))
    }

    fn trace(&self) -> Trace {
        self.pipe.trace().then("map")
    }
}

/// See [`DStream::filter`](crate::DStream::filter).
#[derive(Clone)]
pub struct Filter<P, F> {
    pub(crate) pipe: P,
    pub(crate) keep: F,
}

impl<P, F> Sealed for Filter<P, F> {}

impl<'b, P: Pipe<'b>, F: Fn(&P::Item) -> bool + Clone + Send + Sync + 'b> Pipe<'b>
    for Filter<P, F>
{
    type Item = P::Item;
    type Plan = P::Plan;

    fn prepare(&self, batch: &Batch<'b>) -> P::Plan {
        self.pipe.prepare(batch)
    }

    fn partitions(&self, plan: &P::Plan) -> usize {
        self.pipe.partitions(plan)
    }

    #[inline]
    fn run<S>(&self, plan: &P::Plan, partition: usize, mut sink: S) -> ControlFlow<()>
    where
        S: FnMut(P::Item) -> ControlFlow<()>,
    {
        self.pipe.run(plan, partition, |item| {
            if (self.keep)(&item) { sink(item) } else { ControlFlow::Continue(()) }
        })
    }

    fn trace(&self) -> Trace {
        self.pipe.trace().then("filter")
    }
}

/// See [`DStream::flat_map`](crate::DStream::flat_map).
#[derive(Clone)]
pub struct FlatMap<P, F> {
    pub(crate) pipe: P,
    pub(crate) f: F,
}

impl<P, F> Sealed for FlatMap<P, F> {}

impl<'b, I, P, F> Pipe<'b> for FlatMap<P, F>
where
    I: IntoIterator,
    P: Pipe<'b>,
    F: Fn(P::Item) -> I + Clone + Send + Sync + 'b,
{
    type Item = I::Item;
    type Plan = P::Plan;

    fn prepare(&self, batch: &Batch<'b>) -> P::Plan {
        self.pipe.prepare(batch)
    }

    fn partitions(&self, plan: &P::Plan) -> usize {
        self.pipe.partitions(plan)
    }

    #[inline]
    fn run<S>(&self, plan: &P::Plan, partition: usize, mut sink: S) -> ControlFlow<()>
    where
        S: FnMut(I::Item) -> ControlFlow<()>,
    {
        self.pipe.run(plan, partition, |item| {
            for part in (self.f)(item) {
                sink(part)?;
            }
            ControlFlow::Continue(())
        })
    }

    fn trace(&self) -> Trace {
        self.pipe.trace().then("flat_map")
    }
}

/// See [`DStream::map_partitions`](crate::DStream::map_partitions).
#[derive(Clone)]
pub struct MapPartitions<P, F> {
    pub(crate) pipe: P,
    pub(crate) f: F,
}

impl<P, F> Sealed for MapPartitions<P, F> {}

impl<'b, I, P, F> Pipe<'b> for MapPartitions<P, F>
where
    I: IntoIterator,
    P: Pipe<'b>,
    F: Fn(IntoIter<P::Item>) -> I + Clone + Send + Sync + 'b,
{
    type Item = I::Item;
    type Plan = P::Plan;

    fn prepare(&self, batch: &Batch<'b>) -> P::Plan {
        self.pipe.prepare(batch)
    }

    fn partitions(&self, plan: &P::Plan) -> usize {
        self.pipe.partitions(plan)
    }

    fn run<S>(&self, plan: &P::Plan, partition: usize, sink: S) -> ControlFlow<()>
    where
        S: FnMut(I::Item) -> ControlFlow<()>,
    {
        let mut records = Vec::new();
        push_all(&self.pipe, plan, partition, |item| records.push(item));
        (self.f)(records.into_iter()).into_iter().try_for_each(sink)
    }

    fn trace(&self) -> Trace {
        // The function sees a partition whole, so a block by itself is not enough.
        Trace { per_block: false, ..self.pipe.trace().then("map_partitions") }
    }
}

/// See [`DStream::words`](crate::DStream::words).
#[derive(Clone)]
pub struct Words<P> {
    pub(crate) pipe: P,
}

impl<P> Sealed for Words<P> {}

impl<'b, P: Pipe<'b, Item: Text<'b>>> Pipe<'b> for Words<P> {
    type Item = &'b str;
    type Plan = P::Plan;

    fn prepare(&self, batch: &Batch<'b>) -> P::Plan {
        self.pipe.prepare(batch)
    }

    fn partitions(&self, plan: &P::Plan) -> usize {
        self.pipe.partitions(plan)
    }

    #[inline]
    fn run<S>(&self, plan: &P::Plan, partition: usize, mut sink: S) -> ControlFlow<()>
    where
        S: FnMut(&'b str) -> ControlFlow<()>,
    {
        // A newline ends a word as a space does, so a whole block is cut at once.
        self.pipe.run_text(plan, partition, |text| for_each_word(text, &mut sink))
    }

    fn trace(&self) -> Trace {
        self.pipe.trace().then("words")
    }
}

/// See [`DStream::split`](crate::DStream::split).
#[derive(Clone)]
pub struct Split<P> {
    pub(crate) pipe: P,
    pub(crate) separator: char,
}

impl<P> Sealed for Split<P> {}

impl<'b, P: Pipe<'b, Item: Text<'b>>> Pipe<'b> for Split<P> {
    type Item = &'b str;
    type Plan = P::Plan;

    fn prepare(&self, batch: &Batch<'b>) -> P::Plan {
        self.pipe.prepare(batch)
    }

    fn partitions(&self, plan: &P::Plan) -> usize {
        self.pipe.partitions(plan)
    }

    #[inline]
    fn run<S>(&self, plan: &P::Plan, partition: usize, mut sink: S) -> ControlFlow<()>
    where
        S: FnMut(&'b str) -> ControlFlow<()>,
    {
        self.pipe
            .run(plan, partition, |line| line.text().split(self.separator).try_for_each(&mut sink))
    }

    fn trace(&self) -> Trace {
        self.pipe.trace().then("split")
    }
}
