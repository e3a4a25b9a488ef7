//! A stage's edge: a dataset that is computed once per batch and then shared by whoever reads it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parking_lot::Mutex;

use super::Remembers;
use crate::batch::{Batch, reason_of};
use crate::held::bytes_of_all;
use crate::pipe::sealed::Sealed;
use crate::pipe::{Needs, Pipe, Replay, Trace};
use crate::time::Time;

/// A dataset by partition.
pub(crate) type Partitions<T> = Vec<Vec<T>>;

/// What computes an edge's dataset.
pub(crate) trait Compute<'b, T>: Send + Sync {
    /// The dataset of `batch`, asked for at most once for each batch's time until the current batch
    /// ends. Panics with the stage's failure.
    fn compute(&self, batch: &Batch<'b>) -> Partitions<T>;

    /// The batch at `time` is over.
    fn end_batch(&self, time: Time);

    /// Bytes that it holds beside the dataset.
    fn held_bytes(&self) -> u64 {
        0
    }
}

/// The records behind a stage's edge. Named by its item alone: what is upstream is erased.
pub struct Edge<'b, T>(Arc<Node<'b, T>>);

struct Node<'b, T> {
    /// Its number in the graph; none for an edge that a closure makes for one batch.
    stage: Option<usize>,
    name: &'static str,
    /// Whether what it reads can be read again for a batch that is over.
    replays: bool,
    compute: Arc<dyn Compute<'b, T> + 'b>,
    /// By the time of the batch that was asked for: windows ask for batches before the current one
    /// too.
    memos: Mutex<BTreeMap<Time, Memo<T>>>,
}

/// What is known of a batch's dataset.
enum Memo<T> {
    Data(Arc<Partitions<T>>),
    /// It failed, and fails for every reader alike: computing it again would miss what the first
    /// try has used up.
    Failed(String),
}

impl<'b, T: Send + Sync + 'b> Edge<'b, T> {
    pub(crate) fn new(
        stage: usize,
        name: &'static str,
        replays: bool,
        compute: Arc<dyn Compute<'b, T> + 'b>,
    ) -> Self {
        let stage = Some(stage);
        Edge(Arc::new(Node { stage, name, replays, compute, memos: Mutex::default() }))
    }

    /// An edge that no graph knows: it lives as long as the dataset of one batch that it is of.
    pub(crate) fn of_one_batch(name: &'static str, compute: Arc<dyn Compute<'b, T> + 'b>) -> Self {
        let node = Node { stage: None, name, replays: false, compute, memos: Mutex::default() };
        Edge(Arc::new(node))
    }

    /// What has it computed, whether or not anybody reads it.
    pub(crate) fn taking_in(&self) -> Box<dyn Fn(&Batch<'b>) + Send + Sync + 'b> {
        let node = self.0.clone();
        Box::new(move |batch| drop(node.data(batch)))
    }

    /// The dataset of `batch`, computed at most once.
    pub(crate) fn data(&self, batch: &Batch<'b>) -> Arc<Partitions<T>> {
        self.0.data(batch)
    }

    /// The part of it that must forget at a batch's end.
    pub(crate) fn remembers(&self) -> Arc<dyn Remembers + 'b> {
        self.0.clone()
    }
}

impl<'b, T: Send + Sync + 'b> Node<'b, T> {
    fn data(&self, batch: &Batch<'b>) -> Arc<Partitions<T>> {
        match self.memos.lock().get(&batch.time()) {
            None => {}
            Some(Memo::Data(data)) => return data.clone(),
            Some(Memo::Failed(reason)) => batch.fail(reason.clone()),
        }
        // No lock is held while it is computed, for that runs users' closures.
        match catch_unwind(AssertUnwindSafe(|| Arc::new(self.compute.compute(batch)))) {
            Ok(data) => {
                self.memos.lock().insert(batch.time(), Memo::Data(data.clone()));
                data
            }
            Err(panic) => {
                let reason = reason_of(panic);
                self.memos.lock().insert(batch.time(), Memo::Failed(reason.clone()));
                batch.fail(reason)
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
        let forgotten = std::mem::take(&mut *self.memos.lock());
        drop(forgotten);
        self.compute.end_batch(time);
    }

    fn held_bytes(&self) -> u64 {
        let memos = self.memos.lock();
        let datasets = memos.values().map(|memo| match memo {
            Memo::Data(data) => bytes_of_all(data),
            Memo::Failed(_) => 0,
        });
        datasets.sum::<u64>() + self.compute.held_bytes()
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

    fn known_records(&self, plan: &Self::Plan, partition: usize) -> Option<usize> {
        Some(plan[partition].len())
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
            text: match self.0.stage {
                Some(stage) => format!("stage {stage} ({})", self.0.name),
                None => self.0.name.to_string(),
            },
            sources: Vec::new(),
            stages: self.0.stage.map(Needs::now).into_iter().collect(),
            per_block: false,
            replays: self.0.replays,
        }
    }
}

impl<'b, T: Clone + Send + Sync + 'b> Replay<'b> for Edge<'b, T> {}
