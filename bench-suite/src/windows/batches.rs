//! The batches that windows slide over.

use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::index::sample;
use rand::{RngExt, SeedableRng};

/// A key and its value in a batch.
pub(crate) type Pair = (u64, u64);

/// Batches with the same number of keys each, drawn from all; each key comes once.
#[derive(Clone, Copy)]
pub(crate) struct Batches {
    pub(crate) keys: usize,
    pub(crate) keys_per_batch: usize,
    pub(crate) seed: u64,
}

impl Batches {
    /// The batch of this number, the same however often it is asked for.
    pub(super) fn batch(&self, number: usize) -> Vec<Pair> {
        let seed = self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ number as u64;
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let keys = sample(&mut random, self.keys, self.keys_per_batch);
        keys.into_iter().map(|key| (key as u64, random.random_range(0..1_000_000))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_batch_has_its_own_keys_each_once() {
        let batches = Batches { keys: 100, keys_per_batch: 10, seed: 1 };
        let keys: Vec<BTreeSet<u64>> =
            (0..50).map(|n| batches.batch(n).into_iter().map(|(key, _)| key).collect()).collect();
        assert!(keys.iter().all(|keys| keys.len() == 10 && keys.iter().all(|key| *key < 100)));
        assert!(keys.windows(2).all(|pair| pair[0] != pair[1]));
        assert_eq!(batches.batch(7), batches.batch(7));
    }
}
