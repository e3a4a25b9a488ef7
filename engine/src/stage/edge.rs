//! A stage's edge: a dataset that is computed once per batch and then shared by whoever reads it.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use parking_lot::Mutex;

use super::Remembers;
use crate::batch::{Batch, StageFailed, panic_message};
use crate::pipe::sealed::Sealed;
use crate::pipe::{Pipe, Trace};
use crate::time::Time;

/// A dataset by partition.
pub(crate) type Partitions<T> = Vec<Vec<T>>;

/// What computes an edge's dataset.
pub(crate) trait Compute<'b, T>: Send + Sync {
    /// The dataset of `batch`, asked for at most once a batch. Panics with the stage's failure.
    fn compute(&self, batch: &Batch<'b>) -> Partitions<T>;

    /// The batch at `time` is over.
    fn end_batch(&self, time: Time);
}

/// The records behind a stage's edge. Named by its item alone: what is upstream is erased.
pub struct Edge<'b, T>(Arc<Node<'b, T>>);

struct Node<'b, T> {
    stage: usize,
    name: &'static str,
    compute: Arc<dyn Compute<'b, T> + 'b>,
    memo: Mutex<Memo<T>>,
}

/// What is known of the current batch's dataset.
enum Memo<T> {
    Nothing,
    Data(Arc<Partitions<T>>),
    /// It failed, and fails for every reader alike: computing it again would miss what the first
    /// try has used up.
    Failed(String),
}

impl<'b, T: Send + Sync + 'b> Edge<'b, T> {
    pub(crate) fn new(
        stage: usize,
        name: &'static str,
        compute: Arc<dyn Compute<'b, T> + 'b>,
    ) -> Self {
        Edge(Arc::new(Node { stage, name, compute, memo: Mutex::new(Memo::Nothing) }))
    }

    /// The part of it that must forget at a batch's end.
    pub(crate) fn remembers(&self) -> Arc<dyn Remembers + 'b> {
        self.0.clone()
    }
}

impl<'b, T: Send + Sync + 'b> Node<'b, T> {
    fn data(&self, batch: &Batch<'b>) -> Arc<Partitions<T>> {
        match &*self.memo.lock() {
            Memo::Nothing => {}
            Memo::Data(data) => return data.clone(),
            Memo::Failed(reason) => resume_unwind(Box::new(StageFailed { reason: reason.clone() })),
        }
        // No lock is held while it is computed, for that runs users' closures.
        match catch_unwind(AssertUnwindSafe(|| Arc::new(self.compute.compute(batch)))) {
            Ok(data) => {
                *self.memo.lock() = Memo::Data(data.clone());
                data
            }
            Err(panic) => {
                *self.memo.lock() = Memo::Failed(panic_message(&*panic));
                resume_unwind(panic)
            }
        }
    }
}

impl<T> Clone for Edge<'_, T> {
    fn clone(&self) -> Self {
        Edge(self.0.clone())
    }
}

impl<T: Send + Sync> Remembers for Node<'_, T> {
    fn end_batch(&self, time: Time) {
        let forgotten = std::mem::replace(&mut *self.memo.lock(), Memo::Nothing);
        drop(forgotten);
        self.compute.end_batch(time);
    }
}

impl<T> Sealed for Edge<'_, T> {}

impl<'b, T: Clone + Send + Sync + 'b> Pipe<'b> for Edge<'b, T> {
    type Item = T;
    type Plan = Arc<Partitions<T>>;

    fn prepare(&self, batch: &Batch<'b>) -> Self::Plan {
        self.0.data(batch)
    }

    fn partitions(&self, plan: &Self::Plan) -> usize {
        plan.len()
    }

    #[inline]
    fn run<S>(&self, plan: &Self::Plan, partition: usize, sink: S) -> ControlFlow<()>
    where
        S: FnMut(T) -> ControlFlow<()>,
    {
        plan[partition].iter().cloned().try_for_each(sink)
    }

    fn count(&self, plan: &Self::Plan, partition: usize) -> u64 {
        plan[partition].len() as u64
    }

    fn trace(&self) -> Trace {
        Trace {
            text: format!("stage {} ({})", self.0.stage, self.0.name),
            sources: Vec::new(),
            stages: vec![self.0.stage],
            per_block: false,
        }
    }
}
