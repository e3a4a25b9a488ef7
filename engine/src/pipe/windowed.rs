//! The records of a stream's last batches, read again.

use std::ops::ControlFlow;

use super::sealed::Sealed;
use super::union::Plans;
use super::{Pipe, Replay, Text, TextPiece, Trace};
use crate::batch::Batch;
use crate::columns::Fields;
use crate::time::Duration;

/// See [`DStream::window`](crate::DStream::window).
#[derive(Clone)]
pub struct Windowed<P> {
    pub(crate) pipe: P,
    pub(crate) length: Duration,
    /// How often the stream that it is over has a dataset.
    pub(crate) step: Duration,
}

impl<P> Sealed for Windowed<P> {}

impl<'b, P: Replay<'b>> Pipe<'b> for Windowed<P> {
    type Item = P::Item;
    type Plan = Plans<P::Plan>;

    fn prepare(&self, batch: &Batch<'b>) -> Self::Plan {
        let batches = batch.window(self.length, self.step);
        Plans::of(&self.pipe, batches.iter().map(|batch| self.pipe.prepare(batch)))
    }

    fn partitions(&self, plan: &Self::Plan) -> usize {
        plan.partitions()
    }

    #[inline]
    fn run<S>(&self, plan: &Self::Plan, partition: usize, sink: S) -> ControlFlow<()>
    where
        S: FnMut(P::Item) -> ControlFlow<()>,
    {
        let (_, plan, partition) = plan.find(partition);
        self.pipe.run(plan, partition, sink)
    }

    #[inline]
    fn run_text<S>(&self, plan: &Self::Plan, partition: usize, sink: S) -> ControlFlow<()>
    where
        S: FnMut(TextPiece<'b>) -> ControlFlow<()>,
        P::Item: Text<'b>,
    {
        let (_, plan, partition) = plan.find(partition);
        self.pipe.run_text(plan, partition, sink)
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
        let (_, plan, partition) = plan.find(partition);
        self.pipe.run_columns(plan, partition, separator, sink)
    }

    fn count(&self, plan: &Self::Plan, partition: usize) -> u64 {
        let (_, plan, partition) = plan.find(partition);
        self.pipe.count(plan, partition)
    }

    fn trace(&self) -> Trace {
        self.pipe.trace().back(self.length - self.step).then("window").whole()
    }
}

impl<'b, P: Replay<'b>> Replay<'b> for Windowed<P> {}
