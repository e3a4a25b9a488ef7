//! Datasets of pairs. All are lazy.

use super::Rdd;
use crate::keyed::key::Key;
use crate::pipe::{
    ByFlatteningValues, ByFullJoining, ByJoining, ByLeftJoining, ByMapping, ByMappingValues,
    ByRightJoining, Fused, MapBy, Operator, Pipe,
};
use crate::stage::{
    ByFunctions, Cogrouped, Cogrouping, CombineByKey, Edge, Grouping, Joined, Reducing, Sort, sides,
};

impl<'b, K: 'b, V: 'b, P: Pipe<'b, Item = (K, V)>> Rdd<'b, P> {
    /// Each value through `f`, its key as it is. Cost: the call, inlined.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let pairs = s.queue_stream([vec![('a', 1)]]);
    ///     out.collect(&pairs.transform(|rdd, _| rdd.map_values(|n| n + 1)));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[('a', 2)]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn map_values<U, F>(&self, f: F) -> Rdd<'b, Fused<P, ByMappingValues<F>>>
    where
        F: Fn(V) -> U + Clone + Send + Sync + 'b,
    {
        self.fused(ByMappingValues(f))
    }

    /// The key with all that `f` makes of its value. Cost: the call, and a clone of the key for each
    /// result.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let pairs = s.queue_stream([vec![('a', 2)]]);
    ///     out.collect(&pairs.transform(|rdd, _| rdd.flat_map_values(|n| 0..n)));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[('a', 0), ('a', 1)]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn flat_map_values<I, F>(&self, f: F) -> Rdd<'b, Fused<P, ByFlatteningValues<F>>>
    where
        K: Clone,
        I: IntoIterator,
        F: Fn(V) -> I + Clone + Send + Sync + 'b,
    {
        self.fused(ByFlatteningValues(f))
    }

    /// The keys, each as often as it has values. Cost: none.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     out.collect(&s.queue_stream([vec![('a', 1), ('b', 2)]]).transform(|rdd, _| rdd.keys()));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [['a', 'b']]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn keys(&self) -> Rdd<'b, MapBy<P, (K, V), K>> {
        self.fused(ByMapping(|(key, _)| key))
    }

    /// The values. Cost: none.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     out.collect(&s.queue_stream([vec![('a', 1), ('b', 2)]]).transform(|rdd, _| rdd.values()));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[1, 2]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn values(&self) -> Rdd<'b, MapBy<P, (K, V), V>> {
        self.fused(ByMapping(|(_, value)| value))
    }

    /// All pairs in one partition, in order of their keys; pairs of equal keys keep their order.
    /// Cost: a sort.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let pairs = s.queue_stream([vec![(2, "b"), (1, "a")]]);
    ///     out.collect(&pairs.transform(|rdd, _| rdd.sort_by_key()));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[(1, "a"), (2, "b")]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn sort_by_key(&self) -> Rdd<'b, Edge<'b, (K, V)>>
    where
        K: Clone + Ord + Send + Sync,
        V: Clone + Send + Sync,
    {
        let compare = |a: &(K, V), b: &(K, V)| a.0.cmp(&b.0);
        self.staged("sort_by_key", Sort { pipe: self.pipe.clone(), compare })
    }
}

