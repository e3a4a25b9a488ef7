//! Owned keys brought to their partitions: what states and windows begin with, or go on from.

use std::sync::Arc;

use crate::batch::Batch;
use crate::keyed::key::Key;
use crate::keyed::table::{Table, hash_of};
use crate::partition::partition_of;

/// Keys, and what belongs to each, until a batch is there that can hash them.
pub(super) struct Unplaced<O, X> {
    /// Lent to the batch that looks for their places.
    keys: Arc<Vec<O>>,
    values: Vec<X>,
}

/// Where each key goes; `None` for one that has come before.
pub(super) struct Places<O>(Vec<Option<Place<O>>>);

struct Place<O> {
    partition: usize,
    hash: u64,
    key: O,
}

/// One key's hash and owned form, and what belongs to it.
pub(super) type Placed<O, X> = (u64, O, X);

impl<O, X> Unplaced<O, X> {
    pub(super) fn new(entries: Vec<(O, X)>) -> Self {
        let (keys, values): (Vec<O>, Vec<X>) = entries.into_iter().unzip();
        Unplaced { keys: Arc::new(keys), values }
    }

    /// The keys, to look for their places.
    pub(super) fn keys(&self) -> Arc<Vec<O>> {
        self.keys.clone()
    }

    /// The keys with what belongs to them.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&O, &X)> {
        self.keys.iter().zip(&self.values)
    }

    /// What belongs to the keys, to be changed.
    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut X> {
        self.values.iter_mut()
    }

    /// The entries by partition, each key once: of a key that comes twice the first counts.
    pub(super) fn put(self, places: Places<O>, partitions: usize) -> Vec<Vec<Placed<O, X>>> {
        let mut placed: Vec<Vec<_>> = (0..partitions).map(|_| Vec::new()).collect();
        for (place, value) in places.0.into_iter().zip(self.values) {
            if let Some(Place { partition, hash, key }) = place {
                placed[partition].push((hash, key, value));
            }
        }
        placed
    }
}

/// Looks for the places of `keys`, in a stage: that runs users' code, which may have to be tried
/// again.
pub(super) fn places<'b, K: Key<'b>>(
    batch: &Batch<'b>,
    keys: &Arc<Vec<K::Owned>>,
    partitions: usize,
) -> Places<K::Owned> {
    let lent: &'b Vec<K::Owned> = batch.lend(keys);
    let found = batch.run_stage("placing", 1, |_| -> Vec<Option<Place<K::Owned>>> {
        let mut seen: Table<K> = Table::default();
        let place = |owned: &'b K::Owned| {
            let key = K::lend(owned);
            let hash = hash_of(&key);
            let new = seen.find(hash, |other| *other == key).is_none();
            new.then(|| {
                let partition = partition_of(&key, partitions);
                seen.find_or_insert(hash, |_| false, || key);
                Place { partition, hash, key: owned.clone() }
            })
        };
        lent.iter().map(place).collect()
    });
    Places(found.into_iter().flatten().collect())
}
