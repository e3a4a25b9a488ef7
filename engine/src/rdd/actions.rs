//! Actions: what makes a dataset be computed. They run tasks, and wait for them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;
use std::vec::IntoIter;

use super::Rdd;
use crate::pipe::{Pipe, push_all, run_quick_stage, run_stage};

impl<'b, P: Pipe<'b>> Rdd<'b, P> {
    /// How many records it has. Cost: one pass; for lines as they came, only a count of newlines.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let out = out.clone();
    ///     s.queue_stream([vec!["a", "b"]]).for_each_rdd(move |rdd, time| out.push(time, vec![rdd.count()]));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[2]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn count(&self) -> u64 {
        let (pipe, plan) = self.plan();
        run_quick_stage(&self.batch, "count", pipe, &plan, |partition| pipe.count(&plan, partition))
            .into_iter()
            .sum()
    }

    /// How many partitions it has. Cost: what lies upstream of its stage is computed.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let out = out.clone();
    ///     s.queue_stream([vec![1, 2, 3]]).for_each_rdd(move |rdd, time| out.push(time, vec![rdd.num_partitions()]));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[2]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn num_partitions(&self) -> usize {
        let (pipe, plan) = self.plan();
        pipe.partitions(&plan)
    }

    /// All records by partition, in order. Cost: memory for all of them.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let out = out.clone();
    ///     s.queue_stream([vec![1, 2, 3]]).for_each_rdd(move |rdd, time| out.push(time, rdd.glom()));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[vec![1], vec![2, 3]]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn glom(&self) -> Vec<Vec<P::Item>>
    where
        P::Item: Send,
    {
        self.run_partitions("glom", |_, records| records.collect())
    }

    /// All records, in order. Cost: memory for all of them.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let out = out.clone();
    ///     s.queue_stream([vec![3, 1, 2]]).for_each_rdd(move |rdd, time| out.push(time, rdd.collect()));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[3, 1, 2]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn collect(&self) -> Vec<P::Item>
    where
        P::Item: Send,
    {
        self.glom().into_iter().flatten().collect()
    }

    /// The first `n` records. Cost: as many partitions as it takes, each only as far as it must;
    /// first one, then four times as many each time.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let out = out.clone();
    ///     s.queue_stream([vec![3, 1, 2]]).for_each_rdd(move |rdd, time| out.push(time, rdd.take(2)));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[3, 1]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
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

    /// Folds each partition from `zero()`, then the partitions' results, in order. Cost: one pass.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let out = out.clone();
    ///     s.queue_stream([vec![3, 1, 2]]).for_each_rdd(move |rdd, time| {
    ///         let sum = rdd.aggregate(|| 0, |sum, n| sum + n, |a, b| a + b);
    ///         out.push(time, vec![sum]);
    ///     });
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[6]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn aggregate<A: Send>(
        &self,
        zero: impl Fn() -> A + Sync,
        fold: impl Fn(A, P::Item) -> A + Sync,
        merge: impl Fn(A, A) -> A,
    ) -> A {
        let (pipe, plan) = self.plan();
        let parts = run_stage(&self.batch, "aggregate", pipe, &plan, |partition| {
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
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let out = out.clone();
    ///     s.queue_stream([vec![3, 1, 2]]).for_each_rdd(move |rdd, time| {
    ///         rdd.for_each_partition(|number, records| {
    ///             out.push(time, vec![(number, records.sum::<i32>())]);
    ///         });
    ///     });
    ///     Ok(())
    /// })?;
    /// assert_eq!(testing::sorted(vec![out.concat()]), [[(0, 3), (1, 3)]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn for_each_partition(&self, f: impl Fn(usize, IntoIter<P::Item>) + Sync) {
        let (pipe, plan) = self.plan();
        run_stage(&self.batch, "for_each_partition", pipe, &plan, |partition| {
            f(partition, records_of(pipe, &plan, partition).into_iter());
        });
    }

    /// All records brought together by `f`, which must be associative and commutative; none for an
    /// empty dataset. Cost: one pass.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let out = out.clone();
    ///     s.queue_stream([vec![3, 1, 2]]).for_each_rdd(move |rdd, time| {
    ///         out.push(time, vec![rdd.reduce(|a, b| a.max(b))]);
    ///     });
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[Some(3)]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn reduce(&self, f: impl Fn(P::Item, P::Item) -> P::Item + Sync) -> Option<P::Item>
    where
        P::Item: Send,
    {
        let (pipe, plan) = self.plan();
        let parts = run_stage(&self.batch, "reduce", pipe, &plan, |partition| {
            let mut so_far = None;
            push_all(pipe, &plan, partition, |item| {
                so_far = Some(match so_far.take() {
                    Some(before) => f(before, item),
                    None => item,
                });
            });
            so_far
        });
        parts.into_iter().flatten().reduce(f)
    }

    /// The least record, the first of equal ones. Cost: one pass.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let out = out.clone();
    ///     s.queue_stream([vec![3, 1, 2]]).for_each_rdd(move |rdd, time| out.push(time, vec![rdd.min()]));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[Some(1)]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn min(&self) -> Option<P::Item>
    where
        P::Item: Ord + Send,
    {
        self.reduce(|a, b| a.min(b))
    }

    /// The greatest record, the last of equal ones. Cost: one pass.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let out = out.clone();
    ///     s.queue_stream([vec![3, 1, 2]]).for_each_rdd(move |rdd, time| out.push(time, vec![rdd.max()]));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[Some(3)]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn max(&self) -> Option<P::Item>
    where
        P::Item: Ord + Send,
    {
        self.reduce(|a, b| a.max(b))
    }

    /// The sum of all records. Cost: one pass.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let out = out.clone();
    ///     s.queue_stream([vec![3, 1, 2]]).for_each_rdd(move |rdd, time| out.push(time, vec![rdd.sum()]));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[6]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn sum(&self) -> P::Item
    where
        P::Item: std::iter::Sum + Send,
    {
        self.run_partitions("sum", |_, records| records.sum::<P::Item>()).into_iter().sum()
    }

    /// The `n` greatest records, the greatest first. Cost: one pass, `n` records a partition, and a
    /// comparison for each record.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let out = out.clone();
    ///     s.queue_stream([vec![3, 1, 2]]).for_each_rdd(move |rdd, time| out.push(time, rdd.top(2)));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[3, 2]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn top(&self, n: usize) -> Vec<P::Item>
    where
        P::Item: Ord + Send,
    {
        let best = self.run_partitions("top", |_, records| greatest(n, records));
        greatest(n, best.into_iter().flatten())
    }

    /// Whether it has no record. Cost: as [`take`](Rdd::take) of one.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let out = out.clone();
    ///     s.queue_stream([vec![3, 1, 2]]).for_each_rdd(move |rdd, time| out.push(time, vec![rdd.is_empty()]));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[false]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn is_empty(&self) -> bool
    where
        P::Item: Send,
    {
        self.take(1).is_empty()
    }

    /// The first record. Cost: as [`take`](Rdd::take) of one.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let out = out.clone();
    ///     s.queue_stream([vec![3, 1, 2]]).for_each_rdd(move |rdd, time| out.push(time, vec![rdd.first()]));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[Some(3)]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn first(&self) -> Option<P::Item>
    where
        P::Item: Send,
    {
        self.take(1).pop()
    }

    /// Calls `f` with each record, in tasks. A task that panics is run again, so `f` may see a record
    /// twice. Cost: one pass.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let out = out.clone();
    ///     s.queue_stream([vec![3, 1, 2]]).for_each_rdd(move |rdd, time| {
    ///         rdd.for_each(|n| out.push(time, vec![n]));
    ///     });
    ///     Ok(())
    /// })?;
    /// assert_eq!(testing::sorted(vec![out.concat()]), [[1, 2, 3]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn for_each(&self, f: impl Fn(P::Item) + Sync) {
        let (pipe, plan) = self.plan();
        run_stage(&self.batch, "for_each", pipe, &plan, |partition| {
            push_all(pipe, &plan, partition, &f);
        });
    }

    /// What `format` makes of each partition's records, in order. Cost: memory for all of it, and
    /// none per record.
    pub(crate) fn render(
        &self,
        name: &'static str,
        format: impl Fn(P::Item, &mut Vec<u8>) + Sync,
    ) -> Vec<Vec<u8>> {
        let (pipe, plan) = self.plan();
        run_stage(&self.batch, name, pipe, &plan, |partition| {
            let mut bytes = Vec::new();
            push_all(pipe, &plan, partition, |item| format(item, &mut bytes));
            bytes
        })
    }

    fn run_partitions<R: Send>(
        &self,
        name: &'static str,
        f: impl Fn(usize, IntoIter<P::Item>) -> R + Sync,
    ) -> Vec<R> {
        let (pipe, plan) = self.plan();
        run_quick_stage(&self.batch, name, pipe, &plan, |partition| {
            f(partition, records_of(pipe, &plan, partition).into_iter())
        })
    }

    /// The pipe, which tasks may use, without the RDD, which they may not.
    fn plan(&self) -> (&P, P::Plan) {
        (&self.pipe, self.pipe.prepare(&self.batch))
    }
}

fn records_of<'b, P: Pipe<'b>>(pipe: &P, plan: &P::Plan, partition: usize) -> Vec<P::Item> {
    let mut records = Vec::new();
    push_all(pipe, plan, partition, |item| records.push(item));
    records
}

fn first_of<'b, P: Pipe<'b>>(pipe: &P, plan: &P::Plan, partition: usize, n: usize) -> Vec<P::Item> {
    let mut first = Vec::new();
    let _stopped_or_not = pipe.run(plan, partition, |item| {
        first.push(item);
        if first.len() == n { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    first
}

/// The `n` greatest of `records`, the greatest first.
fn greatest<T: Ord>(n: usize, records: impl Iterator<Item = T>) -> Vec<T> {
    let mut heap = BinaryHeap::with_capacity(n.saturating_add(1).min(1024));
    for record in records {
        heap.push(Reverse(record));
        if heap.len() > n {
            heap.pop();
        }
    }
    heap.into_sorted_vec().into_iter().map(|Reverse(record)| record).collect()
}
