//! Records of equal keys brought together: the one keyed aggregation, and the shuffle behind it.

use std::marker::PhantomData;
use std::ops::Range;

use super::aggregate::Aggregate;
use super::combine::Combine;
use super::edge::Partitions;
use super::owned::owns_itself;
use crate::batch::Batch;
use crate::key::Key;
use crate::panics::drop_all;
use crate::partition::partition_of;
use crate::pipe::{Pipe, push_all};
use crate::table::{Table, hash_of};

/// Fewer keys than this are merged by one task: dividing them would cost more than it saves.
const LEAST_KEYS_TO_DIVIDE: usize = 8 << 10;

pub(crate) struct CombineByKey<K, C> {
    name: &'static str,
    combine: C,
    /// Left out, as many as tasks run at once.
    partitions: Option<usize>,
    /// Whether the combined values are known to borrow nothing.
    owned: bool,
    _key: PhantomData<fn() -> K>,
}

impl<K, C> CombineByKey<K, C> {
    pub(crate) fn new(name: &'static str, combine: C) -> Self {
        CombineByKey { name, combine, partitions: None, owned: false, _key: PhantomData }
    }

    /// With results in this many partitions, if a number is given.
    pub(crate) fn into_partitions(self, partitions: Option<usize>) -> Self {
        CombineByKey { partitions, ..self }
    }
}

impl<K, C: Combine<Combined: 'static>> CombineByKey<K, C> {
    /// For values of a type that cannot borrow.
    pub(crate) fn owning(name: &'static str, combine: C) -> Self {
        CombineByKey { owned: true, ..Self::new(name, combine) }
    }
}

/// Values by key, as they come: the keys borrow.
///
/// Invariant: `values[i]` belongs to key `i`, and is `None` only while a user's function has it.
pub(crate) struct Scratch<K, V> {
    table: Table<K>,
    values: Vec<Option<V>>,
}

/// Values by key that outlive their blocks: the keys are owned, each copied when it was first seen.
pub(crate) struct Kept<O, V> {
    table: Table<O>,
    values: Vec<V>,
    /// Used while a scratch is merged, and empty otherwise: values as they will be, by number, and
    /// those of keys that are new, with their hashes.
    known: Vec<(usize, V)>,
    new: Vec<(u64, O, V)>,
}

impl<K, V> Default for Scratch<K, V> {
    fn default() -> Self {
        Scratch { table: Table::default(), values: Vec::new() }
    }
}

impl<O, V> Default for Kept<O, V> {
    fn default() -> Self {
        Kept { table: Table::default(), values: Vec::new(), known: Vec::new(), new: Vec::new() }
    }
}

impl<K: Clone + Eq, V> Scratch<K, V> {
    /// Makes the key's value anew, or of what is there.
    #[inline]
    fn put(&mut self, hash: u64, key: K, make: impl FnOnce(Option<V>) -> V) {
        match self.table.find(hash, |known| *known == key) {
            Some(i) => {
                let slot = &mut self.values[i];
                *slot = Some(make(slot.take()));
            }
            None => {
                let value = make(None);
                self.table.find_or_insert(hash, |_| false, || key);
                self.values.push(Some(value));
            }
        }
    }

    /// Keys and values in order of insertion.
    fn into_pairs(self) -> Vec<(K, V)> {
        self.table.into_keys().into_iter().zip(self.values.into_iter().flatten()).collect()
    }

    /// The same, to look at, with the keys' hashes.
    fn entries(&self) -> impl Iterator<Item = (u64, &K, &V)> {
        let keys = self.table.hashes().iter().zip(self.table.keys().iter());
        keys.zip(self.values.iter().flatten()).map(|((&hash, key), value)| (hash, key, value))
    }
}

