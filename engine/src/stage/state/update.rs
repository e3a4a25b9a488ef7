//! State that a function makes anew of every key's values and its old state, in every batch.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::batch::Batch;
use crate::durable::{Durable, from_bytes, to_bytes};
use crate::held::bytes_of;
use crate::keyed::key::Key;
use crate::keyed::table::{Table, hash_of, mostly_gone};
use crate::stage::edge::{Compute, Partitions};
use crate::stage::place::{Unplaced, places};
use crate::stage::{Edge, Settling, Stateful};
use crate::time::{Duration, Time};

/// The stage of `update_state_by_key`.
pub(crate) struct UpdateState<'b, K: Key<'b>, V, S, F> {
    groups: Edge<'b, (K, Vec<V>)>,
    f: F,
    kept: Mutex<Kept<K::Owned, S>>,
}

/// What is kept from batch to batch.
struct Kept<O, S> {
    /// Shared with the batch that runs.
    parts: Arc<Vec<Part<O, S>>>,
    /// What it begins with, until the first batch.
    initial: Option<Unplaced<O, S>>,
    /// What the batch that runs makes of it.
    pending: Option<Vec<Update<O, S>>>,
}

/// The state of one partition's keys.
///
/// Invariant: `states[i]` belongs to the table's key `i`, and is `None` where the key is gone.
struct Part<O, S> {
    table: Table<O>,
    states: Arc<Vec<Option<S>>>,
}

impl<O, S> Default for Part<O, S> {
    fn default() -> Self {
        Part { table: Table::default(), states: Arc::default() }
    }
}

/// What a batch makes of one partition.
struct Update<O, S> {
    /// Of the keys that were there, by number.
    states: Arc<Vec<Option<S>>>,
    new_hashes: Vec<u64>,
    new_keys: Arc<Vec<O>>,
    new_states: Arc<Vec<Option<S>>>,
}

impl<'b, K, V, S, F> UpdateState<'b, K, V, S, F>
where
    K: Key<'b>,
    V: Clone + Send + Sync + 'b,
    S: Durable,
    F: Fn(Time, &K, &[V], Option<S>) -> Option<S> + Send + Sync,
{
    /// `groups` has each key of a batch once, with its values, in as many partitions in every batch.
    pub(crate) fn new(groups: Edge<'b, (K, Vec<V>)>, f: F, initial: Vec<(K::Owned, S)>) -> Self {
        let initial = Some(Unplaced::new(initial));
        let kept = Kept { parts: Arc::default(), initial, pending: None };
        UpdateState { groups, f, kept: Mutex::new(kept) }
    }

    /// Brings what it begins with to the partitions.
    fn begin(&self, batch: &Batch<'b>, partitions: usize) {
        let Some(keys) = self.kept.lock().initial.as_ref().map(Unplaced::keys) else { return };
        let places = places::<K>(batch, &keys, partitions);
        // Only now, when nothing can fail any more, is it taken.
        let Some(initial) = self.kept.lock().initial.take() else { return };
        let parts = initial.put(places, partitions).into_iter().map(|placed| {
            let mut part = Part::default();
            let mut states = Vec::with_capacity(placed.len());
            for (hash, key, state) in placed {
                part.table.find_or_insert(hash, |_| false, || key);
                states.push(Some(state));
            }
            part.states = Arc::new(states);
            part
        });
        let parts = Arc::new(parts.collect());
        self.kept.lock().parts = parts;
    }

    fn update_part(
        &self,
        time: Time,
        part: &Part<K::Owned, S>,
        keys: &'b [K::Owned],
        groups: &[(K, Vec<V>)],
    ) -> Update<K::Owned, S> {
        let mut values_of: Vec<&[V]> = vec![&[]; part.table.len()];
        let mut new: Vec<(u64, &K, &[V])> = Vec::new();
        for (key, values) in groups {
            let hash = hash_of(key);
            match part.table.find(hash, |known| key.is(known)) {
                Some(number) => values_of[number] = values,
                None => new.push((hash, key, values)),
            }
        }
        let there = keys.iter().zip(values_of).zip(part.states.iter());
        let states = there.map(|((owned, values), state)| match (values, state) {
            ([], None) => None,
            (values, state) => (self.f)(time, &K::lend(owned), values, state.clone()),
        });
        let mut update = Update {
            states: Arc::new(states.collect()),
            new_hashes: Vec::new(),
            new_keys: Arc::default(),
            new_states: Arc::default(),
        };
        let (mut new_keys, mut new_states) = (Vec::new(), Vec::new());
        for (hash, key, values) in new {
            if let Some(state) = (self.f)(time, key, values, None) {
                update.new_hashes.push(hash);
                new_keys.push(key.own());
                new_states.push(Some(state));
            }
        }
        update.new_keys = Arc::new(new_keys);
        update.new_states = Arc::new(new_states);
        update
    }
}

