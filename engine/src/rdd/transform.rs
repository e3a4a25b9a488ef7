//! Datasets made of datasets. All are lazy.

use std::hash::Hash;
use std::vec::IntoIter;

use super::Rdd;
use crate::keyed::key::Key;
use crate::partition::MOST_PARTITIONS;
use crate::pipe::{
    AsOf, Boxed, ByFlattening, ByKeeping, ByMapping, Filter, FlatMap, Map, MapBy, MapPartitions,
    Pipe, Product, Union,
};
use crate::stage::{CombineByKey, Edge, Persist, Reducing, Repartition, Sort, Subtract};

/// What [`Rdd::distinct`] gives.
pub type Distinct<'b, T> = MapBy<Edge<'b, (T, ())>, (T, ()), T>;

impl<'b, P: Pipe<'b>> Rdd<'b, P> {
    /// Each record through `f`. Cost: the call, inlined.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     out.collect(&s.queue_stream([vec![1, 2]]).transform(|rdd, _| rdd.map(|n| n * 10)));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[10, 20]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn map<U, F>(&self, f: F) -> Rdd<'b, Map<P, F>>
    where
        F: Fn(P::Item) -> U + Clone + Send + Sync + 'b,
    {
        self.fused(ByMapping(f))
    }

    /// The records for which `keep` holds. Cost: the call, inlined.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let odd = s.queue_stream([vec![1, 2, 3]]).transform(|rdd, _| rdd.filter(|n| n % 2 == 1));
    ///     out.collect(&odd);
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[1, 3]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn filter<F>(&self, keep: F) -> Rdd<'b, Filter<P, F>>
    where
        F: Fn(&P::Item) -> bool + Clone + Send + Sync + 'b,
    {
        self.fused(ByKeeping(keep))
    }

    /// All that `f` makes of each record, in order. Cost: the call and the iterator, inlined.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     out.collect(&s.queue_stream([vec![2, 1]]).transform(|rdd, _| rdd.flat_map(|n| 0..n)));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[0, 1, 0]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn flat_map<I, F>(&self, f: F) -> Rdd<'b, FlatMap<P, F>>
    where
        I: IntoIterator,
        F: Fn(P::Item) -> I + Clone + Send + Sync + 'b,
    {
        self.fused(ByFlattening(f))
    }

    /// What `f` makes of each partition. Cost: the memory for a partition's records.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let numbers = s.queue_stream([vec![1, 2, 3, 4]]);
    ///     out.collect(&numbers.transform(|rdd, _| rdd.map_partitions(|part| part.max())));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[2, 4]], "two partitions, for the test runs two tasks at once");
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn map_partitions<I, F>(&self, f: F) -> Rdd<'b, MapPartitions<P, F>>
    where
        I: IntoIterator,
        F: Fn(IntoIter<P::Item>) -> I + Clone + Send + Sync + 'b,
    {
        self.with(MapPartitions { pipe: self.pipe.clone(), f })
    }

    /// The records of both datasets, which may be of different batches: the partitions of this one,
    /// then those of `other`. Cost: none.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     out.collect(&s.queue_stream([vec![1, 2]]).transform(|rdd, _| rdd.union(&rdd)));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[1, 2, 1, 2]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn union<Q: Pipe<'b, Item = P::Item>>(
        &self,
        other: &Rdd<'b, Q>,
    ) -> Rdd<'b, Union<P, AsOf<'b, Q>>> {
        self.with(Union { first: self.pipe.clone(), second: other.as_of() })
    }

    /// Every record with every record of `other`. Cost: the product of both sizes, and `other` is
    /// computed again for each record of this one: [`persist`](Rdd::persist) it where that is dear.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     out.collect(&s.queue_stream([vec![1, 2]]).transform(|rdd, _| rdd.cartesian(&rdd)));
    ///     Ok(())
    /// })?;
    /// assert_eq!(testing::sorted(out), [[(1, 1), (1, 2), (2, 1), (2, 2)]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn cartesian<Q: Pipe<'b>>(&self, other: &Rdd<'b, Q>) -> Rdd<'b, Product<P, AsOf<'b, Q>>>
    where
        P::Item: Clone,
    {
        self.with(Product { first: self.pipe.clone(), second: other.as_of() })
    }

    /// Each distinct record once. Cost: a lookup a record, and a merge of the distinct ones.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     out.collect(&s.queue_stream([vec![2, 1, 2]]).transform(|rdd, _| rdd.distinct()));
    ///     Ok(())
    /// })?;
    /// assert_eq!(testing::sorted(out), [[1, 2]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn distinct(&self) -> Rdd<'b, Distinct<'b, P::Item>>
    where
        P::Item: Key<'b>,
    {
        let pairs = self.map(|record| (record, ()));
        pairs.aggregated(CombineByKey::new("distinct", Reducing::new(|(), ()| ()))).keys()
    }

    /// Each distinct record with how often it occurs. Cost: as [`distinct`](Rdd::distinct).
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     out.collect(&s.queue_stream([vec![2, 1, 2]]).transform(|rdd, _| rdd.count_by_value()));
    ///     Ok(())
    /// })?;
    /// assert_eq!(testing::sorted(out), [[(1, 1), (2, 2)]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn count_by_value(&self) -> Rdd<'b, Edge<'b, (P::Item, u64)>>
    where
        P::Item: Key<'b>,
    {
        let add = Reducing::new(|a: u64, b: u64| a + b);
        self.map(|record| (record, 1)).aggregated(CombineByKey::new("count_by_value", add))
    }

    /// The records that `other` has not. Cost: `other`'s records in a table, and a lookup a record.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let (all, some) = (s.queue_stream([vec![1, 2, 3]]), s.queue_stream([vec![2]]));
    ///     out.collect(&all.transform_with(&some, |all, some, _| all.subtract(&some)));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[1, 3]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn subtract<Q: Pipe<'b, Item = P::Item>>(
        &self,
        other: &Rdd<'b, Q>,
    ) -> Rdd<'b, Edge<'b, P::Item>>
    where
        P::Item: Clone + Eq + Hash + Send + Sync + 'b,
    {
        self.staged("subtract", Subtract { pipe: self.pipe.clone(), without: other.as_of() })
    }

    /// All records in one partition, in order of the key that `key` gives; records of equal keys
    /// keep their order. Cost: a sort.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let words = s.queue_stream([vec!["ccc", "a", "bb"]]);
    ///     out.collect(&words.transform(|rdd, _| rdd.sort_by(|word| word.len())));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [["a", "bb", "ccc"]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn sort_by<O, F>(&self, key: F) -> Rdd<'b, Edge<'b, P::Item>>
    where
        P::Item: Clone + Send + Sync + 'b,
        O: Ord,
        F: Fn(&P::Item) -> O + Send + Sync + 'b,
    {
        let compare = move |a: &P::Item, b: &P::Item| key(a).cmp(&key(b));
        self.staged("sort_by", Sort { pipe: self.pipe.clone(), compare })
    }

    /// The same records dealt out to `partitions` partitions, in turn; 0 is taken as 1, and more than
    /// 65 536 as that. Cost: every record is moved once.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let out = out.clone();
    ///     s.queue_stream([vec![1, 2, 3]]).for_each_rdd(move |rdd, time| {
    ///         out.push(time, vec![rdd.repartition(5).num_partitions()]);
    ///     });
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[5]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn repartition(&self, partitions: usize) -> Rdd<'b, Edge<'b, P::Item>>
    where
        P::Item: Clone + Send + Sync + 'b,
    {
        let partitions = partitions.clamp(1, MOST_PARTITIONS);
        self.staged("repartition", Repartition { pipe: self.pipe.clone(), partitions })
    }

    /// The same records, computed once for all actions and datasets that read them. Cost: the memory
    /// for them.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let out = out.clone();
    ///     s.queue_stream([vec![3, 1, 2]]).map(|n| n * n).for_each_rdd(move |rdd, time| {
    ///         let squares = rdd.persist();
    ///         out.push(time, vec![squares.max().unwrap_or(0), squares.sum()]);
    ///     });
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[9, 14]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn persist(&self) -> Rdd<'b, Edge<'b, P::Item>>
    where
        P::Item: Clone + Send + Sync + 'b,
    {
        self.staged("persist", Persist(self.pipe.clone()))
    }

    /// The same dataset under a type that names only its records: for an `if` whose branches make
    /// different datasets. Cost: as [`DStream::boxed`](crate::DStream::boxed).
    ///
    /// ```
    /// # use millstream::{Time, secs, testing};
    /// let out = testing::run(secs(1), 2, |s, out| {
    ///     let numbers = s.queue_stream([vec![1, 2], vec![3, 4]]);
    ///     out.collect(&numbers.transform(|rdd, time| match time == Time::from_millis(1000) {
    ///         true => rdd.boxed(),
    ///         false => rdd.map(|n| -n).boxed(),
    ///     }));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[1, 2], [-3, -4]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn boxed(&self) -> Rdd<'b, Boxed<'b, P::Item>> {
        self.with(Boxed::new(self.pipe.clone()))
    }
}
