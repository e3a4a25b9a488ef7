//! Records that depend on state: there for their own batch only.

use std::ops::ControlFlow;

use crate::batch::Batch;
use crate::pipe::sealed::Sealed;
use crate::pipe::{Pipe, Trace};
use crate::stage::Edge;

/// The records behind a stage that holds state. It is an [`Edge`] that cannot be read again when its
/// batch is over, for by then the state has moved on; so a window of raw records over it does not
/// compile.
pub struct StateEdge<'b, T>(pub(crate) Edge<'b, T>);

impl<T> Clone for StateEdge<'_, T> {
    fn clone(&self) -> Self {
        StateEdge(self.0.clone())
    }
}

impl<T> Sealed for StateEdge<'_, T> {}

impl<'b, T: Clone + Send + Sync + 'b> Pipe<'b> for StateEdge<'b, T> {
    type Item = T;
    type Plan = <Edge<'b, T> as Pipe<'b>>::Plan;

    fn prepare(&self, batch: &Batch<'b>) -> Self::Plan {
        self.0.prepare(batch)
    }

    fn partitions(&self, plan: &Self::Plan) -> usize {
        self.0.partitions(plan)
    }

    fn known_records(&self, plan: &Self::Plan, partition: usize) -> Option<usize> {
        self.0.known_records(plan, partition)
    }

    #[inline]
    fn run<S>(&self, plan: &Self::Plan, partition: usize, sink: S) -> ControlFlow<()>
    where
        S: FnMut(T) -> ControlFlow<()>,
    {
        self.0.run(plan, partition, sink)
    }

    fn count(&self, plan: &Self::Plan, partition: usize) -> u64 {
        self.0.count(plan, partition)
    }

    fn trace(&self) -> Trace {
        Trace { replays: false, ..self.0.trace() }
    }
}
