//! Adds up the numbers of each key, of pairs of integers whose keys fit no cache.
//!
//! First every pair goes to the partition of its key, then each partition is added up in a table that
//! stays in the cache: both passes go through memory in order, where a table for all keys would wait
//! for memory with every pair.

use super::reference::Reference;

/// From memory on one thread, ten million keys, all alike, sixteen million pairs.
pub const FROM_MEMORY: Reference = Reference { machine: Reference::AMD_EPYC, bytes_per_s: 0.95e9 };

/// A key and a number.
pub type Pair = (u64, u64);

/// As many as there are lines in the first-level cache, for each is being written to; of a batch of
/// sixteen million pairs, a partition then has a table that fits the second-level cache. Twice as
/// many or half of that cost about as much; one table for all keys, its slots prefetched, twice as
/// much.
const PARTITIONS_LOG: u32 = 9;

/// Sums by key, which wrap around. What is kept from one batch to the next is memory.
pub struct NumberSums {
    partitions: Vec<Vec<Pair>>,
    table: Vec<Pair>,
}

impl Default for NumberSums {
    fn default() -> Self {
        NumberSums { partitions: vec![Vec::new(); 1 << PARTITIONS_LOG], table: Vec::new() }
    }
}

/// Marks an empty slot, so the sum of this key has a place of its own.
const NO_KEY: u64 = u64::MAX;

/// One multiplication: its high bits depend on all of the key's. No shield against a hostile sender.
#[inline(always)]
fn hash(key: u64) -> u64 {
    key.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl NumberSums {
    /// Gives each key's sum, once, in any order.
    pub fn add_up(&mut self, pairs: &[Pair], mut each: impl FnMut(u64, u64)) {
        for &pair in pairs {
            self.partitions[(hash(pair.0) >> (64 - PARTITIONS_LOG)) as usize].push(pair);
        }
        let mut of_no_key = None;
        for partition in &mut self.partitions {
            // Half as many slots again as pairs, at least, so that every search ends soon.
            let slots = (partition.len() + partition.len() / 2).max(2).next_power_of_two();
            let log = slots.ilog2();
            self.table.clear();
            self.table.resize(slots, (NO_KEY, 0));
            for (key, number) in partition.drain(..) {
                if key == NO_KEY {
                    of_no_key = Some(number.wrapping_add(of_no_key.unwrap_or(0)));
                } else {
                    add(&mut self.table, log, key, number);
                }
            }
            let sums = self.table.iter().filter(|(key, _)| *key != NO_KEY);
            sums.for_each(|&(key, sum)| each(key, sum));
        }
        if let Some(sum) = of_no_key {
            each(NO_KEY, sum);
        }
    }
}

#[inline(always)]
fn add(table: &mut [Pair], log: u32, key: u64, number: u64) {
    let mask = table.len() - 1;
    // The bits below those that have chosen the partition.
    let mut at = (hash(key) << PARTITIONS_LOG >> (64 - log)) as usize;
    loop {
        let slot = &mut table[at & mask];
        if slot.0 == key {
            slot.1 = slot.1.wrapping_add(number);
            return;
        }
        if slot.0 == NO_KEY {
            *slot = (key, number);
            return;
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rand::rngs::Xoshiro256PlusPlus;
    use rand::{RngExt, SeedableRng};

    use super::*;

    #[test]
    fn sums_are_the_obvious_ones_batch_after_batch() {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut sums = NumberSums::default();
        for (pairs, keys) in [(0, 1), (1, 1), (10_000, 1), (10_000, 3000), (100_000, u64::MAX)] {
            let mut pair = || match random.random_range(0..10) {
                0 => (NO_KEY - random.random_range(0..2), u64::MAX - 1),
                _ => (random.random_range(0..keys), random.random()),
            };
            let pairs: Vec<Pair> = (0..pairs).map(|_| pair()).collect();
            let mut obvious = BTreeMap::new();
            for &(key, number) in &pairs {
                let sum: &mut u64 = obvious.entry(key).or_default();
                *sum = sum.wrapping_add(number);
            }
            let mut found = BTreeMap::new();
            sums.add_up(&pairs, |key, sum| assert_eq!(found.insert(key, sum), None));
            assert_eq!(found, obvious);
        }
    }
}
