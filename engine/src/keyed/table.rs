//! The one hash table of the engine: from keys to dense numbers, in order of first insertion.
//!
//! What belongs to a key lies in an array of the operator's own, at the key's number. Lookups take
//! the key as it comes, borrowed; what is stored is made only for a key that is new. The hash is
//! seeded anew in every process, so that a hostile sender cannot pick keys that collide.

use std::hash::{BuildHasher, Hash};
use std::sync::{Arc, OnceLock};

use foldhash::fast::SeedableRandomState;
use hashbrown::HashTable;

use crate::held::{bytes_of, give_back_room};

/// What this process's hashes begin with.
static SEED: OnceLock<SeedableRandomState> = OnceLock::new();

/// The seeded hash of this process.
#[inline]
pub(crate) fn hash_of(key: &impl Hash) -> u64 {
    SEED.get_or_init(SeedableRandomState::random).hash_one(key)
}

/// Has this process hash as every other that asks for it, where probes are to be counted. Says
/// whether that came before its first hash; later it changes nothing.
#[cfg(feature = "internals")]
pub(crate) fn fix_seed() -> bool {
    SEED.set(SeedableRandomState::fixed()).is_ok()
}

/// Whether so many keys of a table's have gone that it should be made anew without them: more than
/// half, so that a key is moved once at most for each that goes.
pub(crate) fn mostly_gone(gone: usize, keys: usize) -> bool {
    gone > keys / 2
}

/// Keys of form `S`, numbered from 0 in order of insertion.
///
/// Invariants: `hashes[i]` is the hash of `keys[i]`; `index` holds each number below `keys.len()`
/// once.
#[derive(Debug)]
pub(crate) struct Table<S> {
    index: HashTable<u32>,
    hashes: Vec<u64>,
    keys: Arc<Vec<S>>,
}

impl<S> Default for Table<S> {
    fn default() -> Self {
        Table { index: HashTable::new(), hashes: Vec::new(), keys: Arc::default() }
    }
}

impl<S: Clone> Table<S> {
    /// How many keys it has.
    pub(crate) fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Bytes that it takes.
    pub(crate) fn bytes(&self) -> u64 {
        self.index.allocation_size() as u64 + bytes_of(&self.hashes) + bytes_of(&self.keys)
    }

    /// The keys, in order. Whoever holds a clone of the `Arc` keeps them as they are now; the next key
    /// is then added to a copy.
    pub(crate) fn keys(&self) -> &Arc<Vec<S>> {
        &self.keys
    }

    /// Their hashes, in the same order.
    pub(crate) fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    /// The number of the key for which `is` holds.
    #[inline]
    pub(crate) fn find(&self, hash: u64, is: impl Fn(&S) -> bool) -> Option<usize> {
        self.index.find(hash, |&i| is(&self.keys[i as usize])).map(|&i| i as usize)
    }

    /// The number of the key for which `is` holds; where there is none, that of `make()`, newly
    /// inserted.
    ///
    /// # Panics
    /// Beyond 2^32 keys.
    #[inline]
    pub(crate) fn find_or_insert(
        &mut self,
        hash: u64,
        is: impl Fn(&S) -> bool,
        make: impl FnOnce() -> S,
    ) -> usize {
        match self.find(hash, is) {
            Some(number) => number,
            None => self.insert(hash, make()),
        }
    }

    #[cold]
    #[inline(never)]
    fn insert(&mut self, hash: u64, key: S) -> usize {
        let number = self.hashes.len();
        let small = u32::try_from(number).expect("a table holds less than 2^32 keys");
        let hashes = &mut self.hashes;
        self.index.insert_unique(hash, small, |&i| hashes[i as usize]);
        hashes.push(hash);
        // Where a leaked dataset still holds the keys, they are copied once.
        Arc::make_mut(&mut self.keys).push(key);
        number
    }

    /// Forgets the keys for whose numbers `keep` does not hold; those that stay move up, in their
    /// order. Cost: the number of keys.
    pub(crate) fn retain(&mut self, keep: impl Fn(usize) -> bool) {
        let mut number = 0;
        let keys = Arc::make_mut(&mut self.keys);
        keys.retain(|_| {
            number += 1;
            keep(number - 1)
        });
        give_back_room(keys);
        number = 0;
        self.hashes.retain(|_| {
            number += 1;
            keep(number - 1)
        });
        give_back_room(&mut self.hashes);
        self.index.clear();
        let hashes = &self.hashes;
        if hashes.len() < self.index.capacity() / 4 {
            self.index.shrink_to(2 * hashes.len(), |&i| hashes[i as usize]);
        }
        for (number, &hash) in hashes.iter().enumerate() {
            self.index.insert_unique(hash, number as u32, |&i| hashes[i as usize]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::seed::Random;

    #[test]
    fn it_is_a_hash_map_that_remembers_the_order() {
        let mut table = Table::<String>::default();
        let mut model: HashMap<String, usize> = HashMap::new();
        let mut order = Vec::new();
        let mut random = Random::new(1);
        for _ in 0..20_000 {
            let key = random.below(1 << 12).to_string();
            let expected = *model.entry(key.clone()).or_insert_with(|| {
                order.push(key.clone());
                order.len() - 1
            });
            let number = table.find_or_insert(hash_of(&key), |k| *k == key, || key.clone());
            assert_eq!(number, expected);
        }
        assert_eq!(**table.keys(), order);
        assert_eq!(table.find(hash_of(&"absent"), |k| k == "absent"), None);
    }

    #[test]
    fn what_is_retained_moves_up_and_is_found_at_its_new_number() {
        let mut table = Table::<u64>::default();
        for key in 0..1000u64 {
            table.find_or_insert(hash_of(&key), |k| *k == key, || key);
        }
        table.retain(|number| number % 3 == 0);
        for key in 0..1000u64 {
            let wanted = (key % 3 == 0).then_some(key as usize / 3);
            assert_eq!(table.find(hash_of(&key), |k| *k == key), wanted);
        }
        assert_eq!(table.find_or_insert(hash_of(&1u64), |k| *k == 1, || 1), 334);
    }
}
