//! A pipeline bound to one batch's view.

use std::ops::ControlFlow;

use super::sealed::Sealed;
use super::{Pipe, Text, TextPiece, Trace};
use crate::batch::Batch;
use crate::columns::Fields;

/// The records that a pipeline has of one batch, whichever batch asks for them: datasets of several
/// batches can be brought together. Made by the methods of [`Rdd`](crate::Rdd).
#[derive(Clone)]
pub struct AsOf<'b, P> {
    pub(crate) pipe: P,
    pub(crate) batch: Batch<'b>,
}

impl<P> Sealed for AsOf<'_, P> {}

impl<'b, P: Pipe<'b>> Pipe<'b> for AsOf<'b, P> {
    type Item = P::Item;
    type Plan = P::Plan;

    fn prepare(&self, _batch: &Batch<'b>) -> P::Plan {
        self.pipe.prepare(&self.batch)
    }

    fn partitions(&self, plan: &P::Plan) -> usize {
        self.pipe.partitions(plan)
    }

    fn known_records(&self, plan: &P::Plan, partition: usize) -> Option<usize> {
        self.pipe.known_records(plan, partition)
    }

    #[inline]
    fn run<S>(&self, plan: &P::Plan, partition: usize, sink: S) -> ControlFlow<()>
    where
        S: FnMut(P::Item) -> ControlFlow<()>,
    {
        self.pipe.run(plan, partition, sink)
    }

    #[inline]
    fn run_text<S>(&self, plan: &P::Plan, partition: usize, sink: S) -> ControlFlow<()>
    where
        S: FnMut(TextPiece<'b>) -> ControlFlow<()>,
        P::Item: Text<'b>,
    {
        self.pipe.run_text(plan, partition, sink)
    }

    #[inline]
    fn run_columns<S>(
        &self,
        plan: &P::Plan,
        partition: usize,
        separator: char,
        sink: S,
    ) -> ControlFlow<()>
    where
        S: FnMut(Fields<'b>) -> ControlFlow<()>,
        P::Item: Text<'b>,
    {
        self.pipe.run_columns(plan, partition, separator, sink)
    }

    fn count(&self, plan: &P::Plan, partition: usize) -> u64 {
        self.pipe.count(plan, partition)
    }

    fn trace(&self) -> Trace {
        self.pipe.trace()
    }
}
