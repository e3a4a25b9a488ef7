//! Operators on single records and on partitions. They add nothing to a batch but their own work: a
//! chain of them is one loop.

use std::marker::PhantomData;
use std::vec::IntoIter;

use super::DStream;
use crate::pipe::{
    AtSeparator, Boxed, ByFlattening, ByKeeping, ByMapping, Containing, Filter, FlatMap, Fused,
    Map, MapPartitions, Operator, Pipe, Split, Text, Union, Words,
};

impl<'b, P: Pipe<'b>> DStream<'b, P> {
    pub(super) fn fused<O: Operator<P::Item> + 'b>(&self, operator: O) -> DStream<'b, Fused<P, O>> {
        self.with(Fused { pipe: self.pipe.clone(), operator })
    }

    /// Each record through `f`. Order and partitions stay. Cost: the call, inlined.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     out.collect(&s.queue_stream([vec!["a", "bb"]]).map(|w| w.len()));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[1, 2]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn map<U, F>(&self, f: F) -> DStream<'b, Map<P, F>>
    where
        F: Fn(P::Item) -> U + Clone + Send + Sync + 'static,
    {
        self.fused(ByMapping(f))
    }

    /// The records for which `keep` holds. Order and partitions stay. Cost: the call, inlined.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 2, |s, out| {
    ///     out.collect(&s.queue_stream([vec![1, 2, 3], vec![4]]).filter(|n| n % 2 == 1));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [vec![1, 3], vec![]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn filter<F>(&self, keep: F) -> DStream<'b, Filter<P, F>>
    where
        F: Fn(&P::Item) -> bool + Clone + Send + Sync + 'static,
    {
        self.fused(ByKeeping(keep))
    }

    /// All that `f` makes of each record, in order. Cost: the call and the iterator, inlined.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let lines = s.queue_stream([vec!["to be", "or not"]]);
    ///     out.collect(&lines.flat_map(|line| line.split(' ')));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [["to", "be", "or", "not"]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn flat_map<I, F>(&self, f: F) -> DStream<'b, FlatMap<P, F>>
    where
        I: IntoIterator,
        F: Fn(P::Item) -> I + Clone + Send + Sync + 'static,
    {
        self.fused(ByFlattening(f))
    }

    /// What `f` makes of each partition. Cost: memory for a partition's records, which are gathered
    /// first, and no early work, since a partition is only known at the batch's turn.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let sums = s.queue_stream([vec![1, 2, 3, 4]]).map_partitions(|records| [records.sum::<i32>()]);
    ///     out.collect(&sums);
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[3, 7]], "two partitions, for the test runs two tasks at once");
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn map_partitions<I, F>(&self, f: F) -> DStream<'b, MapPartitions<P, F>>
    where
        I: IntoIterator,
        F: Fn(IntoIter<P::Item>) -> I + Clone + Send + Sync + 'static,
    {
        self.with(MapPartitions { pipe: self.pipe.clone(), f })
    }

    /// The records of both streams: the partitions of this one, then those of `other`. Cost: none.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 2, |s, out| {
    ///     let (a, b) = (s.queue_stream([vec![1], vec![2]]), s.queue_stream([vec![10]]));
    ///     out.collect(&a.union(&b));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [vec![1, 10], vec![2]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn union<Q: Pipe<'b, Item = P::Item>>(
        &self,
        other: &DStream<'b, Q>,
    ) -> DStream<'b, Union<P, Q>> {
        self.require_same_slide("union", other);
        self.with(Union { first: self.pipe.clone(), second: other.pipe.clone() })
    }

    /// The same stream under a type that names only its records: for a struct's field, for the
    /// branches of an `if`, for a program that is built while it runs. Cost: an indirect call for
    /// every 1024 records, and their way through a buffer.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let loud = true;
    /// let out = testing::run(secs(1), 1, move |s, out| {
    ///     let words = s.queue_stream([vec!["a", "b"]]);
    ///     let words = if loud { words.map(|w| w.to_uppercase()).boxed() } else { words.map(str::to_owned).boxed() };
    ///     out.collect(&words);
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [["A", "B"]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn boxed(&self) -> DStream<'b, Boxed<'b, P::Item>> {
        self.with(Boxed::new(self.pipe.clone()))
    }
}

impl<'b, P: Pipe<'b, Item: Text<'b>>> DStream<'b, P> {
    /// The words of each line: those of [`str::split_ascii_whitespace`]. Cost: half a nanosecond to
    /// two a word, well below that of `flat_map`, for it searches 64 bytes at a time, and on lines as
    /// they came a whole block at once.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     out.collect(&s.queue_text_stream([vec!["to  be\tor\nnot to be".to_string()]]).words().map(str::to_owned));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [["to", "be", "or", "not", "to", "be"]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn words(&self) -> DStream<'b, Words<P>> {
        self.with(Words { pipe: self.pipe.clone() })
    }

    /// The records that hold `needle`: what `filter(|line| line.contains(needle))` keeps. Cost: a search
    /// over a whole block of lines at once where they are as they came, four times as fast as line by
    /// line; a line that holds it costs the search for its ends.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let lines = s.queue_text_stream([vec!["an error\nfine\nno error".to_string()]]);
    ///     out.collect(&lines.containing("error").map(str::to_owned));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [["an error", "no error"]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn containing(&self, needle: &str) -> DStream<'b, Containing<P>> {
        self.with(Containing::new(self.pipe.clone(), needle))
    }

    /// Each line in pieces at every `separator`, as [`str::split`] does it: two separators in a row
    /// have an empty piece between them. Cost: a search for each separator, and no copy.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     out.collect(&s.queue_stream([vec!["a,,b"]]).split(',').map(str::to_owned));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [["a", "", "b"]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn split(&self, separator: char) -> DStream<'b, Split<'b, P>> {
        self.fused(AtSeparator { separator, _pieces: PhantomData })
    }
}
