//! What a user's closure makes of a batch's dataset, on the driver's thread.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parking_lot::Mutex;

use super::Remembers;
use crate::batch::{Batch, StageFailed, reason_of};
use crate::columns::Fields;
use crate::pipe::sealed::Sealed;
use crate::pipe::{Pipe, Replay, Text, TextPiece, Trace};
use crate::time::Time;

/// The records of the dataset that a closure has made of a batch's. Named by that dataset's
/// pipeline; what the closure was given is erased.
pub struct Transformed<'b, Q>(Arc<Node<'b, Q>>);

/// What the closure has made, or why it has failed.
type Made<'b, Q> = Result<(Q, Batch<'b>), String>;

struct Node<'b, Q> {
    trace: Trace,
    #[expect(clippy::type_complexity, reason = "said once, here")]
    make: Box<dyn Fn(&Batch<'b>) -> (Q, Batch<'b>) + Send + Sync + 'b>,
    /// The closure is called once for each batch, however many read what it makes.
    made: Mutex<BTreeMap<Time, Made<'b, Q>>>,
}

impl<'b, Q: Pipe<'b>> Transformed<'b, Q> {
    /// `make` runs users' code and gives the pipeline of the dataset that it has made, and the batch
    /// that this is of.
    pub(crate) fn new(
        trace: Trace,
        make: impl Fn(&Batch<'b>) -> (Q, Batch<'b>) + Send + Sync + 'b,
    ) -> Self {
        Transformed(Arc::new(Node { trace, make: Box::new(make), made: Mutex::default() }))
    }

    /// The part of it that must forget at a batch's end.
    pub(crate) fn remembers(&self) -> Arc<dyn Remembers + 'b> {
        self.0.clone()
    }
}

impl<'b, Q: Pipe<'b>> Node<'b, Q> {
    fn made(&self, batch: &Batch<'b>) -> (Q, Batch<'b>) {
        let known = self.made.lock().get(&batch.time()).cloned();
        // No lock is held while users' code runs.
        let made = known.unwrap_or_else(|| {
            let made = catch_unwind(AssertUnwindSafe(|| (self.make)(batch)));
            let made = made.map_err(|panic| match panic.is::<StageFailed>() {
                true => reason_of(panic),
                false => {
                    let closure = self.trace.text.rsplit(" -> ").next().unwrap_or("transform");
                    format!("the closure of {closure} panicked: {}", reason_of(panic))
                }
            });
            self.made.lock().insert(batch.time(), made.clone());
            made
        });
        made.unwrap_or_else(|reason| batch.fail(reason))
    }
}

impl<Q> Clone for Transformed<'_, Q> {
    fn clone(&self) -> Self {
        Transformed(self.0.clone())
    }
}

impl<Q: Send + Sync> Remembers for Node<'_, Q> {
    fn held_bytes(&self) -> u64 {
        0
    }

    fn end_batch(&self, _time: Time) {
        let forgotten = std::mem::take(&mut *self.made.lock());
        drop(forgotten);
    }
}

impl<Q> Sealed for Transformed<'_, Q> {}

impl<'b, Q: Pipe<'b>> Pipe<'b> for Transformed<'b, Q> {
    type Item = Q::Item;
    type Plan = (Q, Q::Plan);

    fn prepare(&self, batch: &Batch<'b>) -> Self::Plan {
        let (pipe, of) = self.0.made(batch);
        let plan = pipe.prepare(&of);
        (pipe, plan)
    }

    fn partitions(&self, (pipe, plan): &Self::Plan) -> usize {
        pipe.partitions(plan)
    }

    #[inline]
    fn run<S>(&self, (pipe, plan): &Self::Plan, partition: usize, sink: S) -> ControlFlow<()>
    where
        S: FnMut(Q::Item) -> ControlFlow<()>,
    {
        pipe.run(plan, partition, sink)
    }

    #[inline]
    fn run_text<S>(&self, (pipe, plan): &Self::Plan, partition: usize, sink: S) -> ControlFlow<()>
    where
        S: FnMut(TextPiece<'b>) -> ControlFlow<()>,
        Q::Item: Text<'b>,
    {
        pipe.run_text(plan, partition, sink)
    }

    #[inline]
    fn run_columns<S>(
        &self,
        (pipe, plan): &Self::Plan,
        partition: usize,
        separator: char,
        sink: S,
    ) -> ControlFlow<()>
    where
        S: FnMut(Fields<'b>) -> ControlFlow<()>,
        Q::Item: Text<'b>,
    {
        pipe.run_columns(plan, partition, separator, sink)
    }

    fn count(&self, (pipe, plan): &Self::Plan, partition: usize) -> u64 {
        pipe.count(plan, partition)
    }

    fn trace(&self) -> Trace {
        self.0.trace.clone()
    }
}

impl<'b, Q: Pipe<'b>> Replay<'b> for Transformed<'b, Q> {}
