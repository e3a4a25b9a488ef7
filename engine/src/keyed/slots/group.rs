//! Keys on their way to the slots: a group is hashed, and its slots asked for, before the first is
//! looked at.

use super::Slot;
use crate::keyed::packed::{Packed, Seeds};
use crate::keyed::prefetch::prefetch;

/// Keys that are hashed, and their slots asked for, before the first is looked at. With 32 a million
/// words cost a quarter more, because too few ways to memory overlap; with 128 nothing is gained.
pub(crate) const GROUP: usize = 64;

/// Keys on their way to the slots.
pub(crate) struct Group {
    pub(super) keys: [Packed; GROUP],
    pub(super) hashes: [u64; GROUP],
}

impl Default for Group {
    fn default() -> Self {
        Group { keys: [Packed::default(); GROUP], hashes: [0; GROUP] }
    }
}

/// Where keys have their homes, as long as none is put.
pub(crate) struct Homes<'s, V> {
    pub(super) slots: &'s [Slot<V>],
    pub(super) shift: u32,
    pub(super) seeds: Seeds,
}

impl<V> Homes<'_, V> {
    /// Makes `key` the one of this number in a group.
    #[inline]
    pub(crate) fn expect(&self, group: &mut Group, number: usize, key: Packed) {
        let hash = key.hash(self.seeds);
        prefetch(self.slots, (hash >> self.shift) as usize);
        group.keys[number % GROUP] = key;
        group.hashes[number % GROUP] = hash;
    }
}