impl<'b, K, V, P> Rdd<'b, P>
where
    K: Key<'b>,
    V: Clone + Send + Sync + 'b,
    P: Pipe<'b, Item = (K, V)>,
{
    /// The values of each key brought together by `f`, which must be associative and commutative.
    /// Cost: a lookup a record, and a merge of the distinct keys.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let pairs = s.queue_stream([vec![('a', 1), ('a', 2)]]);
    ///     out.collect(&pairs.transform(|rdd, _| rdd.reduce_by_key(|a, b| a + b)));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[('a', 3)]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn reduce_by_key<F>(&self, f: F) -> Rdd<'b, Edge<'b, (K, V)>>
    where
        F: Fn(V, V) -> V + Send + Sync + 'b,
    {
        self.aggregated(CombineByKey::new("reduce_by_key", Reducing::new(f)))
    }

    /// The values of each key in a list, in no promised order. Cost: a lookup a record, and the memory
    /// for all values.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let pairs = s.queue_stream([vec![('a', 1), ('a', 2)]]);
    ///     let lists = pairs.transform(|rdd, _| rdd.group_by_key());
    ///     out.collect(&lists.map(|(key, mut list)| {
    ///         list.sort();
    ///         (key, list)
    ///     }));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[('a', vec![1, 2])]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn group_by_key(&self) -> Rdd<'b, Edge<'b, (K, Vec<V>)>> {
        self.aggregated(CombineByKey::new("group_by_key", Grouping::new()))
    }

    /// The values of each key brought together into a value of another type; see
    /// [`DStream::combine_by_key`](crate::DStream::combine_by_key). Cost: as
    /// [`reduce_by_key`](Rdd::reduce_by_key).
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let pairs = s.queue_stream([vec![('a', 1), ('a', 2)]]);
    ///     out.collect(&pairs.transform(|rdd, _| {
    ///         rdd.combine_by_key(|n| (n, 1), |(sum, count), n| (sum + n, count + 1), |a, b| (a.0 + b.0, a.1 + b.1))
    ///     }));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[('a', (3, 2))]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn combine_by_key<C, Create, Add, Merge>(
        &self,
        create: Create,
        add: Add,
        merge: Merge,
    ) -> Rdd<'b, Edge<'b, (K, C)>>
    where
        C: Clone + Send + Sync + 'b,
        Create: Fn(V) -> C + Send + Sync + 'b,
        Add: Fn(C, V) -> C + Send + Sync + 'b,
        Merge: Fn(C, C) -> C + Send + Sync + 'b,
    {
        let functions = ByFunctions::new(create, add, merge);
        self.aggregated(CombineByKey::new("combine_by_key", functions))
    }

    /// Each key of either dataset with its values in both. Cost: as
    /// [`group_by_key`](Rdd::group_by_key) over both.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let (a, b) = (s.queue_stream([vec![('x', 1)]]), s.queue_stream([vec![('x', 'a')]]));
    ///     out.collect(&a.transform_with(&b, |a, b, _| a.cogroup(&b)));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[('x', (vec![1], vec!['a']))]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn cogroup<W, Q>(&self, other: &Rdd<'b, Q>) -> Rdd<'b, Cogrouped<'b, K, V, W>>
    where
        W: Clone + Send + Sync + 'b,
        Q: Pipe<'b, Item = (K, W)>,
    {
        let both = self.with(sides(self.pipe.clone(), other.as_of()));
        both.aggregated(CombineByKey::new("cogroup", Cogrouping::new()))
    }

    /// Every pair of a value here and a value there of the same key. Cost: a
    /// [`cogroup`](Rdd::cogroup), and a clone of key and values for each result.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let (a, b) = (s.queue_stream([vec![('x', 1)]]), s.queue_stream([vec![('x', 'a')]]));
    ///     out.collect(&a.transform_with(&b, |a, b, _| a.join(&b)));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[('x', (1, 'a'))]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn join<W, Q>(&self, other: &Rdd<'b, Q>) -> Rdd<'b, Joined<'b, K, V, W, ByJoining>>
    where
        W: Clone + Send + Sync + 'b,
        Q: Pipe<'b, Item = (K, W)>,
    {
        self.joined(other, ByJoining)
    }

    /// As [`join`](Rdd::join), and each value here whose key is not there. Cost: as `join`.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let (a, b) = (s.queue_stream([vec![('x', 1)]]), s.queue_stream([vec![('y', 'a')]]));
    ///     out.collect(&a.transform_with(&b, |a, b, _| a.left_outer_join(&b)));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[('x', (1, None))]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn left_outer_join<W, Q>(
        &self,
        other: &Rdd<'b, Q>,
    ) -> Rdd<'b, Joined<'b, K, V, W, ByLeftJoining>>
    where
        W: Clone + Send + Sync + 'b,
        Q: Pipe<'b, Item = (K, W)>,
    {
        self.joined(other, ByLeftJoining)
    }

    /// As [`join`](Rdd::join), and each value there whose key is not here. Cost: as `join`.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let (a, b) = (s.queue_stream([vec![('x', 1)]]), s.queue_stream([vec![('y', 'a')]]));
    ///     out.collect(&a.transform_with(&b, |a, b, _| a.right_outer_join(&b)));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[('y', (None, 'a'))]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn right_outer_join<W, Q>(
        &self,
        other: &Rdd<'b, Q>,
    ) -> Rdd<'b, Joined<'b, K, V, W, ByRightJoining>>
    where
        W: Clone + Send + Sync + 'b,
        Q: Pipe<'b, Item = (K, W)>,
    {
        self.joined(other, ByRightJoining)
    }

    /// As [`join`](Rdd::join), and each value of either side whose key the other has not. Cost: as
    /// `join`.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let (a, b) = (s.queue_stream([vec![('x', 1)]]), s.queue_stream([vec![('y', 'a')]]));
    ///     out.collect(&a.transform_with(&b, |a, b, _| a.full_outer_join(&b)));
    ///     Ok(())
    /// })?;
    /// assert_eq!(testing::sorted(out), [[('x', (Some(1), None)), ('y', (None, Some('a')))]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn full_outer_join<W, Q>(
        &self,
        other: &Rdd<'b, Q>,
    ) -> Rdd<'b, Joined<'b, K, V, W, ByFullJoining>>
    where
        W: Clone + Send + Sync + 'b,
        Q: Pipe<'b, Item = (K, W)>,
    {
        self.joined(other, ByFullJoining)
    }

    fn joined<W, Q, How>(&self, other: &Rdd<'b, Q>, how: How) -> Rdd<'b, Joined<'b, K, V, W, How>>
    where
        W: Clone + Send + Sync + 'b,
        Q: Pipe<'b, Item = (K, W)>,
        How: Operator<(K, (Vec<V>, Vec<W>))> + 'b,
    {
        self.cogroup(other).fused(how)
    }
}
