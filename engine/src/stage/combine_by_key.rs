//! Records of equal keys brought together: the one keyed aggregation, and the shuffle behind it.

use std::marker::PhantomData;
use std::mem::needs_drop;
use std::ops::Range;
use std::sync::Arc;

use arrayvec::ArrayVec;

use super::aggregate::Aggregate;
use super::combine::Combine;
use super::edge::Partitions;
use super::gather::{Values, in_groups};
use super::owned::owns_itself;
use crate::batch::Batch;
use crate::keyed::key::Key;
use crate::keyed::packed::Packed;
use crate::keyed::slots::{GROUP, Group, Slots};
use crate::partition::{partition_of_packed, portable_hash};
use crate::pipe::Pipe;

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

impl<K, C> CombineByKey<K, C> {
    /// Brings records to those of their keys.
    #[inline(never)]
    fn take<'b, V>(
        &self,
        keys: &[K],
        values: Values<'_, V>,
        group: &mut Group,
        slots: &mut Slots<K::Owned, C::Combined>,
        taken: &mut u64,
    ) where
        K: Key<'b>,
        C: Combine<Value = V>,
    {
        let homes = slots.homes();
        let all_fit = K::pack_all(keys, |number, key| homes.expect(group, number, key));
        let bring = |so_far: Option<C::Combined>, value| match so_far {
            Some(so_far) => self.combine.add(so_far, value),
            None => self.combine.create(value),
        };
        if all_fit {
            slots.put_all(group, values, bring, taken);
        } else {
            put_one_by_one(slots, group, keys, values, bring, taken);
        }
    }
}

/// Puts values of which some have a key that does not fit into a slot.
#[inline(never)]
fn put_one_by_one<'b, K: Key<'b>, W, V: Clone>(
    slots: &mut Slots<K::Owned, V>,
    group: &mut Group,
    keys: &[K],
    values: impl Iterator<Item = W>,
    make: impl Fn(Option<V>, W) -> V,
    taken: &mut u64,
) {
    for (number, (key, value)) in keys.iter().zip(values).enumerate() {
        let is = |owned: &K::Owned| key.is(owned);
        slots.put_one(group, number, is, || key.own(), |so_far| make(so_far, value));
        *taken += 1;
    }
}

/// Whether a value is plain numbers, of which a function gets a copy: whatever it does then, the value is
/// still there.
fn plain<V>() -> bool {
    !needs_drop::<V>()
}

/// Brings what the pieces have of some partitions together, and gives it by partition.
struct Merge<'m, 'b, K: Key<'b>, C: Combine> {
    combine: &'m C,
    pieces: &'m [Slots<K::Owned, C::Combined>],
    /// The long keys of each piece.
    long: &'m [&'b Vec<K::Owned>],
    /// Of all partitions.
    partitions: usize,
}

impl<'b, K: Key<'b>, C: Combine> Merge<'_, 'b, K, C> {
    /// The partition of a key of a piece.
    #[inline]
    fn partition(&self, piece: usize, key: Packed) -> usize {
        if self.partitions == 1 {
            return 0;
        }
        let long = || portable_hash(&K::lend(&self.long[piece][key.number() as usize]));
        partition_of_packed(key, long, self.partitions)
    }

    /// The entries of the partitions in `range`, merged, and how many they were.
    fn merge(&self, range: Range<usize>, merged: &mut Slots<K::Owned, C::Combined>) -> u64 {
        let merge = |so_far, value: &C::Combined| match so_far {
            Some(so_far) => self.combine.merge(so_far, value.clone()),
            None => value.clone(),
        };
        let mut entered = 0;
        let mut group = Group::default();
        for (number, piece) in self.pieces.iter().enumerate() {
            let long = |key: Packed| &self.long[number][key.number() as usize];
            let mut wanted =
                piece.entries().filter(|(key, _)| range.contains(&self.partition(number, *key)));
            loop {
                let entries: ArrayVec<(Packed, &C::Combined), GROUP> =
                    wanted.by_ref().take(GROUP).collect();
                if entries.is_empty() {
                    break;
                }
                let (homes, mut all_fit) = (merged.homes(), true);
                for (i, (key, _)) in entries.iter().enumerate() {
                    homes.expect(&mut group, i, key.without_number());
                    all_fit &= key.is_exact();
                }
                if all_fit {
                    let values = entries.into_iter().map(|(_, value)| value);
                    merged.put_all(&group, values, merge, &mut entered);
                    continue;
                }
                for (i, (key, value)) in entries.into_iter().enumerate() {
                    let is = |other: &K::Owned| K::lend(long(key)).is(other);
                    let own = || long(key).clone();
                    merged.put_one(&group, i, is, own, |so_far| merge(so_far, value));
                    entered += 1;
                }
            }
        }
        entered
    }
}

