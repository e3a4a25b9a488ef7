//! Operators that turn records into records without looking at any other record.

use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::vec::IntoIter;

use super::sealed::Sealed;
use super::{Pipe, Text, TextPiece, Trace, push_all};
use crate::batch::Batch;
use crate::scan::words::for_each_word;

/// A pipe with one more operator at its end: the two are one loop.
#[derive(Clone)]
pub struct Fused<P, O> {
    pub(crate) pipe: P,
    pub(crate) operator: O,
}

/// What an operator makes of one record.
#[doc(hidden)]
pub trait Operator<In>: Sealed + Clone + Send + Sync {
    /// What it is called.
    const NAME: &'static str;

    /// What it pushes.
    type Out;

    /// Pushes what becomes of `item`.
    fn push<S>(&self, item: In, sink: &mut S) -> ControlFlow<()>
    where
        S: FnMut(Self::Out) -> ControlFlow<()>;
}

impl<P, O> Sealed for Fused<P, O> {}

impl<'b, P: Pipe<'b>, O: Operator<P::Item> + 'b> Pipe<'b> for Fused<P, O> {
    type Item = O::Out;
    type Plan = P::Plan;

    fn prepare(&self, batch: &Batch<'b>) -> P::Plan {
        self.pipe.prepare(batch)
    }

    fn partitions(&self, plan: &P::Plan) -> usize {
        self.pipe.partitions(plan)
    }

    /// Nobody knows what an operator makes of a record, or how long that takes: only none is none.
    fn known_records(&self, plan: &P::Plan, partition: usize) -> Option<usize> {
        self.pipe.known_records(plan, partition).filter(|records| *records == 0)
    }

    #[inline]
    fn run<S>(&self, plan: &P::Plan, partition: usize, mut sink: S) -> ControlFlow<()>
    where
        S: FnMut(O::Out) -> ControlFlow<()>,
    {
        self.pipe.run(plan, partition, |item| self.operator.push(item, &mut sink))
    }

    fn trace(&self) -> Trace {
        self.pipe.trace().then(O::NAME)
    }
}

/// See [`DStream::map`](crate::DStream::map).
pub type Map<P, F> = Fused<P, ByMapping<F>>;

/// A [`Map`] by a function that captures nothing.
pub type MapBy<P, T, U> = Fused<P, ByMapping<fn(T) -> U>>;

/// See [`DStream::filter`](crate::DStream::filter).
pub type Filter<P, F> = Fused<P, ByKeeping<F>>;

/// See [`DStream::flat_map`](crate::DStream::flat_map).
pub type FlatMap<P, F> = Fused<P, ByFlattening<F>>;

/// See [`DStream::split`](crate::DStream::split).
pub type Split<'b, P> = Fused<P, AtSeparator<'b>>;

/// The operator of [`Map`].
#[derive(Clone)]
pub struct ByMapping<F>(pub(crate) F);

impl<F> Sealed for ByMapping<F> {}

impl<In, U, F: Fn(In) -> U + Clone + Send + Sync> Operator<In> for ByMapping<F> {
    const NAME: &'static str = "map";
    type Out = U;

    #[inline]
    fn push<S: FnMut(U) -> ControlFlow<()>>(&self, item: In, sink: &mut S) -> ControlFlow<()> {
        sink((self.0)(item))
    }
}

/// The operator of [`Filter`].
#[derive(Clone)]
pub struct ByKeeping<F>(pub(crate) F);

impl<F> Sealed for ByKeeping<F> {}

impl<In, F: Fn(&In) -> bool + Clone + Send + Sync> Operator<In> for ByKeeping<F> {
    const NAME: &'static str = "filter";
    type Out = In;

    #[inline]
    fn push<S: FnMut(In) -> ControlFlow<()>>(&self, item: In, sink: &mut S) -> ControlFlow<()> {
        if (self.0)(&item) { sink(item) } else { ControlFlow::Continue(()) }
    }
}

/// The operator of [`FlatMap`].
#[derive(Clone)]
pub struct ByFlattening<F>(pub(crate) F);

impl<F> Sealed for ByFlattening<F> {}

impl<In, I, F> Operator<In> for ByFlattening<F>
where
    I: IntoIterator,
    F: Fn(In) -> I + Clone + Send + Sync,
{
    const NAME: &'static str = "flat_map";
    type Out = I::Item;

    #[inline]
    fn push<S: FnMut(I::Item) -> ControlFlow<()>>(
        &self,
        item: In,
        sink: &mut S,
    ) -> ControlFlow<()> {
        for part in (self.0)(item) {
            sink(part)?;
        }
        ControlFlow::Continue(())
    }
}

/// The operator of [`Split`].
#[derive(Clone)]
pub struct AtSeparator<'b> {
    pub(crate) separator: char,
    pub(crate) _pieces: PhantomData<fn() -> &'b str>,
}

impl Sealed for AtSeparator<'_> {}

impl<'b, In: Text<'b>> Operator<In> for AtSeparator<'b> {
    const NAME: &'static str = "split";
    type Out = &'b str;

    #[inline]
    fn push<S>(&self, item: In, sink: &mut S) -> ControlFlow<()>
    where
        S: FnMut(&'b str) -> ControlFlow<()>,
    {
        item.text().split(self.separator).try_for_each(sink)
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
        self.pipe.trace().then("map_partitions").whole()
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

    /// Nobody knows what an operator makes of a record, or how long that takes: only none is none.
    fn known_records(&self, plan: &P::Plan, partition: usize) -> Option<usize> {
        self.pipe.known_records(plan, partition).filter(|records| *records == 0)
    }

    #[inline]
    fn run<S>(&self, plan: &P::Plan, partition: usize, mut sink: S) -> ControlFlow<()>
    where
        S: FnMut(&'b str) -> ControlFlow<()>,
    {
        // A newline ends a word as a space does, so a whole block is cut at once.
        self.pipe.run_text(plan, partition, |piece| {
            let (TextPiece::Lines(text) | TextPiece::Record(text)) = piece;
            for_each_word(text, &mut sink)
        })
    }

    fn trace(&self) -> Trace {
        self.pipe.trace().then("words")
    }
}
