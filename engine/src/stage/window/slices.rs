//! The partial results that each batch leaves, shared by the windows over one stream.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::batch::Batch;
use crate::durable::{Durable, from_bytes, to_bytes};
use crate::held::bytes_of;
use crate::keyed::key::Key;
use crate::keyed::table::hash_of;
use crate::stage::edge::Edge;
use crate::stage::place::{Unplaced, places};
use crate::stage::{Remembers, Settling, Stateful};
use crate::time::{Duration, Time};

/// The partial results of one batch and one partition: each key once.
///
/// Invariant: `hashes[i]` and `values[i]` belong to `keys[i]`.
pub(crate) struct SlicePart<O, V> {
    pub(crate) keys: Arc<Vec<O>>,
    pub(crate) hashes: Vec<u64>,
    pub(crate) values: Vec<V>,
}

impl<O, V> Default for SlicePart<O, V> {
    fn default() -> Self {
        SlicePart { keys: Arc::default(), hashes: Vec::new(), values: Vec::new() }
    }
}

/// The partial results of one batch, by partition.
pub(crate) type Slice<O, V> = Arc<Vec<SlicePart<O, V>>>;

/// The slices that windows need.
pub(crate) struct Slices<O, V>(Mutex<State<O, V>>);

struct State<O, V> {
    /// Oldest first.
    kept: VecDeque<(Time, Slice<O, V>)>,
    /// Of the batch that runs.
    pending: Option<(Time, Slice<O, V>)>,
    /// How long after its batch a slice may still be needed.
    keep_for: Duration,
    /// From a snapshot, until a batch is there that can divide them.
    restored: VecDeque<(Time, Unplaced<O, V>)>,
}

/// A slice as a snapshot holds it: keys with their values, owned or borrowed.
type Written<O, V> = (Time, Vec<(O, V)>);

impl<O, V> Slices<O, V> {
    pub(crate) fn new() -> Self {
        Slices(Mutex::new(State {
            kept: VecDeque::new(),
            pending: None,
            keep_for: Duration::ZERO,
            restored: VecDeque::new(),
        }))
    }

    /// Keeps slices for `time` at least.
    pub(crate) fn keep_for(&self, time: Duration) {
        let mut state = self.0.lock();
        state.keep_for = state.keep_for.max(time);
    }

    /// The slices of the batches in `(after, up_to]`, oldest first. Cost: their number.
    pub(crate) fn within(&self, after: Time, up_to: Time) -> Vec<Slice<O, V>> {
        let state = self.0.lock();
        let up_to_time = |end: Time| state.kept.partition_point(|(time, _)| *time <= end);
        let kept = state.kept.range(up_to_time(after)..up_to_time(up_to));
        let pending = state.pending.iter().filter(|(time, _)| *time > after && *time <= up_to);
        kept.chain(pending).map(|(_, slice)| slice.clone()).collect()
    }
}

/// What sees to it that the current batch has left its slice.
pub(crate) trait Fill<'b>: Send + Sync {
    fn fill(&self, batch: &Batch<'b>);
}

/// The stage that leaves a slice of each batch.
pub(crate) struct SlicesNode<'b, K: Key<'b>, V> {
    partials: Edge<'b, (K, V)>,
    slices: Arc<Slices<K::Owned, V>>,
}

