//! Each partition as one record.

use std::ops::ControlFlow;

use super::sealed::Sealed;
use super::{Pipe, Trace, push_all};
use crate::batch::Batch;

/// See [`DStream::glom`](crate::DStream::glom).
#[derive(Clone)]
pub struct Glom<P> {
    pub(crate) pipe: P,
}

impl<P> Sealed for Glom<P> {}

impl<'b, P: Pipe<'b>> Pipe<'b> for Glom<P> {
    type Item = Vec<P::Item>;
    type Plan = P::Plan;

    fn prepare(&self, batch: &Batch<'b>) -> P::Plan {
        self.pipe.prepare(batch)
    }

    fn partitions(&self, plan: &P::Plan) -> usize {
        self.pipe.partitions(plan)
    }

    fn run<S>(&self, plan: &P::Plan, partition: usize, mut sink: S) -> ControlFlow<()>
    where
        S: FnMut(Vec<P::Item>) -> ControlFlow<()>,
    {
        let mut records = Vec::new();
        push_all(&self.pipe, plan, partition, |item| records.push(item));
        sink(records)
    }

    fn trace(&self) -> Trace {
        self.pipe.trace().then("glom").whole()
    }
}
