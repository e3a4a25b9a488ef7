//! Operators on streams of pairs: values by key, within one batch.

use super::DStream;
use crate::keyed::key::Key;
use crate::pipe::{ByFlatteningValues, ByMappingValues, Fused, Pipe};
use crate::stage::{ByFunctions, CombineByKey, Edge, Grouping, Reducing};

impl<'b, K, V, P: Pipe<'b, Item = (K, V)>> DStream<'b, P> {
    /// Each value through `f`, its key as it is. Cost: the call, inlined. Spark's `mapValues`.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     out.collect(&s.queue_stream([vec![('a', 1), ('b', 2)]]).map_values(|n| n * 10));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[('a', 10), ('b', 20)]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn map_values<U, F>(&self, f: F) -> DStream<'b, Fused<P, ByMappingValues<F>>>
    where
        F: Fn(V) -> U + Clone + Send + Sync + 'static,
    {
        self.fused(ByMappingValues(f))
    }

    /// The key with all that `f` makes of its value, in order. Cost: the call and a clone of the
    /// key for each result. Spark's `flatMapValues`.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     out.collect(&s.queue_stream([vec![('a', 2), ('b', 0)]]).flat_map_values(|n| 0..n));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[('a', 0), ('a', 1)]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn flat_map_values<I, F>(&self, f: F) -> DStream<'b, Fused<P, ByFlatteningValues<F>>>
    where
        K: Clone,
        I: IntoIterator,
        F: Fn(V) -> I + Clone + Send + Sync + 'static,
    {
        self.fused(ByFlatteningValues(f))
    }
}

impl<'b, K, V, P> DStream<'b, P>
where
    K: Key<'b>,
    V: Clone + Send + Sync + 'b,
    P: Pipe<'b, Item = (K, V)>,
{
    /// The values of each key brought together by `f`, which must be associative and commutative.
    /// Within a partition keys come in the order in which they were first seen.
    ///
    /// Cost: a lookup a record, done as blocks close where the values own themselves (numbers,
    /// strings); a copy of each key when it is first seen; at the batch's turn, a merge of the
    /// distinct keys.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let words = s.queue_stream([vec!["to be or", "not to be"]]).flat_map(|line| line.split(' '));
    ///     let counts = words.map(|w| (w, 1u64)).reduce_by_key(|a, b| a + b);
    ///     out.collect(&counts.map(|(word, n)| format!("{word} {n}")));
    ///     Ok(())
    /// })?;
    /// assert_eq!(testing::sorted(out), [["be 2", "not 1", "or 1", "to 2"]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn reduce_by_key<F>(&self, f: F) -> DStream<'b, Edge<'b, (K, V)>>
    where
        F: Fn(V, V) -> V + Send + Sync + 'static,
    {
        self.aggregated(CombineByKey::new("reduce_by_key", Reducing::new(f)))
    }

    /// The values of each key in a list. Those of one partition stand in order of arrival, but which
    /// partition's come first is up to the tasks; Spark promises no order. Cost: a lookup a record at
    /// the batch's turn, and the memory for all values.
    ///
    /// Where the list is only brought together again, [`reduce_by_key`](DStream::reduce_by_key) and
    /// [`combine_by_key`](DStream::combine_by_key) cost far less.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let lists = s.queue_stream([vec![('a', 1), ('b', 2), ('a', 3)]]).group_by_key();
    ///     out.collect(&lists.map(|(key, mut list)| {
    ///         list.sort();
    ///         (key, list)
    ///     }));
    ///     Ok(())
    /// })?;
    /// assert_eq!(testing::sorted(out), [[('a', vec![1, 3]), ('b', vec![2])]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn group_by_key(&self) -> DStream<'b, Edge<'b, (K, Vec<V>)>> {
        self.aggregated(CombineByKey::new("group_by_key", Grouping::new()))
    }

    /// The values of each key brought together into a value of another type: `create` makes it of
    /// the first value, `add` takes one more in, `merge` joins what two tasks have made. Cost: as
    /// [`reduce_by_key`](DStream::reduce_by_key).
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let ages = s.queue_stream([vec![('x', 30), ('y', 20), ('x', 50)]]);
    ///     let sums = ages.combine_by_key(
    ///         |age| (age, 1),
    ///         |(sum, n), age| (sum + age, n + 1),
    ///         |a, b| (a.0 + b.0, a.1 + b.1),
    ///     );
    ///     out.collect(&sums.map_values(|(sum, n)| sum / n));
    ///     Ok(())
    /// })?;
    /// assert_eq!(testing::sorted(out), [[('x', 40), ('y', 20)]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn combine_by_key<C, Create, Add, Merge>(
        &self,
        create: Create,
        add: Add,
        merge: Merge,
    ) -> DStream<'b, Edge<'b, (K, C)>>
    where
        C: Clone + Send + Sync + 'b,
        Create: Fn(V) -> C + Send + Sync + 'static,
        Add: Fn(C, V) -> C + Send + Sync + 'static,
        Merge: Fn(C, C) -> C + Send + Sync + 'static,
    {
        let functions = ByFunctions::new(create, add, merge);
        self.aggregated(CombineByKey::new("combine_by_key", functions))
    }
}
