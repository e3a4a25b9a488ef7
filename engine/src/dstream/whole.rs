//! Operators that look at partitions and datasets as a whole.

use std::sync::Arc;

use super::DStream;
use crate::batch::Batch;
use crate::durable::Durable;
use crate::error::Error;
use crate::graph::Work;
use crate::partition::check_partitions;
use crate::pipe::{Glom, Pipe, Replay, Trace};
use crate::rdd::Rdd;
use crate::stage::{Compute, Edge, Persist, PersistAt, Persisted, Repartition, Transformed};
use crate::storage::StorageLevel;
use crate::time::Time;

impl<'b, P: Pipe<'b>> DStream<'b, P> {
    /// Each partition as one record, a list of its records; an empty partition is an empty list.
    /// Cost: the memory for a partition.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     out.collect(&s.queue_stream([vec![1, 2, 3, 4]]).glom());
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[[1, 2], [3, 4]]], "two partitions, for the test runs two tasks at once");
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn glom(&self) -> DStream<'b, Glom<P>> {
        self.with(Glom { pipe: self.pipe.clone() })
    }

    /// The same records dealt out to `partitions` partitions, in turn; one partition keeps their
    /// order. The start fails for 0, and for more than 65 536. Cost: every record is moved once, and
    /// waits in memory.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     out.collect(&s.queue_stream([vec![1, 2, 3, 4]]).repartition(1).glom());
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[[1, 2, 3, 4]]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn repartition(&self, partitions: usize) -> DStream<'b, Edge<'b, P::Item>>
    where
        P::Item: Clone + Send + Sync + 'b,
    {
        if let Err(error) = check_partitions("repartition", partitions) {
            self.graph.lock().refuse(error);
        }
        self.staged("repartition", Repartition { pipe: self.pipe.clone(), partitions })
    }

    /// The same records, computed once in each batch for all that read them, instead of once for
    /// each. Until the batch ends they lie in memory as they are, without being serialised, which
    /// is quicker and larger than Spark's default. Cost: the memory for the records, and a clone of
    /// each for each reader.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// # use std::sync::{Arc, atomic::{AtomicU32, Ordering}};
    /// let calls = Arc::new(AtomicU32::new(0));
    /// let counted = calls.clone();
    /// testing::run(secs(1), 1, move |s, out| {
    ///     let calls = counted.clone();
    ///     let costly = s.queue_stream([vec![1, 2, 3]]).map(move |n| {
    ///         calls.fetch_add(1, Ordering::Relaxed);
    ///         n * n
    ///     });
    ///     let kept = costly.persist();
    ///     out.collect(&kept.reduce(|a, b| a + b));
    ///     out.collect(&kept.filter(|n| n % 2 == 0));
    ///     Ok(())
    /// })?;
    /// assert_eq!(calls.load(Ordering::Relaxed), 3, "three records, though two outputs read them");
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn persist(&self) -> DStream<'b, Edge<'b, P::Item>>
    where
        P::Item: Clone + Send + Sync + 'b,
    {
        self.staged("persist", Persist(self.pipe.clone()))
    }

    /// [`persist`](DStream::persist) at a level: records that own themselves, encoded
    /// ([`is_serialized`](StorageLevel::is_serialized)), on disk where memory has become scarce, or all on disk.
    /// [`MEMORY_ONLY`](StorageLevel::MEMORY_ONLY) keeps them as they are. What is in memory counts against the
    /// budget, so that receivers have as much less. A second copy makes no difference here: what is persisted lasts
    /// for its batch, and can be computed again from what it was made of. Spark's `persist(level)`.
    ///
    /// Cost: as [`persist`](DStream::persist); encoded, an encoding for each record, and a decoding for each
    /// reader; on disk, a write between rounds of tasks, and a read from the kernel's cache or the disk.
    /// A disk without room is told of once a minute, and then records stay in memory; a
    /// [directory](crate::Conf::spill_directory) that cannot be used makes the start fail.
    ///
    /// An encoded record comes back as serde has written it: without fields that are skipped, and with a `None` where
    /// a `Some` held nothing itself ([`Durable`]). At the levels that use the disk it depends on memory which records
    /// are encoded: for such records choose [`MEMORY_ONLY`](StorageLevel::MEMORY_ONLY).
    ///
    /// ```
    /// # use millstream::{StorageLevel, secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let lengths = s.queue_stream([vec!["mill", "stream"]]).map(|word| (word.to_string(), word.len()));
    ///     let kept = lengths.persist_at(StorageLevel::DISK_ONLY);
    ///     out.collect(&kept.filter(|(_, length)| *length > 4));
    ///     kept.count().print();
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[("stream".to_string(), 6)]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn persist_at(&self, level: StorageLevel) -> DStream<'b, Persisted<'b, P::Item>>
    where
        P::Item: Durable,
    {
        let overflow = self.graph.lock().overflow.clone();
        if let Some(overflow) = overflow.as_ref().filter(|_| level.uses_disk())
            && let Err(error) = overflow.make_sure()
        {
            self.graph.lock().refuse(error);
        }
        let kept = self.staged("persist", PersistAt::new(self.pipe.clone(), level, overflow));
        kept.with(Persisted(kept.pipe.clone()))
    }

    /// [`persist`](DStream::persist), under Spark's other name for it. Cost: as that.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     out.collect(&s.queue_stream([vec![1, 2]]).cache());
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[1, 2]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn cache(&self) -> DStream<'b, Edge<'b, P::Item>>
    where
        P::Item: Clone + Send + Sync + 'b,
    {
        self.persist()
    }

    /// The dataset that `f` makes of each batch's, with the batch's time. `f` runs on the driver's
    /// thread, once for each batch, empty ones included, and again for those that a window of raw
    /// records behind it reads; it may run actions, whose tasks run before it goes on. Cost: the call;
    /// what it gives is computed for each that reads it.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let pairs = s.queue_stream([vec![(2, "b"), (1, "a"), (3, "c")]]);
    ///     out.collect(&pairs.transform(|rdd, _time| rdd.sort_by_key()));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[(1, "a"), (2, "b"), (3, "c")]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn transform<Q, F>(&self, f: F) -> DStream<'b, Transformed<'b, Q>>
    where
        Q: Pipe<'b>,
        F: Fn(Rdd<'b, P>, Time) -> Rdd<'b, Q> + Send + Sync + 'static,
    {
        let pipe = self.pipe.clone();
        let trace = pipe.trace().then("transform").whole();
        let make =
            move |batch: &Batch<'b>| f(Rdd::new(batch, pipe.clone()), batch.time()).into_parts();
        self.transformed(Transformed::new(trace, make))
    }

    /// [`transform`](DStream::transform) with the dataset of another stream beside this one's. Both
    /// must have the same slide. Cost: as `transform`.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let (words, bad) = (s.queue_stream([vec!["a", "b"]]), s.queue_stream([vec!["b"]]));
    ///     out.collect(&words.transform_with(&bad, |words, bad, _time| words.subtract(&bad)));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [["a"]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn transform_with<R, Q, F>(
        &self,
        other: &DStream<'b, R>,
        f: F,
    ) -> DStream<'b, Transformed<'b, Q>>
    where
        R: Pipe<'b>,
        Q: Pipe<'b>,
        F: Fn(Rdd<'b, P>, Rdd<'b, R>, Time) -> Rdd<'b, Q> + Send + Sync + 'static,
    {
        self.require_same_slide("transform_with", other);
        let (first, second) = (self.pipe.clone(), other.pipe.clone());
        let trace = Trace::join("transform_with", vec![first.trace(), second.trace()]);
        let make = move |batch: &Batch<'b>| {
            let (first, second) = (first.clone(), second.clone());
            f(Rdd::new(batch, first), Rdd::new(batch, second), batch.time()).into_parts()
        };
        self.transformed(Transformed::new(trace.whole(), make))
    }

    /// [`transform`](DStream::transform) with the datasets of the last `batches` batches, this one
    /// included, oldest first; the first batches after the start have fewer before them. It takes
    /// the place of Spark's `slice` and `remember`: a record cannot outlive its batch, so the past
    /// is read again. Cost: the sources are kept for as long, and what lies between them and here
    /// is computed again for each of the batches that is read.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 3, |s, out| {
    ///     let numbers = s.queue_stream([vec![1], vec![2], vec![3]]);
    ///     let both = numbers.transform_history(2, |rdds, _time| {
    ///         let newest = rdds.last().expect("this batch's is always there");
    ///         newest.union(&rdds[0])
    ///     });
    ///     out.collect(&both);
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[1, 1], [2, 1], [3, 2]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn transform_history<Q, F>(&self, batches: usize, f: F) -> DStream<'b, Transformed<'b, Q>>
    where
        P: Replay<'b>,
        Q: Pipe<'b>,
        F: Fn(Vec<Rdd<'b, P>>, Time) -> Rdd<'b, Q> + Send + Sync + 'static,
    {
        if batches == 0 {
            self.graph.lock().refuse(Error::Argument {
                operation: "transform_history",
                what: "the number of batches",
                got: "0".into(),
                want: "at least 1",
            });
        }
        self.require_replay("transform_history");
        let (pipe, step) = (self.pipe.clone(), self.slide);
        let length = step * i64::try_from(batches.max(1)).unwrap_or(i64::MAX);
        let trace = pipe.trace().back(length - step).then("transform_history").whole();
        let make = move |batch: &Batch<'b>| {
            let batches = batch.window(length, step);
            let rdds = batches.iter().map(|batch| Rdd::new(batch, pipe.clone())).collect();
            f(rdds, batch.time()).into_parts()
        };
        self.transformed(Transformed::new(trace, make))
    }

    fn transformed<Q: Pipe<'b>>(
        &self,
        transformed: Transformed<'b, Q>,
    ) -> DStream<'b, Transformed<'b, Q>> {
        self.graph.lock().notes.push(transformed.remembers());
        self.with(transformed)
    }

    /// The stream behind a new stage that computes at the batch's turn.
    pub(super) fn staged<T, C>(&self, name: &'static str, compute: C) -> DStream<'b, Edge<'b, T>>
    where
        T: Clone + Send + Sync + 'b,
        C: Compute<'b, T> + 'b,
    {
        self.at_edge(name, Arc::new(compute), Work::WhenAsked)
    }
}