/// So many entries of some slots by partition, those of the partitions in `range`; `long` are the slots'
/// long keys.
fn by_partition<'b, K: Key<'b>, V>(
    batch: &Batch<'b>,
    entries: impl Iterator<Item = (Packed, V)>,
    len: usize,
    long: &[K::Owned],
    range: Range<usize>,
    partition: impl Fn(Packed) -> usize,
) -> Partitions<(K, V)> {
    let mut found: Vec<(Vec<K::Owned>, Vec<V>)> =
        range.clone().map(|_| Default::default()).collect();
    if let [(keys, values)] = &mut found[..] {
        keys.reserve_exact(len);
        values.reserve_exact(len);
    }
    for (key, value) in entries {
        let (keys, values) = &mut found[partition(key) - range.start];
        keys.push(K::unpack(key).unwrap_or_else(|| long[key.number() as usize].clone()));
        values.push(value);
    }
    let lent = |(keys, values): (Vec<K::Owned>, Vec<V>)| {
        let keys: &'b Vec<K::Owned> = batch.lend(&Arc::new(keys));
        keys.iter().map(K::lend).zip(values).collect()
    };
    found.into_iter().map(lent).collect()
}

impl<'b, K, V, P, C> Aggregate<'b, P> for CombineByKey<K, C>
where
    K: Key<'b>,
    P: Pipe<'b, Item = (K, V)>,
    C: Combine<Value = V, Combined: 'b> + 'b,
{
    type Piece = Slots<K::Owned, C::Combined>;
    type Out = (K, C::Combined);

    fn name(&self) -> &'static str {
        self.name
    }

    fn keeps_owned(&self) -> bool {
        C::CHEAP_TO_MERGE && (self.owned || owns_itself::<C::Combined>()) && plain::<C::Combined>()
    }

    fn goes_on(&self) -> bool {
        plain::<C::Combined>()
    }

    fn work(
        &self,
        pipe: &P,
        plan: &P::Plan,
        partition: usize,
        piece: &mut Self::Piece,
        taken: &mut u64,
    ) {
        let mut group = Group::default();
        let mut there = *taken;
        in_groups(pipe, plan, partition, |keys, mut values| {
            let known = there.min(keys.len() as u64);
            there -= known;
            values.by_ref().take(known as usize).for_each(drop);
            self.take(&keys[known as usize..], values, &mut group, piece, taken);
        });
    }

    fn finish(&self, batch: &Batch<'b>, pieces: &[Self::Piece]) -> Partitions<Self::Out> {
        let partitions = self.partitions.unwrap_or(batch.parallelism());
        let keys: usize = pieces.iter().map(Slots::len).sum();
        if keys == 0 {
            return (0..partitions).map(|_| Vec::new()).collect();
        }
        let long: Vec<&'b Vec<K::Owned>> =
            pieces.iter().map(|piece| batch.lend(piece.long())).collect();
        let merge = Merge::<K, C> { combine: &self.combine, pieces, long: &long, partitions };
        // Each task looks at all entries, so there are no more of them than can run at once.
        let most = if keys < LEAST_KEYS_TO_DIVIDE { 1 } else { batch.parallelism() };
        let each = partitions.div_ceil(most);
        let tasks = partitions.div_ceil(each);
        let merged = batch.run_stage("shuffle", tasks, |task| {
            let range = task * each..partitions.min((task + 1) * each);
            if let ([piece], 1) = (pieces, tasks) {
                let partition = |key| merge.partition(0, key);
                let entries = piece.entries().map(|(key, value)| (key, value.clone()));
                let found = by_partition(batch, entries, piece.len(), long[0], range, partition);
                return (piece.len() as u64, found);
            }
            // As many as if each piece had the keys of every other one, which is less than there are.
            let most_keys = pieces.iter().map(Slots::len).max().unwrap_or(0);
            let mut merged = Slots::with_room_for(most_keys * range.len() / partitions);
            let entered = merge.merge(range.clone(), &mut merged);
            let lent: &'b Vec<K::Owned> = batch.lend(merged.long());
            let of_merged = Merge::<K, C> { long: &[lent], ..merge };
            let partition = |key| of_merged.partition(0, key);
            let len = merged.len();
            (entered, by_partition(batch, merged.take_entries(), len, lent, range, partition))
        });
        let left: u64 = merged.iter().map(|(entered, _)| entered).sum();
        assert_eq!(
            left, keys as u64,
            "each key of a shuffle is in one partition: is its Hash consistent?"
        );
        merged.into_iter().flat_map(|(_, partitions)| partitions).collect()
    }

    fn clear(piece: &mut Self::Piece) {
        piece.clear();
    }

    fn piece_bytes(piece: &Self::Piece) -> u64 {
        piece.bytes()
    }
}
