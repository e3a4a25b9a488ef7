//! Operators that bring a batch's records together.

use super::DStream;
use crate::keyed::key::Key;
use crate::pipe::Pipe;
use crate::stage::{CombineByKey, Count, Edge, Reduce, Reducing};

impl<'b, P: Pipe<'b>> DStream<'b, P> {
    /// How many records each batch has: always one number, 0 for an empty batch. Cost: one pass,
    /// done as blocks close; on lines as they came, only a count of newlines.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 2, |s, out| {
    ///     out.collect(&s.queue_stream([vec!["a", "b"]]).count());
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[2], [0]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn count(&self) -> DStream<'b, Edge<'b, u64>> {
        self.aggregated(Count)
    }

    /// All records of a batch brought together by `f`, which must be associative and commutative.
    /// One record, or none for an empty batch. Cost: one pass, done as blocks close where the
    /// records own themselves.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 2, |s, out| {
    ///     out.collect(&s.queue_stream([vec![3, 9, 4]]).reduce(|a, b| a.max(b)));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [vec![9], vec![]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn reduce<F>(&self, f: F) -> DStream<'b, Edge<'b, P::Item>>
    where
        P::Item: Clone + Send + Sync + 'b,
        F: Fn(P::Item, P::Item) -> P::Item + Send + Sync + 'static,
    {
        self.aggregated(Reduce(f))
    }

    /// Each distinct record with how often it occurs in the batch. Cost: as
    /// [`reduce_by_key`](DStream::reduce_by_key).
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     out.collect(&s.queue_stream([vec![7, 8, 7]]).count_by_value());
    ///     Ok(())
    /// })?;
    /// assert_eq!(testing::sorted(out), [[(7, 2), (8, 1)]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn count_by_value(&self) -> DStream<'b, Edge<'b, (P::Item, u64)>>
    where
        P::Item: Key<'b>,
    {
        let pairs = self.map(|value| (value, 1u64));
        pairs.aggregated(CombineByKey::new("count_by_value", Reducing::new(|a: u64, b: u64| a + b)))
    }
}
