//! Owned keys brought to their partitions: what a state begins with.

use std::sync::Arc;

use crate::batch::Batch;
use crate::key::Key;
use crate::partition::partition_of;
use crate::table::{Table, hash_of};

/// One key's hash and owned form, and what belongs to it.
pub(super) type Placed<O, X> = (u64, O, X);

/// The entries by partition, each key once: of a key that comes twice the first counts. The batch
/// lends the keys for the time that it takes to hash them.
pub(super) fn place<'b, K: Key<'b>, X>(
    batch: &Batch<'b>,
    entries: Vec<(K::Owned, X)>,
    partitions: usize,
) -> Vec<Vec<Placed<K::Owned, X>>> {
    let mut placed: Vec<Vec<_>> = (0..partitions).map(|_| Vec::new()).collect();
    let (keys, values): (Vec<K::Owned>, Vec<X>) = entries.into_iter().unzip();
    let lent: &'b Vec<K::Owned> = batch.lend(&Arc::new(keys));
    let mut seen: Table<K> = Table::default();
    for (owned, value) in lent.iter().zip(values) {
        let key = K::lend(owned);
        let hash = hash_of(&key);
        if seen.find(hash, |other| *other == key).is_none() {
            placed[partition_of(&key, partitions)].push((hash, owned.clone(), value));
            seen.find_or_insert(hash, |_| false, || key);
        }
    }
    placed
}
