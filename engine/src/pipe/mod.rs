//! A stage's inner loop: operators fused like iterator adapters, pushing records into a sink.
//!
//! [`Pipe`] is what a [`DStream`](crate::DStream) is made of. Once per batch it is *prepared*,
//! which gives a plan, with how many partitions there are; then each partition is *run*, in a task of
//! its own, and pushes its records. Nothing is dispatched per record: a chain of pipes compiles to one loop.
//! Types are erased at the edge of a stage ([`Edge`](crate::Edge)), once per partition, and inside
//! [`Boxed`](crate::Boxed), once per 1024 records.

mod as_of;
mod boxed;
mod columns;
mod containing;
mod glom;
mod narrow;
mod pairs;
mod product;
mod records;
mod replay;
mod source;
mod union;
mod windowed;

use std::ops::ControlFlow;

use crate::batch::Batch;
use crate::block::SourceId;
use crate::columns::Fields;
use crate::time::Duration;

pub use as_of::AsOf;
pub use boxed::Boxed;
pub use columns::{Field, InFields, OneColumn, Parse, Parser, ReadAs, Reader, Reading};
pub use containing::Containing;
pub use glom::Glom;
pub use narrow::{
    AtSeparator, ByFlattening, ByKeeping, ByMapping, Filter, FlatMap, Fused, Map, MapBy,
    MapPartitions, Operator, Split, Words,
};
pub use pairs::{
    ByFlatteningValues, ByFullJoining, ByJoining, ByLeftJoining, ByMappingValues, ByRightJoining,
};
pub use product::Product;
pub use records::Records;
pub use replay::Replay;
pub use source::{Items, Lines};
pub use union::{Union, UnionOfMany};
pub use windowed::Windowed;

pub(crate) mod sealed {
    /// Only the engine makes pipes: a user's own could keep a record beyond its batch.
    pub trait Sealed {}
}

/// The records of a stream, as a loop. Made by the methods of [`DStream`](crate::DStream), and
/// sealed: a pipe of a user's could keep what it must not.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a pipeline",
    note = "pipelines are made by the methods of `DStream`"
)]
pub trait Pipe<'b>: sealed::Sealed + Clone + Send + Sync + 'b {
    /// What it pushes.
    type Item;

    /// What it needs to run in one batch.
    #[doc(hidden)]
    type Plan: Send + Sync + 'b;

