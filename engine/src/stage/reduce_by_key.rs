//! Records of equal keys brought together: the one keyed aggregation, and the shuffle behind it.

use std::marker::PhantomData;
use std::ops::Range;

use super::aggregate::Aggregate;
use super::edge::Partitions;
use super::owned::owns_itself;
use crate::batch::Batch;
use crate::key::Key;
use crate::partition::partition_of;
use crate::pipe::{Pipe, push_all};
use crate::table::{Table, hash_of};

/// Fewer keys than this are merged by one task: dividing them would cost more than it saves.
const LEAST_KEYS_TO_DIVIDE: usize = 8 << 10;

pub(crate) struct ReduceByKey<K, F> {
    name: &'static str,
    f: F,
    _key: PhantomData<fn() -> K>,
}

impl<K, F> ReduceByKey<K, F> {
    pub(crate) fn new(name: &'static str, f: F) -> Self {
        ReduceByKey { name, f, _key: PhantomData }
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
    /// Used while a scratch is merged, and empty otherwise.
    staged: Vec<Staged<O, V>>,
}

/// A value as it will be, and where it goes.
enum Staged<O, V> {
    Known(usize, V),
    New(u64, O, V),
}

impl<K, V> Default for Scratch<K, V> {
    fn default() -> Self {
        Scratch { table: Table::default(), values: Vec::new() }
    }
}

impl<O, V> Default for Kept<O, V> {
    fn default() -> Self {
        Kept { table: Table::default(), values: Vec::new(), staged: Vec::new() }
    }
}

impl<K: Eq, V> Scratch<K, V> {
    #[inline]
    fn add(&mut self, hash: u64, key: K, value: V, f: impl Fn(V, V) -> V) {
        match self.table.find(hash, |known| *known == key) {
            Some(i) => {
                let slot = &mut self.values[i];
                *slot = Some(match slot.take() {
                    Some(so_far) => f(so_far, value),
                    None => value,
                });
            }
            None => {
                self.table.find_or_insert(hash, |_| false, || key);
                self.values.push(Some(value));
            }
        }
    }

    /// Keys and values in order of insertion, with the keys' hashes.
    fn entries(&self) -> impl Iterator<Item = (u64, &K, &V)> {
        let keys = self.table.hashes().iter().zip(self.table.keys().iter());
        keys.zip(self.values.iter().flatten()).map(|((&hash, key), value)| (hash, key, value))
    }
}

impl<'b, K, V, P, F> Aggregate<'b, P> for ReduceByKey<K, F>
where
    K: Key<'b>,
    V: Clone + Send + Sync + 'b,
    P: Pipe<'b, Item = (K, V)>,
    F: Fn(V, V) -> V + Send + Sync + 'b,
{
    type Scratch = Scratch<K, V>;
    type Kept = Kept<K::Owned, V>;
    type Out = (K, V);

    fn name(&self) -> &'static str {
        self.name
    }

    fn keeps_owned(&self) -> bool {
        owns_itself::<V>()
    }

    fn work(&self, pipe: &P, plan: &P::Plan, partition: usize, scratch: &mut Scratch<K, V>) {
        push_all(pipe, plan, partition, |(key, value)| {
            scratch.add(hash_of(&key), key, value, &self.f)
        });
    }

    fn keep(&self, scratch: &Scratch<K, V>, kept: &mut Kept<K::Owned, V>) {
        // Users' code runs here, and only here; what a panic leaves behind in `staged` is dropped
        // at the next merge.
        kept.staged.clear();
        for (hash, key, value) in scratch.entries() {
            kept.staged.push(match kept.table.find(hash, |owned| key.is(owned)) {
                Some(i) => Staged::Known(i, (self.f)(kept.values[i].clone(), value.clone())),
                None => Staged::New(hash, key.own(), value.clone()),
            });
        }
        for staged in kept.staged.drain(..) {
            match staged {
                Staged::Known(i, value) => kept.values[i] = value,
                Staged::New(hash, key, value) => {
                    // A scratch has each key once, so a key that was new is new still.
                    kept.table.find_or_insert(hash, |_| false, || key);
                    kept.values.push(value);
                }
            }
        }
    }

    fn finish(
        &self,
        batch: &Batch<'b>,
        kept: &[Kept<K::Owned, V>],
        scratches: &[Scratch<K, V>],
    ) -> Partitions<(K, V)> {
        let partitions = batch.parallelism();
        let lent: Vec<&'b Vec<K::Owned>> =
            kept.iter().map(|kept| batch.lend(kept.table.keys())).collect();
        let keys: usize = lent.iter().map(|keys| keys.len()).sum::<usize>()
            + scratches.iter().map(|s| s.table.len()).sum::<usize>();
        if keys == 0 {
            return (0..partitions).map(|_| Vec::new()).collect();
        }
        // The entries of some partitions, brought together, and how many they were.
        let merge = |range: Range<usize>| -> (usize, Partitions<(K, V)>) {
            let mut merged: Vec<Scratch<K, V>> =
                range.clone().map(|_| Scratch::default()).collect();
            let mut entered = 0;
            let mut add = |hash: u64, key: K, value: V| {
                let partition = partition_of(&key, partitions);
                if range.contains(&partition) {
                    merged[partition - range.start].add(hash, key, value, &self.f);
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
            let pairs = |part: &Scratch<K, V>| {
                part.entries().map(|(_, key, value)| (key.clone(), value.clone())).collect()
            };
            (entered, merged.iter().map(pairs).collect())
        };
        let tasks = if keys < LEAST_KEYS_TO_DIVIDE { 1 } else { partitions };
        let each = partitions / tasks;
        let merged =
            batch.run_stage("shuffle", tasks, |task| merge(task * each..(task + 1) * each));
        let left: usize = merged.iter().map(|(entered, _)| entered).sum();
        assert_eq!(
            left, keys,
            "each key of a shuffle is in one partition: is its Hash consistent?"
        );
        merged.into_iter().flat_map(|(_, partitions)| partitions).collect()
    }

    fn clear_scratch(scratch: &mut Scratch<K, V>) {
        scratch.table.clear();
        scratch.values.clear();
    }

    fn clear_kept(kept: &mut Kept<K::Owned, V>) {
        kept.table.clear();
        kept.values.clear();
        kept.staged.clear();
    }
}
