//! The table in which values by key are brought together: the key and the value in the slot, so that a
//! record costs one way through the caches.
//!
//! Keys come [`Packed`]. One that does not fit, a long text or a key of a user's own type, is kept in a
//! list beside the slots, and its slot has its hash and its place in the list. Values stay in the order
//! of their keys' first insertion for whoever visits them, whatever the seeds.

mod group;
#[cfg(test)]
mod tests;

use std::mem::needs_drop;
use std::sync::Arc;

use group::Homes;
pub(crate) use group::{GROUP, Group};

use crate::held::bytes_of;
use crate::huge_pages::filled;
use crate::keyed::packed::{Packed, Seeds};
use crate::keyed::prefetch::prefetch;

/// Slots for each key, at least. With four fewer probes are guessed wrong than with two, which is worth
/// a tenth of a word count; but of a table that the cache does not hold, half the memory is worth more.
fn slots_per_key(slots: usize) -> usize {
    if slots < 1 << 16 { 4 } else { 2 }
}

/// Logarithm of the number of slots at first.
const FIRST_LOG: u32 = 8;

/// Logarithm of the number of slots at most.
const MOST_LOG: u32 = 32;

/// A table of which less than one slot in so many was taken is larger than it need be.
const FEW: usize = 16;

/// How many slots ahead the cache is asked where keys are visited one after the other.
const AHEAD: usize = 16;

/// A key and its value; none lies across two lines of the cache where the value has 8 bytes or
/// fewer.
#[derive(Clone)]
#[repr(C, align(32))]
struct Slot<V> {
    key: Packed,
    /// `None` where the slot is empty.
    value: Option<V>,
}

impl<V> Slot<V> {
    const EMPTY: Self = Slot { key: Packed { low: 0, high: 0 }, value: None };
}

/// Values by key. `O` is the form of the keys that do not fit into a slot.
///
/// A key's home is the top bits of its hash; from there the slots are looked at one by one.
///
/// Invariants: there are none, or a power of two, of slots, and at most half of them are taken;
/// `order` has the place of each taken slot once; the number beside a hashed key is its place in
/// `long`.
pub(crate) struct Slots<O, V> {
    slots: Vec<Slot<V>>,
    /// 64 less the logarithm of the number of slots.
    shift: u32,
    order: Vec<u32>,
    long: Arc<Vec<O>>,
    seeds: Seeds,
}

impl<O, V> Default for Slots<O, V> {
    fn default() -> Self {
        Slots {
            slots: Vec::new(),
            shift: 64 - FIRST_LOG,
            order: Vec::new(),
            long: Arc::default(),
            seeds: Seeds::of_this_process(),
        }
    }
}

impl<O: Clone, V: Clone> Slots<O, V> {
    /// With room for so many keys.
    pub(crate) fn with_room_for(keys: usize) -> Self {
        let mut slots = Slots::default();
        let fit = |log: &u32| keys * slots_per_key(1 << log) <= 1 << log;
        let log = (FIRST_LOG..=MOST_LOG).find(fit).unwrap_or(MOST_LOG);
        slots.resize(1 << log);
        slots
    }

    /// How many keys it has.
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// Bytes that it takes.
    pub(crate) fn bytes(&self) -> u64 {
        bytes_of(&self.slots) + bytes_of(&self.order) + bytes_of(&self.long)
    }

    /// The keys that do not fit into a slot.
    pub(crate) fn long(&self) -> &Arc<Vec<O>> {
        &self.long
    }