impl<'b, K, V, P, C> Aggregate<'b, P> for CombineByKey<K, C>
where
    K: Key<'b>,
    P: Pipe<'b, Item = (K, V)>,
    C: Combine<Value = V, Combined: 'b> + 'b,
{
    type Scratch = Scratch<K, C::Combined>;
    type Kept = Kept<K::Owned, C::Combined>;
    type Out = (K, C::Combined);

    fn name(&self) -> &'static str {
        self.name
    }

    fn keeps_owned(&self) -> bool {
        // What has nothing to drop is plain numbers: a copy of it is cheap, whatever its type.
        let plain = self.owned && !std::mem::needs_drop::<C::Combined>();
        C::CHEAP_TO_MERGE && (plain || owns_itself::<C::Combined>())
    }

    fn work(&self, pipe: &P, plan: &P::Plan, partition: usize, scratch: &mut Self::Scratch) {
        push_all(pipe, plan, partition, |(key, value)| {
            scratch.put(hash_of(&key), key, |so_far| match so_far {
                Some(so_far) => self.combine.add(so_far, value),
                None => self.combine.create(value),
            });
        });
    }

    fn keep(&self, scratch: &Self::Scratch, kept: &mut Self::Kept) {
        // Users' code runs here, and only here; what a panic leaves behind in the lists is dropped at
        // the next merge.
        kept.known.clear();
        kept.new.clear();
        for (hash, key, value) in scratch.entries() {
            match kept.table.find(hash, |owned| key.is(owned)) {
                Some(i) => {
                    let so_far = kept.values[i].clone();
                    kept.known.push((i, self.combine.merge(so_far, value.clone())));
                }
                None => kept.new.push((hash, key.own(), value.clone())),
            }
        }
        for (i, value) in &mut kept.known {
            std::mem::swap(&mut kept.values[*i], value);
        }
        for (hash, key, value) in kept.new.drain(..) {
            // A scratch has each key once, so a key that was new is new still.
            kept.table.find_or_insert(hash, |_| false, || key);
            kept.values.push(value);
        }
        drop_all(|| kept.known.clear());
    }

    fn finish(
        &self,
        batch: &Batch<'b>,
        kept: &[Self::Kept],
        scratches: &[Self::Scratch],
    ) -> Partitions<Self::Out> {
        let partitions = self.partitions.unwrap_or(batch.parallelism());
        let lent: Vec<&'b Vec<K::Owned>> =
            kept.iter().map(|kept| batch.lend(kept.table.keys())).collect();
        let keys: usize = lent.iter().map(|keys| keys.len()).sum::<usize>()
            + scratches.iter().map(|s| s.table.len()).sum::<usize>();
        if keys == 0 {
            return (0..partitions).map(|_| Vec::new()).collect();
        }
        // The entries of some partitions, brought together, and how many they were.
        let merge = |range: Range<usize>| -> (usize, Partitions<Self::Out>) {
            let mut merged: Vec<Self::Scratch> =
                range.clone().map(|_| Scratch::default()).collect();
            let mut entered = 0;
            let mut add = |hash: u64, key: K, value: C::Combined| {
                let partition = partition_of(&key, partitions);
                if range.contains(&partition) {
                    merged[partition - range.start].put(hash, key, |so_far| match so_far {
                        Some(so_far) => self.combine.merge(so_far, value),
                        None => value,
                    });
                    entered += 1;
                }
            };
            for (kept, &keys) in kept.iter().zip(&lent) {
                let hashed = kept.table.hashes().iter().zip(keys);
                for ((&hash, key), value) in hashed.zip(&kept.values) {
                    add(hash, K::lend(key), value.clone());
                }
            }
            for (hash, key, value) in scratches.iter().flat_map(Scratch::entries) {
                add(hash, key.clone(), value.clone());
            }
            (entered, merged.into_iter().map(Scratch::into_pairs).collect())
        };
        // Each task looks at all entries, so there are no more of them than can run at once.
        let most = if keys < LEAST_KEYS_TO_DIVIDE { 1 } else { batch.parallelism() };
        let each = partitions.div_ceil(most);
        let tasks = partitions.div_ceil(each);
        let merged = batch.run_stage("shuffle", tasks, |task| {
            merge(task * each..partitions.min((task + 1) * each))
        });
        let left: usize = merged.iter().map(|(entered, _)| entered).sum();
        assert_eq!(
            left, keys,
            "each key of a shuffle is in one partition: is its Hash consistent?"
        );
        merged.into_iter().flat_map(|(_, partitions)| partitions).collect()
    }

    fn clear_scratch(scratch: &mut Self::Scratch) {
        scratch.table.clear();
        scratch.values.clear();
    }

    fn clear_kept(kept: &mut Self::Kept) {
        kept.table.clear();
        kept.values.clear();
        kept.known.clear();
        kept.new.clear();
    }
}
