//! State that a function changes record by record; a key that no record touches costs nothing.

use std::sync::Arc;

use parking_lot::Mutex;

use super::idle::Idle;
use super::key_state::{KeyState, Now};
use crate::batch::Batch;
use crate::durable::{Durable, from_bytes, to_bytes};
use crate::held::{bytes_of, give_back_room};
use crate::keyed::key::Key;
use crate::keyed::table::{Table, hash_of, mostly_gone};
use crate::stage::edge::{Compute, Partitions};
use crate::stage::place::{Unplaced, places};
use crate::stage::{Edge, Settling, Stateful};
use crate::time::{Duration, Time};

/// The stage of `map_with_state`.
pub(crate) struct MapWithState<'b, K: Key<'b>, V, S, F> {
    pairs: Edge<'b, (K, V)>,
    f: F,
    timeout: Option<Duration>,
    kept: Mutex<Kept<K::Owned, S>>,
}

/// What is kept from batch to batch.
struct Kept<O, S> {
    /// Shared with the batch that runs.
    parts: Arc<Vec<Part<O, S>>>,
    /// What it begins with, until the first batch, each with its last touch if that is known.
    initial: Option<Unplaced<O, Written<S>>>,
    /// What the batch that runs makes of it, shared with a reader of the snapshots.
    pending: Option<Arc<Vec<Change<O, S>>>>,
}

/// A state as a snapshot holds it, and when its key was last touched.
type Written<S> = (S, Option<Time>);

/// The state of one partition's keys.
///
/// Invariant: `states[i]` belongs to the table's key `i`, and is `None` where the key is gone.
struct Part<O, S> {
    table: Table<O>,
    states: Arc<Vec<Option<S>>>,
    gone: usize,
    /// Where idle keys time out.
    idle: Option<Idle>,
}

/// What a batch makes of one partition.
#[derive(Clone)]
struct Change<O, S> {
    /// Keys that were there, by number.
    changed: Vec<(usize, Changed<S>)>,
    new: Vec<(u64, O, S)>,
}

/// What a batch makes of one key's state.
#[derive(Clone)]
struct Changed<S> {
    now: Now<S>,
    /// Whether it has begun to be idle anew.
    touched: bool,
}

/// A key that a batch has called the function for.
struct Called<S> {
    /// Its number, if it has been there before.
    number: Option<usize>,
    changed: Changed<S>,
}