/// The pairs of keys and states, both lent.
fn lent<'b, K: Key<'b>, S>(
    keys: &'b [K::Owned],
    states: &'b [Option<S>],
) -> impl Iterator<Item = (K, &'b S)> {
    let there = keys.iter().zip(states);
    there.filter_map(|(key, state)| state.as_ref().map(|state| (K::lend(key), state)))
}

impl<'b, K, V, S, F> Compute<'b, (K, &'b S)> for UpdateState<'b, K, V, S, F>
where
    K: Key<'b>,
    V: Clone + Send + Sync + 'b,
    S: Durable,
    F: Fn(Time, &K, &[V], Option<S>) -> Option<S> + Send + Sync,
{
    fn compute(&self, batch: &Batch<'b>) -> Partitions<(K, &'b S)> {
        assert!(batch.is_current(), "state is there for the batch that runs");
        let groups = self.groups.data(batch);
        self.begin(batch, groups.len());
        let parts = self.kept.lock().parts.clone();
        let keys: Vec<&'b Vec<K::Owned>> =
            parts.iter().map(|part| batch.lend(part.table.keys())).collect();
        let updated = batch.run_stage("update_state_by_key", groups.len(), |i| {
            let update = self.update_part(batch.time(), &parts[i], keys[i], &groups[i]);
            let states: &'b Vec<Option<S>> = batch.lend(&update.states);
            let new_keys: &'b Vec<K::Owned> = batch.lend(&update.new_keys);
            let new_states: &'b Vec<Option<S>> = batch.lend(&update.new_states);
            let pairs = lent(keys[i], states).chain(lent(new_keys, new_states)).collect();
            (update, pairs)
        });
        let (updates, pairs) = updated.into_iter().unzip();
        self.kept.lock().pending = Some(updates);
        pairs
    }

    /// What is kept borrows nothing.
    fn end_batch(&self, _time: Time) {}
}

impl<O: Clone, S: Clone> Part<O, S> {
    fn apply(&mut self, update: Update<O, S>) {
        // A dataset that was leaked holds what it was lent for ever; then these are copies.
        let mut states = Arc::unwrap_or_clone(update.states);
        // They are made anew with every batch, so room for more would be room for nothing.
        states.reserve_exact(update.new_states.len());
        states.extend(Arc::unwrap_or_clone(update.new_states));
        for (hash, key) in update.new_hashes.into_iter().zip(Arc::unwrap_or_clone(update.new_keys))
        {
            self.table.find_or_insert(hash, |_| false, || key);
        }
        let gone = states.iter().filter(|state| state.is_none()).count();
        if mostly_gone(gone, states.len()) {
            self.table.retain(|number| states[number].is_some());
            states.retain(Option::is_some);
        }
        self.states = Arc::new(states);
    }
}

impl<'b, K, V, S, F> Stateful<'b> for UpdateState<'b, K, V, S, F>
where
    K: Key<'b>,
    V: Clone + Send + Sync + 'b,
    S: Durable,
    F: Fn(Time, &K, &[V], Option<S>) -> Option<S> + Send + Sync,
{
    fn settle(&self, ended: &Settling<'_>) {
        let mut kept = self.kept.lock();
        let Some(updates) = kept.pending.take().filter(|_| ended.commit) else { return };
        let parts = Arc::get_mut(&mut kept.parts).expect("the batch is over that looked at them");
        let entries = |update: &Update<_, _>| update.states.len() + update.new_hashes.len();
        ended.apply(parts, updates, entries, Part::apply);
    }

    fn held_bytes(&self) -> u64 {
        let kept = self.kept.lock();
        kept.parts.iter().map(|part| part.table.bytes() + bytes_of(&part.states)).sum()
    }

    fn reach(&self, _back: Duration) {
        // What is behind state cannot be read again.
    }

    fn snapshot(&self) -> Result<Vec<u8>, String> {
        let kept = self.kept.lock();
        if let Some(initial) = &kept.initial {
            return to_bytes(&initial.entries().collect::<Vec<_>>());
        }
        let there =
            kept.parts.iter().flat_map(|part| part.table.keys().iter().zip(part.states.iter()));
        let states: Vec<(&K::Owned, &S)> =
            there.filter_map(|(key, state)| state.as_ref().map(|state| (key, state))).collect();
        to_bytes(&states)
    }

    fn restore(&self, snapshot: &[u8]) -> Result<(), String> {
        self.kept.lock().initial = Some(Unplaced::new(from_bytes(snapshot)?));
        Ok(())
    }
}