    /// Looks at the batch, on the driver's thread. Stages upstream run here.
    #[doc(hidden)]
    fn prepare(&self, batch: &Batch<'b>) -> Self::Plan;

    /// How many partitions the plan has.
    #[doc(hidden)]
    fn partitions(&self, plan: &Self::Plan) -> usize;

    /// How many records go into a partition's operators, where that is known without running them.
    #[doc(hidden)]
    #[inline]
    fn known_records(&self, plan: &Self::Plan, partition: usize) -> Option<usize> {
        let _: (&Self::Plan, usize) = (plan, partition);
        None
    }

    /// Pushes the records of one partition, in order, until the sink has had enough.
    #[doc(hidden)]
    fn run<S>(&self, plan: &Self::Plan, partition: usize, sink: S) -> ControlFlow<()>
    where
        S: FnMut(Self::Item) -> ControlFlow<()>;

    /// Pushes the text of one partition in pieces of one record or of many lines: for operators that
    /// have something to gain from many.
    #[doc(hidden)]
    #[inline]
    fn run_text<S>(&self, plan: &Self::Plan, partition: usize, mut sink: S) -> ControlFlow<()>
    where
        S: FnMut(TextPiece<'b>) -> ControlFlow<()>,
        Self::Item: Text<'b>,
    {
        self.run(plan, partition, |item| sink(TextPiece::Record(item.text())))
    }

    /// Pushes the records of one partition, in order, each as columns.
    #[doc(hidden)]
    #[inline]
    fn run_columns<S>(
        &self,
        plan: &Self::Plan,
        partition: usize,
        separator: char,
        mut sink: S,
    ) -> ControlFlow<()>
    where
        S: FnMut(Fields<'b>) -> ControlFlow<()>,
        Self::Item: Text<'b>,
    {
        self.run(plan, partition, |item| sink(Fields::new(item.text(), separator)))
    }

    /// How many records one partition has.
    #[doc(hidden)]
    #[inline]
    fn count(&self, plan: &Self::Plan, partition: usize) -> u64 {
        let mut records = 0;
        push_all(self, plan, partition, |_| records += 1);
        records
    }

    /// What it is made of.
    #[doc(hidden)]
    fn trace(&self) -> Trace;
}

/// Text as an operator may read it.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub enum TextPiece<'b> {
    /// Lines as they came, each ended by a newline.
    Lines(&'b str),
    /// One record, whatever is in it.
    Record(&'b str),
}

/// Records that are text.
pub trait Text<'b>: sealed::Sealed {
    /// The text.
    #[doc(hidden)]
    fn text(self) -> &'b str;
}

impl sealed::Sealed for &str {}

impl<'b, 's: 'b> Text<'b> for &'s str {
    #[inline]
    fn text(self) -> &'b str {
        self
    }
}

/// Runs a task for each partition of a plan, and gives their results in order.
pub(crate) fn run_stage<'b, P: Pipe<'b>, R: Send>(
    batch: &Batch<'b>,
    name: &'static str,
    pipe: &P,
    plan: &P::Plan,
    task: impl Fn(usize) -> R + Sync,
) -> Vec<R> {
    let is_worth_it = |partition| pipe.known_records(plan, partition) != Some(0);
    batch.run_stage_where(name, pipe.partitions(plan), is_worth_it, task)
}

/// Fewer records than this are looked at by one thread: in the time that it takes to wake another one on a
/// busy machine, it has done so.
const LEAST_RECORDS_TO_DIVIDE: usize = 4 << 10;

/// [`run_stage`] for tasks that do no more with a record than to look at it or to copy it; no user's
/// function is called, but those of the pipe's operators. A few records that are there already are left to
/// the calling thread.
pub(crate) fn run_quick_stage<'b, P: Pipe<'b>, R: Send>(
    batch: &Batch<'b>,
    name: &'static str,
    pipe: &P,
    plan: &P::Plan,
    task: impl Fn(usize) -> R + Sync,
) -> Vec<R> {
    let known = |partition| pipe.known_records(plan, partition);
    let all = (0..pipe.partitions(plan)).map(known).sum::<Option<usize>>();
    match all.is_some_and(|records| records < LEAST_RECORDS_TO_DIVIDE) {
        true => batch.run_stage_where(name, pipe.partitions(plan), |_| false, task),
        false => run_stage(batch, name, pipe, plan, task),
    }
}

/// Runs a partition to its end.
#[inline]
pub(crate) fn push_all<'b, P: Pipe<'b>>(
    pipe: &P,
    plan: &P::Plan,
    partition: usize,
    mut sink: impl FnMut(P::Item),
) {
    let end = pipe.run(plan, partition, |item| {
        sink(item);
        ControlFlow::Continue(())
    });
    debug_assert!(end.is_continue(), "a sink that never stops is never stopped");
}

/// What a pipe is made of, up to the stages and sources that it starts from.
#[doc(hidden)]
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// In words, as in `socket localhost:7777 -> filter -> map`.
    pub(crate) text: String,
    /// The sources that it reads in this stage.
    pub(crate) sources: Vec<Needs<SourceId>>,
    /// The stages that it starts from.
    pub(crate) stages: Vec<Needs<usize>>,
    /// Whether it can run on a block by itself, as soon as the block closes.
    pub(crate) per_block: bool,
    /// Whether it can be run again for a batch that is over; state that has moved on cannot.
    pub(crate) replays: bool,
}

/// Something that is read, and how far back.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs<Id> {
    pub(crate) id: Id,
    /// How long before the batch that runs lies the oldest batch whose part is read.
    pub(crate) back: Duration,
}

impl<Id> Needs<Id> {
    /// Of the batch that runs.
    pub(crate) fn now(id: Id) -> Self {
        Needs { id, back: Duration::ZERO }
    }
}

impl Trace {
    /// The trace of a further operator behind this one.
    pub(crate) fn then(mut self, operator: &str) -> Self {
        self.text.push_str(" -> ");
        self.text.push_str(operator);
        self
    }

    /// The trace of what reads this one as a whole: a block by itself is not enough.
    pub(crate) fn whole(self) -> Self {
        Trace { per_block: false, ..self }
    }

    /// The trace of what reads it as far as `back` before the batch that runs.
    pub(crate) fn back(mut self, back: Duration) -> Self {
        self.sources.iter_mut().for_each(|reads| reads.back = reads.back + back);
        self.stages.iter_mut().for_each(|reads| reads.back = reads.back + back);
        self
    }

    /// Several traces as one.
    pub(crate) fn join(what: &str, traces: Vec<Trace>) -> Self {
        let texts: Vec<&str> = traces.iter().map(|trace| trace.text.as_str()).collect();
        Trace {
            text: format!("{what}({})", texts.join(", ")),
            per_block: traces.iter().all(|trace| trace.per_block),
            replays: traces.iter().all(|trace| trace.replays),
            sources: traces.iter().flat_map(|trace| trace.sources.iter().copied()).collect(),
            stages: traces.iter().flat_map(|trace| trace.stages.iter().copied()).collect(),
        }
    }
}
