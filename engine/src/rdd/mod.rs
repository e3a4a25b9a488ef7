//! One batch's dataset of a stream, as output operations and `transform` see it.

mod actions;
mod pairs;
mod transform;

pub use transform::Distinct;

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::batch::Batch;
use crate::pipe::{AsOf, Fused, Operator, Pipe};
use crate::stage::{Aggregate, AggregateNode, Compute, Edge};
use crate::time::Time;

/// Makes whatever has it stay on the driver's thread: an RDD's actions start tasks, so a task must
/// not call them.
#[derive(Clone)]
struct StaysOnTheDriver(PhantomData<*const ()>);

/// One batch's dataset. It lives no longer than its batch; transformations are lazy, actions run
/// tasks on the engine's pool.
///
/// Actions panic when a stage fails for good; the engine catches that and reports the batch as
/// failed. Closures given to an RDD may borrow from the batch, since they die with it.
#[must_use = "a dataset is computed when an action (collect, count, ..) asks for it, or transform returns it"]
pub struct Rdd<'b, P> {
    batch: Batch<'b>,
    pipe: P,
    _driver: StaysOnTheDriver,
}

impl<'b, P: Pipe<'b>> Rdd<'b, P> {
    pub(crate) fn new(batch: &Batch<'b>, pipe: P) -> Self {
        Rdd { batch: batch.clone(), pipe, _driver: StaysOnTheDriver(PhantomData) }
    }

    /// The pipeline, and the batch whose records it gives.
    pub(crate) fn into_parts(self) -> (P, Batch<'b>) {
        (self.pipe, self.batch)
    }

    /// The time of the batch that it is of. Cost: none.
    ///
    /// ```
    /// # use millstream::{Time, secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let out = out.clone();
    ///     s.queue_stream([vec![1]]).for_each_rdd(move |rdd, time| out.push(time, vec![rdd.time()]));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[Time::from_millis(1000)]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn time(&self) -> Time {
        self.batch.time()
    }

    /// Set when whatever takes long had better end.
    pub(crate) fn cancelled(&self) -> &Arc<AtomicBool> {
        self.batch.cancelled()
    }

    /// A dataset of the same batch.
    fn with<Q: Pipe<'b>>(&self, pipe: Q) -> Rdd<'b, Q> {
        Rdd::new(&self.batch, pipe)
    }

    fn fused<O: Operator<P::Item> + 'b>(&self, operator: O) -> Rdd<'b, Fused<P, O>> {
        self.with(Fused { pipe: self.pipe.clone(), operator })
    }

    /// The pipeline, for a dataset that may be of another batch.
    fn as_of(&self) -> AsOf<'b, P> {
        AsOf { pipe: self.pipe.clone(), batch: self.batch.clone() }
    }

    /// The dataset behind a stage that is computed when it is first asked for, and then shared.
    fn staged<T, C>(&self, name: &'static str, compute: C) -> Rdd<'b, Edge<'b, T>>
    where
        T: Clone + Send + Sync + 'b,
        C: Compute<'b, T> + 'b,
    {
        self.with(Edge::of_one_batch(name, Arc::new(compute)))
    }

    fn aggregated<A: Aggregate<'b, P>>(&self, aggregate: A) -> Rdd<'b, Edge<'b, A::Out>> {
        let name = aggregate.name();
        self.staged(name, AggregateNode::new(self.pipe.clone(), aggregate, 0))
    }
}
