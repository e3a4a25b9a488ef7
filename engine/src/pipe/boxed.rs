//! A pipe without its type: for streams kept in a struct, chosen by an `if`, or built while the
//! program runs.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::sealed::Sealed;
use super::{Pipe, Trace};
use crate::batch::Batch;

/// Records cross the boundary in chunks of this many, so that the indirect call is paid once for
/// each of them.
const CHUNK_RECORDS: usize = 1024;

/// A pipe of which only the item's type is known. See [`DStream::boxed`](crate::DStream::boxed).
pub struct Boxed<'b, T>(Arc<dyn AnyPipe<'b, T> + 'b>);

impl<'b, T> Boxed<'b, T> {
    pub(crate) fn new<P: Pipe<'b, Item = T>>(pipe: P) -> Self {
        Boxed(Arc::new(pipe))
    }
}

impl<T> Clone for Boxed<'_, T> {
    fn clone(&self) -> Self {
        Boxed(self.0.clone())
    }
}

trait AnyPipe<'b, T>: Send + Sync {
    fn prepare(&self, batch: &Batch<'b>) -> Box<dyn AnyPlan<T> + 'b>;
    fn trace(&self) -> Trace;
}

/// A plan together with the pipe that made it.
#[doc(hidden)]
pub trait AnyPlan<T>: Send + Sync {
    fn partitions(&self) -> usize;
    fn run(
        &self,
        partition: usize,
        chunk_sink: &mut dyn FnMut(&mut Vec<T>) -> ControlFlow<()>,
    ) -> ControlFlow<()>;
    fn count(&self, partition: usize) -> u64;
}

struct Prepared<P, Plan> {
    pipe: P,
    plan: Plan,
}

impl<'b, P: Pipe<'b>> AnyPipe<'b, P::Item> for P {
    fn prepare(&self, batch: &Batch<'b>) -> Box<dyn AnyPlan<P::Item> + 'b> {
        Box::new(Prepared { pipe: self.clone(), plan: Pipe::prepare(self, batch) })
    }

    fn trace(&self) -> Trace {
        Pipe::trace(self)
    }
}

impl<'b, P: Pipe<'b>> AnyPlan<P::Item> for Prepared<P, P::Plan> {
    fn partitions(&self) -> usize {
        self.pipe.partitions(&self.plan)
    }

    fn run(
        &self,
        partition: usize,
        chunk_sink: &mut dyn FnMut(&mut Vec<P::Item>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut chunk = Vec::with_capacity(CHUNK_RECORDS);
        self.pipe.run(&self.plan, partition, |item| {
            chunk.push(item);
            if chunk.len() == CHUNK_RECORDS {
                chunk_sink(&mut chunk)
            } else {
                ControlFlow::Continue(())
            }
        })?;
        chunk_sink(&mut chunk)
    }

    fn count(&self, partition: usize) -> u64 {
        self.pipe.count(&self.plan, partition)
    }
}

impl<T> Sealed for Boxed<'_, T> {}

impl<'b, T: 'b> Pipe<'b> for Boxed<'b, T> {
    type Item = T;
    type Plan = Box<dyn AnyPlan<T> + 'b>;

    fn prepare(&self, batch: &Batch<'b>) -> Self::Plan {
        self.0.prepare(batch)
    }

    fn partitions(&self, plan: &Self::Plan) -> usize {
        plan.partitions()
    }

    fn run<S>(&self, plan: &Self::Plan, partition: usize, mut sink: S) -> ControlFlow<()>
    where
        S: FnMut(T) -> ControlFlow<()>,
    {
        plan.run(partition, &mut |chunk| chunk.drain(..).try_for_each(&mut sink))
    }

    fn count(&self, plan: &Self::Plan, partition: usize) -> u64 {
        plan.count(partition)
    }

    fn trace(&self) -> Trace {
        self.0.trace().then("boxed")
    }
}
