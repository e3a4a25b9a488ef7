//! One batch's dataset of a stream, as output operations see it.

use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::vec::IntoIter;

use crate::batch::Batch;
use crate::pipe::{
    Boxed, ByFlattening, ByKeeping, ByMapping, Filter, FlatMap, Fused, Map, Operator, Pipe,
    push_all,
};
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
pub struct Rdd<'b, P> {
    batch: Batch<'b>,
    pipe: P,
    _driver: StaysOnTheDriver,
}

impl<'b, P: Pipe<'b>> Rdd<'b, P> {
    pub(crate) fn new(batch: &Batch<'b>, pipe: P) -> Self {
        Rdd { batch: batch.clone(), pipe, _driver: StaysOnTheDriver(PhantomData) }
    }

    fn fused<O: Operator<P::Item> + 'b>(&self, operator: O) -> Rdd<'b, Fused<P, O>> {
        Rdd::new(&self.batch, Fused { pipe: self.pipe.clone(), operator })
    }

    /// The batch's time.
    pub fn time(&self) -> Time {
        self.batch.time()
    }

    /// Each record through `f`. Lazy.
    pub fn map<U, F: Fn(P::Item) -> U + Clone + Send + Sync + 'b>(
        &self,
        f: F,
    ) -> Rdd<'b, Map<P, F>> {
        self.fused(ByMapping(f))
    }

    /// The records for which `keep` holds. Lazy.
    pub fn filter<F: Fn(&P::Item) -> bool + Clone + Send + Sync + 'b>(
        &self,
        keep: F,
    ) -> Rdd<'b, Filter<P, F>> {
        self.fused(ByKeeping(keep))
    }

    /// All that `f` makes of each record. Lazy.
    pub fn flat_map<I, F>(&self, f: F) -> Rdd<'b, FlatMap<P, F>>
    where
        I: IntoIterator,
        F: Fn(P::Item) -> I + Clone + Send + Sync + 'b,
    {
        self.fused(ByFlattening(f))
    }

    /// The same dataset under a type that names only its records.
    pub fn boxed(&self) -> Rdd<'b, Boxed<'b, P::Item>> {
        Rdd::new(&self.batch, Boxed::new(self.pipe.clone()))
    }

    /// How many records it has. Cost: one pass; for lines as they came, only a count of newlines.
    pub fn count(&self) -> u64 {
        let (pipe, plan) = self.plan();
        self.batch
            .run_stage("count", pipe.partitions(&plan), |partition| pipe.count(&plan, partition))
            .into_iter()
            .sum()
    }

    /// How many partitions it has.
    pub fn num_partitions(&self) -> usize {
        let (pipe, plan) = self.plan();
        pipe.partitions(&plan)
    }

    /// All records by partition, in order. Cost: memory for all of them.
    pub fn glom(&self) -> Vec<Vec<P::Item>>
    where
        P::Item: Send,
    {
        self.run_partitions("glom", |_, records| records.collect())
    }

    /// All records, in order. Cost: memory for all of them.
    pub fn collect(&self) -> Vec<P::Item>
    where
        P::Item: Send,
    {
        self.glom().into_iter().flatten().collect()
    }

    /// The first `n` records. Cost: as many partitions as it takes, each only as far as it must;
    /// first one, then four times as many each time.
    pub fn take(&self, n: usize) -> Vec<P::Item>
    where
        P::Item: Send,
    {
        let (pipe, plan) = self.plan();
        let partitions = pipe.partitions(&plan);
        let mut taken = Vec::new();
        let (mut next, mut round) = (0, 1);
        while taken.len() < n && next < partitions {
            let missing = n - taken.len();
            let tasks = round.min(partitions - next);
            let found =
                self.batch.run_stage("take", tasks, |i| first_of(pipe, &plan, next + i, missing));
            taken.extend(found.into_iter().flatten().take(missing));
            next += tasks;
            round *= 4;
        }
        taken
    }

    /// Folds each partition from `zero()`, then the partitions' results, in order.
    pub fn aggregate<A: Send>(
        &self,
        zero: impl Fn() -> A + Sync,
        fold: impl Fn(A, P::Item) -> A + Sync,
        merge: impl Fn(A, A) -> A,
    ) -> A {
        let (pipe, plan) = self.plan();
        let parts = self.batch.run_stage("aggregate", pipe.partitions(&plan), |partition| {
            let mut so_far = Some(zero());
            push_all(pipe, &plan, partition, |item| {
                so_far = so_far.take().map(|a| fold(a, item));
            });
            so_far.expect("it is taken out only while fold has it")
        });
        parts.into_iter().fold(zero(), merge)
    }

    /// Calls `f` with each partition's number and records, in a task of its own. With the batch's
    /// time, the number names the partition for ever, so that an output can be made to happen once.
    ///
    /// A task that panics is run again, so `f` may see a partition twice. Cost: memory for the
    /// partitions being worked on.
    pub fn for_each_partition(&self, f: impl Fn(usize, IntoIter<P::Item>) + Sync) {
        self.run_partitions("for_each_partition", f);
    }

    fn run_partitions<R: Send>(
        &self,
        name: &'static str,
        f: impl Fn(usize, IntoIter<P::Item>) -> R + Sync,
    ) -> Vec<R> {
        let (pipe, plan) = self.plan();
        self.batch.run_stage(name, pipe.partitions(&plan), |partition| {
            let mut records = Vec::new();
            push_all(pipe, &plan, partition, |item| records.push(item));
            f(partition, records.into_iter())
        })
    }

    /// The pipe, which tasks may use, without the RDD, which they may not.
    fn plan(&self) -> (&P, P::Plan) {
        (&self.pipe, self.pipe.prepare(&self.batch))
    }
}

fn first_of<'b, P: Pipe<'b>>(pipe: &P, plan: &P::Plan, partition: usize, n: usize) -> Vec<P::Item> {
    let mut first = Vec::new();
    let _stopped_or_not = pipe.run(plan, partition, |item| {
        first.push(item);
        if first.len() == n { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    first
}