impl<'b, K: Key<'b>, V: Durable> SlicesNode<'b, K, V> {
    /// Slices of what `partials` has of each batch: each key once, by partition.
    pub(crate) fn new(partials: Edge<'b, (K, V)>, slices: Arc<Slices<K::Owned, V>>) -> Self {
        SlicesNode { partials, slices }
    }

    /// Divides what a snapshot held, oldest first. A batch must be there: it lends the keys.
    fn place_restored(&self, batch: &Batch<'b>) {
        let partitions = batch.parallelism();
        let next = || self.slices.0.lock().restored.front().map(|(_, slice)| slice.keys());
        while let Some(keys) = next() {
            let places = places::<K>(batch, &keys, partitions);
            // Only now, when nothing can fail any more, is it taken.
            let Some((time, slice)) = self.slices.0.lock().restored.pop_front() else { return };
            let parts = slice.put(places, partitions).into_iter().map(|placed| {
                let mut part = SlicePart::default();
                let mut keys = Vec::with_capacity(placed.len());
                for (hash, key, value) in placed {
                    keys.push(key);
                    part.hashes.push(hash);
                    part.values.push(value);
                }
                part.keys = Arc::new(keys);
                part
            });
            let slice = Arc::new(parts.collect());
            self.slices.0.lock().kept.push_back((time, slice));
        }
    }
}

fn part_of<'b, K: Key<'b>, V: Clone>(pairs: &[(K, V)]) -> SlicePart<K::Owned, V> {
    SlicePart {
        keys: Arc::new(pairs.iter().map(|(key, _)| key.own()).collect()),
        hashes: pairs.iter().map(|(key, _)| hash_of(key)).collect(),
        values: pairs.iter().map(|(_, value)| value.clone()).collect(),
    }
}

impl<'b, K: Key<'b>, V: Durable> Fill<'b> for SlicesNode<'b, K, V> {
    fn fill(&self, batch: &Batch<'b>) {
        let time = batch.time();
        self.place_restored(batch);
        let filled = self.slices.0.lock().pending.as_ref().is_some_and(|(of, _)| *of == time);
        if filled || !batch.is_current() {
            return;
        }
        let partials = self.partials.data(batch);
        let parts = batch.run_stage("slice", partials.len(), |i| part_of(&partials[i]));
        self.slices.0.lock().pending = Some((time, Arc::new(parts)));
    }
}

impl<'b, K: Key<'b>, V: Durable> Remembers for SlicesNode<'b, K, V> {
    /// Slices borrow nothing.
    fn end_batch(&self, _time: Time) {}

    fn held_bytes(&self) -> u64 {
        0
    }
}

impl<'b, K: Key<'b>, V: Durable> Stateful<'b> for SlicesNode<'b, K, V> {
    fn settle(&self, ended: &Settling<'_>) {
        let mut state = self.slices.0.lock();
        let pending = state.pending.take();
        state.kept.extend(pending.filter(|_| ended.commit));
        let over = ended.time - state.keep_for;
        while state.kept.front().is_some_and(|(time, _)| *time <= over) {
            state.kept.pop_front();
        }
    }

    fn held_bytes(&self) -> u64 {
        let state = self.slices.0.lock();
        let parts = state.kept.iter().flat_map(|(_, slice)| slice.iter());
        let bytes = |part: &SlicePart<K::Owned, V>| {
            bytes_of(&part.keys) + bytes_of(&part.hashes) + bytes_of(&part.values)
        };
        parts.map(bytes).sum()
    }

    fn reach(&self, _back: Duration) {
        // Windows say how long they need slices; nobody else reads them.
    }

    fn snapshot(&self) -> Result<Vec<u8>, String> {
        let state = self.slices.0.lock();
        let restored =
            state.restored.iter().map(|(time, slice)| (*time, slice.entries().collect()));
        let kept = state.kept.iter().map(|(time, slice)| {
            let entries = slice.iter().flat_map(|part| part.keys.iter().zip(&part.values));
            (*time, entries.collect())
        });
        let all: Vec<Written<&K::Owned, &V>> = kept.chain(restored).collect();
        to_bytes(&all)
    }

    fn restore(&self, snapshot: &[u8]) -> Result<(), String> {
        let slices: Vec<Written<K::Owned, V>> = from_bytes(snapshot)?;
        let unplaced = slices.into_iter().map(|(time, entries)| (time, Unplaced::new(entries)));
        self.slices.0.lock().restored = unplaced.collect();
        Ok(())
    }
}
