//! The batches that are no text.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use crate::roof::number_sum::Pair;

/// Of pairs whose keys fit no cache.
const KEYS: u64 = 10_000_000;

/// Pairs of a key, all alike, and a number below a thousand.
pub(super) fn pairs(batch_bytes: usize) -> Vec<Pair> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
    let pairs = batch_bytes / size_of::<Pair>();
    (0..pairs).map(|_| (random.random_range(0..KEYS), random.random_range(0..1000))).collect()
}
