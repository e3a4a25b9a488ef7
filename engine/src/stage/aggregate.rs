//! A stage that brings records together, and can do its map side on each block as soon as the block
//! closes.
//!
//! A task's work goes into a *scratch*, which may borrow from the task's blocks. Early work merges
//! a finished scratch into what the stage *keeps* for the batch, which owns itself, so that the
//! blocks can go. That merge calls users' code first and changes nothing before every call has
//! returned: blocks are taken in whole or not at all. At the batch's turn tasks run for the blocks
//! that are left, and the last merge makes the result of the kept and the scratches.

use std::collections::BTreeMap;

use parking_lot::Mutex;

use super::EarlyStage;
use super::edge::{Compute, Partitions};
use crate::batch::Batch;
use crate::intake::Committed;
use crate::panics::drop_all;
use crate::pipe::Pipe;
use crate::time::Time;

/// How records are brought together.
pub(crate) trait Aggregate<'b, P: Pipe<'b>>: Send + Sync + 'b {
    /// One task's result. May hold values that borrow from the task's blocks.
    type Scratch: Default + Send + Sync + 'b;

    /// What several scratches became.
    type Kept: Default + Send + Sync + 'b;

    /// What comes out.
    type Out: Clone + Send + Sync + 'b;

    /// What it is called.
    fn name(&self) -> &'static str;

    /// Whether what it keeps owns itself, so that blocks may go before their batch ends.
    fn keeps_owned(&self) -> bool;

    /// Takes in one partition.
    fn work(&self, pipe: &P, plan: &P::Plan, partition: usize, scratch: &mut Self::Scratch);

    /// Merges `scratch` into `kept`. May panic only while `kept` is unchanged.
    fn keep(&self, scratch: &Self::Scratch, kept: &mut Self::Kept);

    /// The result of the batch; in stages, so that a panic is tried again.
    fn finish(
        &self,
        batch: &Batch<'b>,
        kept: &[Self::Kept],
        scratches: &[Self::Scratch],
    ) -> Partitions<Self::Out>;

    /// Empties a scratch for the next task. No value that borrows is left in it.
    fn clear_scratch(scratch: &mut Self::Scratch);

    /// Empties what was kept for the next batch.
    fn clear_kept(kept: &mut Self::Kept);
}

/// An aggregation of one stream.
pub(crate) struct AggregateNode<'b, P: Pipe<'b>, A: Aggregate<'b, P>> {
    pipe: P,
    aggregate: A,
    /// The bit by which blocks say that this stage has taken them in; 0 where there is no early
    /// work.
    bit: Committed,
    /// By batch: what early work has kept, a piece for each task that ran at the same time.
    kept: Mutex<BTreeMap<Time, Vec<A::Kept>>>,
    /// Pieces of batches that are over, and scratches, emptied before they are used again.
    spent: Mutex<Vec<A::Kept>>,
    idle: Mutex<Vec<A::Scratch>>,
}

impl<'b, P: Pipe<'b>, A: Aggregate<'b, P>> AggregateNode<'b, P, A> {
    pub(crate) fn new(pipe: P, aggregate: A, bit: Committed) -> Self {
        AggregateNode {
            pipe,
            aggregate,
            bit,
            kept: Mutex::default(),
            spent: Mutex::default(),
            idle: Mutex::default(),
        }
    }

    fn take_scratch(&self) -> A::Scratch {
        self.idle.lock().pop().unwrap_or_default()
    }

    fn return_scratch(&self, mut scratch: A::Scratch) {
        A::clear_scratch(&mut scratch);
        self.idle.lock().push(scratch);
    }

    /// A piece of what is kept for the batch at `time`, to merge into.
    fn take_kept(&self, time: Time) -> A::Kept {
        if let Some(kept) = self.kept.lock().get_mut(&time).and_then(Vec::pop) {
            return kept;
        }
        let spent = self.spent.lock().pop();
        spent.map_or_else(A::Kept::default, |mut kept| {
            A::clear_kept(&mut kept);
            kept
        })
    }
}

impl<'b, P: Pipe<'b>, A: Aggregate<'b, P>> EarlyStage<'b> for AggregateNode<'b, P, A> {
    fn take_in(&self, blocks: &Batch<'b>) {
        let plan = self.pipe.prepare(blocks);
        let mut scratch = self.take_scratch();
        for partition in 0..self.pipe.partitions(&plan) {
            self.aggregate.work(&self.pipe, &plan, partition, &mut scratch);
        }
        let time = blocks.time();
        let mut piece = Returned { node: self, time, kept: Some(self.take_kept(time)) };
        self.aggregate.keep(&scratch, piece.kept.as_mut().expect("it is there until the drop"));
        drop(piece);
        // It is merged: were this to unwind, the blocks would be taken in again.
        drop_all(|| self.return_scratch(scratch));
    }
}

/// Puts a piece back, also when users' code panics while it is out.
struct Returned<'n, 'b, P: Pipe<'b>, A: Aggregate<'b, P>> {
    node: &'n AggregateNode<'b, P, A>,
    time: Time,
    kept: Option<A::Kept>,
}

impl<'b, P: Pipe<'b>, A: Aggregate<'b, P>> Drop for Returned<'_, 'b, P, A> {
    fn drop(&mut self) {
        if let Some(kept) = self.kept.take() {
            self.node.kept.lock().entry(self.time).or_default().push(kept);
        }
    }
}

impl<'b, P: Pipe<'b>, A: Aggregate<'b, P>> Compute<'b, A::Out> for AggregateNode<'b, P, A> {
    fn compute(&self, batch: &Batch<'b>) -> Partitions<A::Out> {
        let left = batch.without(self.bit);
        let plan = self.pipe.prepare(&left);
        let scratches = match self.pipe.partitions(&plan) {
            0 => Vec::new(),
            tasks => batch.run_stage(self.aggregate.name(), tasks, |partition| {
                let mut scratch = self.take_scratch();
                self.aggregate.work(&self.pipe, &plan, partition, &mut scratch);
                scratch
            }),
        };
        let kept = self.kept.lock().remove(&batch.time()).unwrap_or_default();
        let result = self.aggregate.finish(batch, &kept, &scratches);
        for scratch in scratches {
            self.return_scratch(scratch);
        }
        self.spent.lock().extend(kept);
        result
    }

    fn end_batch(&self, time: Time) {
        // What a failed batch left behind, or one whose output never asked.
        let mut kept = self.kept.lock();
        let later = kept.split_off(&(time + crate::time::millis(1)));
        let over = std::mem::replace(&mut *kept, later);
        drop(kept);
        self.spent.lock().extend(over.into_values().flatten());
    }
}