    /// What hashes keys and asks the cache for their homes.
    #[inline]
    pub(crate) fn homes(&self) -> Homes<'_, V> {
        Homes { slots: &self.slots, shift: self.shift, seeds: self.seeds }
    }

    /// For each value, makes the value of its key, anew or of the one that is there: the keys of a group
    /// that [`Homes::expect`] has seen, and that fit. `taken` counts the values that are in, also
    /// when `make` panics: then nothing else has changed, but for the value that it was given, which is
    /// gone if its type has something to drop.
    ///
    /// # Panics
    /// Beyond 2^31 keys.
    #[inline]
    pub(crate) fn put_all<W>(
        &mut self,
        group: &Group,
        mut values: impl Iterator<Item = W>,
        make: impl Fn(Option<V>, W) -> V,
        taken: &mut u64,
    ) {
        let mut i = 0;
        // Once for each key that is new: the table may have grown.
        'again: loop {
            let (last, shift) = (self.last(), self.shift);
            let slots = &mut self.slots[..];
            for value in values.by_ref() {
                let (key, hash) = (group.keys[i % GROUP], group.hashes[i % GROUP]);
                i += 1;
                let mut at = (hash >> shift) as usize & last;
                while slots[at].value.is_some() && slots[at].key != key {
                    at = (at + 1) & last;
                }
                let slot = &mut slots[at];
                if slot.value.is_none() {
                    let value = make(None, value);
                    self.insert(at, key, value);
                    *taken += 1;
                    continue 'again;
                }
                change(&mut slot.value, |so_far| make(so_far, value));
                *taken += 1;
            }
            return;
        }
    }

    /// The same for one value, whose key has this number in the group and need not fit: `is` says whether
    /// it is one of the long keys that the table has, and `own` makes it one of them.
    #[inline]
    pub(crate) fn put_one(
        &mut self,
        group: &Group,
        number: usize,
        is: impl Fn(&O) -> bool,
        own: impl FnOnce() -> O,
        make: impl FnOnce(Option<V>) -> V,
    ) {
        let (mut key, hash) = (group.keys[number], group.hashes[number]);
        let last = self.last();
        let mut at = (hash >> self.shift) as usize & last;
        loop {
            let slot = &mut self.slots[at];
            let same = || match key.is_exact() {
                true => slot.key == key,
                false => slot.key.is_hash_of(key) && is(&self.long[slot.key.number() as usize]),
            };
            match slot.value {
                Some(_) if same() => return change(&mut slot.value, make),
                Some(_) => at = (at + 1) & last,
                None => break,
            }
        }
        let value = make(None);
        if !key.is_exact() {
            let number = u32::try_from(self.long.len()).expect("less than 2^31 keys");
            // Where a leaked dataset still holds them, they are copied once.
            Arc::make_mut(&mut self.long).push(own());
            key = key.numbered(number);
        }
        self.insert(at, key, value);
    }

    /// Keys and values, in order of insertion.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (Packed, &V)> {
        self.order.iter().enumerate().filter_map(|(i, &at)| {
            if let Some(&soon) = self.order.get(i + AHEAD) {
                prefetch(&self.slots, soon as usize);
            }
            let slot = &self.slots[at as usize];
            slot.value.as_ref().map(|value| (slot.key, value))
        })
    }

    /// Keys and values, in order of insertion, taken out.
    pub(crate) fn take_entries(&mut self) -> impl Iterator<Item = (Packed, V)> {
        let (order, slots) = (&self.order, &mut self.slots);
        order.iter().enumerate().filter_map(|(i, &at)| {
            if let Some(&soon) = order.get(i + AHEAD) {
                prefetch(slots, soon as usize);
            }
            let slot = &mut slots[at as usize];
            slot.value.take().map(|value| (slot.key, value))
        })
    }

    /// Forgets all keys and keeps the memory, or half of it where the table was hardly filled.
    pub(crate) fn clear(&mut self) {
        let (keys, slots) = (self.order.len(), self.slots.len());
        if keys < slots / FEW {
            for at in self.order.drain(..) {
                self.slots[at as usize] = Slot::EMPTY;
            }
        } else {
            self.slots.fill(Slot::EMPTY);
            self.order.clear();
        }
        if keys < slots / FEW && slots > 1 << FIRST_LOG {
            self.slots.truncate(slots / 2);
            self.slots.shrink_to_fit();
            self.shift += 1;
        }
        match Arc::get_mut(&mut self.long) {
            Some(long) => long.clear(),
            None => self.long = Arc::default(),
        }
    }

    /// The number of the last slot, all of whose bits are set; there is one.
    #[inline]
    fn last(&mut self) -> usize {
        if self.slots.is_empty() {
            self.resize(1 << FIRST_LOG);
        }
        self.slots.len() - 1
    }

    #[cold]
    #[inline(never)]
    fn insert(&mut self, at: usize, key: Packed, value: V) {
        self.slots[at] = Slot { key, value: Some(value) };
        self.order.push(at as u32);
        if self.order.len() * slots_per_key(self.slots.len()) > self.slots.len() {
            self.resize(self.slots.len() * 2);
        }
    }

    /// Moves all keys to a table of so many slots. They lie in the order of their hashes, here and
    /// there, so both are walked from front to back.
    fn resize(&mut self, slots: usize) {
        assert!(slots <= 1 << MOST_LOG, "a table holds less than 2^31 keys");
        let mut old = std::mem::replace(&mut self.slots, filled(Slot::EMPTY, slots));
        let last = slots - 1;
        self.shift = 64 - slots.ilog2();
        let mut moved = vec![0u32; old.len()];
        for (slot, moved) in old.iter_mut().zip(&mut moved).filter(|(slot, _)| slot.value.is_some())
        {
            let mut at = (slot.key.without_number().hash(self.seeds) >> self.shift) as usize;
            while self.slots[at].value.is_some() {
                at = (at + 1) & last;
            }
            self.slots[at] = Slot { key: slot.key, value: slot.value.take() };
            *moved = at as u32;
        }
        self.order.iter_mut().for_each(|at| *at = moved[*at as usize]);
    }
}

/// What has nothing to drop is copied before it is handed over, so that a panic takes nothing away; to
/// copy anything else for each record could cost an allocation.
#[inline]
fn change<V: Clone>(value: &mut Option<V>, make: impl FnOnce(Option<V>) -> V) {
    let so_far = if needs_drop::<V>() { value.take() } else { value.clone() };
    *value = Some(make(so_far));
}