impl<'b, K, V, S, F> MapWithState<'b, K, V, S, F>
where
    K: Key<'b>,
    V: Clone + Send + Sync + 'b,
    S: Durable,
{
    /// `pairs` has the records in the partitions of their keys, as many in every batch.
    pub(crate) fn new(
        pairs: Edge<'b, (K, V)>,
        f: F,
        timeout: Option<Duration>,
        initial: Vec<(K::Owned, S)>,
    ) -> Self {
        let initial = initial.into_iter().map(|(key, state)| (key, (state, None))).collect();
        let initial = Some(Unplaced::new(initial));
        let kept = Kept { parts: Arc::default(), initial, pending: None };
        MapWithState { pairs, f, timeout, kept: Mutex::new(kept) }
    }

    /// Brings what it begins with to the partitions. What has no last touch is touched now.
    fn begin(&self, batch: &Batch<'b>, partitions: usize) {
        let Some(keys) = self.kept.lock().initial.as_ref().map(Unplaced::keys) else { return };
        let places = places::<K>(batch, &keys, partitions);
        // Only now, when nothing can fail any more, is it taken.
        let Some(initial) = self.kept.lock().initial.take() else { return };
        let now = batch.time();
        let parts = initial.put(places, partitions).into_iter().map(|mut placed| {
            placed.sort_by_key(|(_, _, (_, touched))| touched.unwrap_or(now));
            let mut part = Part {
                table: Table::default(),
                states: Arc::default(),
                gone: 0,
                idle: self.timeout.map(|_| Idle::new()),
            };
            let mut states = Vec::with_capacity(placed.len());
            for (hash, key, (state, touched)) in placed {
                let number = part.table.find_or_insert(hash, |_| false, || key);
                states.push(Some(state));
                if let Some(idle) = &mut part.idle {
                    idle.touch(number, touched.unwrap_or(now));
                }
            }
            part.states = Arc::new(states);
            part
        });
        let parts = Arc::new(parts.collect());
        self.kept.lock().parts = parts;
    }

    /// Calls the function for each record of a partition, then for each key that times out.
    fn call<U>(
        &self,
        time: Time,
        part: &Part<K::Owned, S>,
        keys: &'b [K::Owned],
        records: &[(K, V)],
    ) -> (Change<K::Owned, S>, Vec<U>)
    where
        F: Fn(Time, K, Option<V>, &mut KeyState<'_, S>) -> Option<U>,
    {
        let mut results = Vec::new();
        let mut called: Table<K> = Table::default();
        let mut calls: Vec<Called<S>> = Vec::new();
        let before = |number: Option<usize>| number.and_then(|number| part.states[number].as_ref());
        for (key, value) in records {
            let hash = hash_of(key);
            let i = called.find_or_insert(hash, |known| known == key, || key.clone());
            if i == calls.len() {
                let number = part.table.find(hash, |known| key.is(known));
                calls.push(Called {
                    number,
                    changed: Changed { now: Now::AsBefore, touched: false },
                });
            }
            let Called { number, changed } = &mut calls[i];
            let mut state = KeyState::new(before(*number), &mut changed.now, false);
            results.extend((self.f)(time, key.clone(), Some(value.clone()), &mut state));
            let touched = state.was_updated() || state.exists();
            changed.touched |= touched;
        }
        let mut change = Change { changed: Vec::new(), new: Vec::new() };
        if let (Some(timeout), Some(idle)) = (self.timeout, &part.idle) {
            let over = time - timeout;
            for (number, _) in idle.oldest_first().take_while(|(_, touched)| *touched < over) {
                let key = K::lend(&keys[number]);
                let hash = part.table.hashes()[number];
                if called.find(hash, |known| *known == key).is_some() {
                    continue;
                }
                let mut now = Now::AsBefore;
                let mut state = KeyState::new(before(Some(number)), &mut now, true);
                results.extend((self.f)(time, key, None, &mut state));
                change.changed.push((number, Changed { now: Now::Gone, touched: false }));
            }
        }
        let hashes = called.hashes().iter();
        for ((key, &hash), Called { number, changed }) in
            called.keys().iter().zip(hashes).zip(calls)
        {
            match (number, changed.now) {
                (Some(number), now) => {
                    change.changed.push((number, Changed { now, touched: changed.touched }));
                }
                (None, Now::Set(state)) => change.new.push((hash, key.own(), state)),
                (None, Now::AsBefore | Now::Gone) => {}
            }
        }
        (change, results)
    }
}

impl<'b, K, V, S, U, F> Compute<'b, U> for MapWithState<'b, K, V, S, F>
where
    K: Key<'b>,
    V: Clone + Send + Sync + 'b,
    S: Durable,
    U: Send + Sync + 'b,
    F: Fn(Time, K, Option<V>, &mut KeyState<'_, S>) -> Option<U> + Send + Sync,
{
    fn compute(&self, batch: &Batch<'b>) -> Partitions<U> {
        assert!(batch.is_current(), "state is there for the batch that runs");
        let pairs = self.pairs.data(batch);
        self.begin(batch, pairs.len());
        let parts = self.kept.lock().parts.clone();
        let keys: Vec<&'b Vec<K::Owned>> =
            parts.iter().map(|part| batch.lend(part.table.keys())).collect();
        let called = batch.run_stage("map_with_state", pairs.len(), |i| {
            self.call(batch.time(), &parts[i], keys[i], &pairs[i])
        });
        let (changes, results): (Vec<_>, Vec<_>) = called.into_iter().unzip();
        self.kept.lock().pending = Some(Arc::new(changes));
        results
    }

    /// What is kept borrows nothing.
    fn end_batch(&self, _time: Time) {}
}

impl<O: Clone, S: Clone> Part<O, S> {
    fn apply(&mut self, time: Time, change: Change<O, S>) {
        // A dataset that was leaked holds what it was lent for ever; then this copies all states.
        let states = Arc::make_mut(&mut self.states);
        for (number, changed) in change.changed {
            let state = &mut states[number];
            self.gone -= usize::from(state.is_none());
            match changed.now {
                Now::AsBefore => {}
                Now::Set(new) => *state = Some(new),
                Now::Gone => *state = None,
            }
            self.gone += usize::from(state.is_none());
            match &mut self.idle {
                Some(idle) if state.is_none() => idle.remove(number),
                Some(idle) if changed.touched => idle.touch(number, time),
                _ => {}
            }
        }
        for (hash, key, state) in change.new {
            let number = self.table.find_or_insert(hash, |_| false, || key);
            states.push(Some(state));
            if let Some(idle) = &mut self.idle {
                idle.touch(number, time);
            }
        }
        if mostly_gone(self.gone, states.len()) {
            let mut stay = 0;
            let renumbered: Vec<usize> = (states.iter())
                .map(|state| {
                    stay += usize::from(state.is_some());
                    stay.saturating_sub(1)
                })
                .collect();
            self.idle = self.idle.as_ref().map(|idle| idle.renumbered(|number| renumbered[number]));
            self.table.retain(|number| states[number].is_some());
            states.retain(Option::is_some);
            give_back_room(states);
            self.gone = 0;
        }
    }
}

impl<'b, K, V, S, F> Stateful<'b> for MapWithState<'b, K, V, S, F>
where
    K: Key<'b>,
    V: Clone + Send + Sync + 'b,
    S: Durable,
    F: Send + Sync,
{
    fn settle(&self, ended: &Settling<'_>) {
        let mut kept = self.kept.lock();
        // It begins with its first batch, also where that has failed before it came to this stage.
        for (_, touched) in kept.initial.iter_mut().flat_map(Unplaced::values_mut) {
            touched.get_or_insert(ended.time);
        }
        let Some(changes) = kept.pending.take().filter(|_| ended.commit) else { return };
        let parts = Arc::get_mut(&mut kept.parts).expect("the batch is over that looked at them");
        let entries = |change: &Change<_, _>| change.changed.len() + change.new.len();
        let changes = Arc::unwrap_or_clone(changes);
        ended.apply(parts, changes, entries, |part, change| part.apply(ended.time, change));
    }

    fn held_bytes(&self) -> u64 {
        let kept = self.kept.lock();
        let bytes = |part: &Part<K::Owned, S>| {
            let idle = part.idle.as_ref().map_or(0, Idle::bytes);
            part.table.bytes() + bytes_of(&part.states) + idle
        };
        kept.parts.iter().map(bytes).sum()
    }

    fn reach(&self, _back: Duration) {
        // What is behind state cannot be read again.
    }

    fn snapshot(&self) -> Result<Vec<u8>, String> {
        let kept = self.kept.lock();
        if let Some(initial) = &kept.initial {
            return to_bytes(&initial.entries().collect::<Vec<_>>());
        }
        let mut states = Vec::new();
        for part in kept.parts.iter() {
            for (number, key) in part.table.keys().iter().enumerate() {
                let touched = part.idle.as_ref().map(|idle| idle.touched(number));
                states.extend(part.states[number].as_ref().map(|state| (key, (state, touched))));
            }
        }
        to_bytes(&states)
    }

    fn restore(&self, snapshot: &[u8]) -> Result<(), String> {
        self.kept.lock().initial = Some(Unplaced::new(from_bytes(snapshot)?));
        Ok(())
    }
}

/// All keys and states after each batch.
pub(crate) struct Snapshots<'b, K: Key<'b>, V, S, F, U> {
    pub(crate) node: Arc<MapWithState<'b, K, V, S, F>>,
    /// What makes the node take the batch in.
    pub(crate) mapped: Edge<'b, U>,
}

impl<'b, K, V, S, F, U> Compute<'b, (K, &'b S)> for Snapshots<'b, K, V, S, F, U>
where
    K: Key<'b>,
    V: Clone + Send + Sync + 'b,
    S: Durable,
    U: Send + Sync + 'b,
    F: Send + Sync,
{
    fn compute(&self, batch: &Batch<'b>) -> Partitions<(K, &'b S)> {
        drop(self.mapped.data(batch));
        let (parts, changes) = {
            let kept = self.node.kept.lock();
            (kept.parts.clone(), kept.pending.clone())
        };
        let changes = changes.expect("the batch was taken in just now, or that has panicked");
        let changes: &'b Vec<Change<K::Owned, S>> = batch.lend(&changes);
        batch.run_stage("state_snapshots", parts.len(), |i| {
            let keys: &'b Vec<K::Owned> = batch.lend(parts[i].table.keys());
            let before: &'b Vec<Option<S>> = batch.lend(&parts[i].states);
            let mut states: Vec<Option<&'b S>> = before.iter().map(Option::as_ref).collect();
            for (number, changed) in &changes[i].changed {
                states[*number] = changed.now.or(states[*number]);
            }
            let there = keys.iter().zip(states);
            let there = there.filter_map(|(key, state)| state.map(|state| (K::lend(key), state)));
            let new = changes[i].new.iter().map(|(_, key, state)| (K::lend(key), state));
            there.chain(new).collect()
        })
    }

    fn end_batch(&self, _time: Time) {}
}
