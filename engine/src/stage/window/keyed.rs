//! A window over slices, by key.

use std::sync::Arc;

use parking_lot::Mutex;

use super::fold::Fold;
use super::slices::{Fill, Slice, Slices};
use crate::batch::Batch;
use crate::durable::Durable;
use crate::key::Key;
use crate::stage::edge::{Compute, Partitions};
use crate::stage::{Settling, Stateful};
use crate::table::{Table, mostly_gone};
use crate::time::{Duration, Time};
use crate::window::Span;

/// The stage of a window that slides over slices.
pub(crate) struct KeyedWindow<'b, K: Key<'b>, V, F: Fold<V>> {
    name: &'static str,
    span: Span,
    fold: F,
    fill: Arc<dyn Fill<'b> + 'b>,
    slices: Arc<Slices<K::Owned, V>>,
    held: Mutex<Held<K::Owned, F::Held>>,
    pending: Mutex<Option<Pending<K::Owned, F::Change>>>,
}

/// What is kept from slide to slide.
struct Held<O, H> {
    /// The end of the window that it is the result of; `None` before the first.
    end: Option<Time>,
    parts: Arc<Vec<Part<O, H>>>,
}

/// The keys of one partition.
///
/// Invariant: `held[i]` belongs to the table's key `i`, and is `None` where the key has left the
/// window; `gone` counts these.
struct Part<O, H> {
    table: Table<O>,
    held: Vec<Option<H>>,
    gone: usize,
}

impl<O, H> Default for Part<O, H> {
    fn default() -> Self {
        Part { table: Table::default(), held: Vec::new(), gone: 0 }
    }
}

/// The slide of the batch that runs.
struct Pending<O, C> {
    end: Time,
    /// Whether it begins with nothing instead of with what is held.
    afresh: bool,
    parts: Vec<Slide<O, C>>,
}

/// What a slide does with one partition.
struct Slide<O, C> {
    /// By number of the key: what becomes of it; `None` where it leaves.
    changed: Vec<(usize, Option<C>)>,
    /// Keys that the table has not, with their hashes.
    new: Vec<(u64, O, C)>,
}

/// A slide and the window's result.
type Slid<K, O, C, Out> = (Pending<O, C>, Partitions<(K, Out)>);

/// The same of one partition.
type SlidPart<K, O, C, Out> = (Slide<O, C>, Vec<(K, Out)>);

impl<'b, K, V, F> KeyedWindow<'b, K, V, F>
where
    K: Key<'b>,
    V: Durable,
    F: Fold<V>,
{
    pub(crate) fn new(
        name: &'static str,
        span: Span,
        fold: F,
        fill: Arc<dyn Fill<'b> + 'b>,
        slices: Arc<Slices<K::Owned, V>>,
    ) -> Self {
        let held = Mutex::new(Held { end: None, parts: Arc::default() });
        KeyedWindow { name, span, fold, fill, slices, held, pending: Mutex::new(None) }
    }

    /// The slide to the window that ends with `batch`, and the window's result.
    fn slide(&self, batch: &Batch<'b>) -> Slid<K, K::Owned, F::Change, F::Out> {
        let (end, length) = (batch.time(), self.span.length);
        let (before, parts) = {
            let held = self.held.lock();
            (held.end, held.parts.clone())
        };
        // Only the window right before this one has all of what leaves still at hand, and only
        // where they overlap does it help.
        let before = before.filter(|before| {
            batch.is_current() && end - *before <= self.span.slide && end - length < *before
        });
        let (leaving, entering) = match before {
            Some(before) => {
                (self.slices.within(before - length, end - length), self.slices.within(before, end))
            }
            None => (Vec::new(), self.slices.within(end - length, end)),
        };
        let nothing = Part::default();
        let base = |i: usize| match before {
            Some(_) => &parts[i],
            None => &nothing,
        };
        let slid = batch.run_stage(self.name, batch.parallelism(), |i| {
            slide_part(batch, &self.fold, base(i), &leaving, &entering, i)
        });
        let entries = |slices: &[Slice<K::Owned, V>]| -> u64 {
            slices.iter().flat_map(|slice| slice.iter()).map(|part| part.keys.len() as u64).sum()
        };
        batch.count_entries(entries(&leaving) + entries(&entering));
        let (parts, results) = slid.into_iter().unzip();
        (Pending { end, afresh: before.is_none(), parts }, results)
    }
}

/// One partition's slide, and its result: the keys that were there first, in their order, then the
/// new ones.
fn slide_part<'b, K: Key<'b>, V: Durable, F: Fold<V>>(
    batch: &Batch<'b>,
    fold: &F,
    base: &Part<K::Owned, F::Held>,
    leaving: &[Slice<K::Owned, V>],
    entering: &[Slice<K::Owned, V>],
    partition: usize,
) -> SlidPart<K, K::Owned, F::Change, F::Out> {
    const UNTOUCHED: u32 = u32::MAX;
    let mut place = vec![UNTOUCHED; base.table.len()];
    let mut changes: Vec<(usize, F::Change)> = Vec::new();
    let mut new_keys: Table<K> = Table::default();
    let mut new_changes: Vec<F::Change> = Vec::new();
    let held = |number: usize| base.held[number].as_ref();

    for slice in leaving {
        let part = &slice[partition];
        let keys: &'b Vec<K::Owned> = batch.lend(&part.keys);
        for ((owned, &hash), value) in keys.iter().zip(&part.hashes).zip(&part.values) {
            let key = K::lend(owned);
            let number = base.table.find(hash, |known| key.is(known));
            let number =
                number.expect("what leaves a window was in it: is the key's Hash consistent?");
            if place[number] == UNTOUCHED {
                place[number] = changes.len() as u32;
                changes.push((number, fold.begin(held(number))));
            }
            fold.leave(held(number), &mut changes[place[number] as usize].1, value);
        }
    }
    for slice in entering {
        let part = &slice[partition];
        let keys: &'b Vec<K::Owned> = batch.lend(&part.keys);
        for ((owned, &hash), value) in keys.iter().zip(&part.hashes).zip(&part.values) {
            let key = K::lend(owned);
            match base.table.find(hash, |known| key.is(known)) {
                Some(number) => {
                    if place[number] == UNTOUCHED {
                        place[number] = changes.len() as u32;
                        changes.push((number, fold.begin(held(number))));
                    }
                    fold.enter(held(number), &mut changes[place[number] as usize].1, value);
                }
                None => {
                    let number =
                        new_keys.find_or_insert(hash, |known| *known == key, || key.clone());
                    if number == new_changes.len() {
                        new_changes.push(fold.begin(None));
                    }
                    fold.enter(None, &mut new_changes[number], value);
                }
            }
        }
    }

    let mut results = Vec::with_capacity(base.held.len() - base.gone + new_changes.len());
    let mut changed: Vec<(usize, Option<F::Change>)> = Vec::with_capacity(changes.len());
    let keys: &'b Vec<K::Owned> = batch.lend(base.table.keys());
    let mut finished: Vec<Option<F::Out>> = Vec::with_capacity(changes.len());
    for (number, mut change) in changes {
        let out = fold.finish(held(number), &mut change);
        changed.push((number, out.is_some().then_some(change)));
        finished.push(out);
    }
    for (number, owned) in keys.iter().enumerate() {
        let out = match place[number] {
            UNTOUCHED => held(number).map(|held| fold.result(held)),
            place => finished[place as usize].take(),
        };
        results.extend(out.map(|out| (K::lend(owned), out)));
    }
    let mut new = Vec::with_capacity(new_changes.len());
    let hashes = new_keys.hashes().iter();
    for ((key, &hash), mut change) in new_keys.keys().iter().zip(hashes).zip(new_changes) {
        if let Some(out) = fold.finish(None, &mut change) {
            results.push((key.clone(), out));
            new.push((hash, key.own(), change));
        }
    }
    (Slide { changed, new }, results)
}

impl<O: Clone, H> Part<O, H> {
    fn apply<V, F: Fold<V, Held = H>>(&mut self, slide: Slide<O, F::Change>) {
        for (number, change) in slide.changed {
            let before = self.held[number].take();
            self.gone -= usize::from(before.is_none());
            self.held[number] = change.map(|change| F::apply(before, change));
            self.gone += usize::from(self.held[number].is_none());
        }
        for (hash, key, change) in slide.new {
            self.table.find_or_insert(hash, |_| false, || key);
            self.held.push(Some(F::apply(None, change)));
        }
        if mostly_gone(self.gone, self.held.len()) {
            let held = &self.held;
            self.table.retain(|number| held[number].is_some());
            self.held.retain(Option::is_some);
            self.gone = 0;
        }
    }
}

impl<'b, K, V, F> Compute<'b, (K, F::Out)> for KeyedWindow<'b, K, V, F>
where
    K: Key<'b>,
    V: Durable,
    F: Fold<V>,
{
    fn compute(&self, batch: &Batch<'b>) -> Partitions<(K, F::Out)> {
        self.fill.fill(batch);
        let (pending, results) = self.slide(batch);
        if batch.is_current() {
            *self.pending.lock() = Some(pending);
        }
        results
    }

    /// What is held and pending borrows nothing.
    fn end_batch(&self, _time: Time) {}
}

impl<'b, K, V, F> Stateful<'b> for KeyedWindow<'b, K, V, F>
where
    K: Key<'b>,
    V: Durable,
    F: Fold<V>,
{
    fn settle(&self, ended: &Settling<'_>) {
        let Some(pending) = self.pending.lock().take().filter(|_| ended.commit) else { return };
        let mut held = self.held.lock();
        held.end = Some(pending.end);
        if pending.afresh {
            held.parts = Arc::new(pending.parts.iter().map(|_| Part::default()).collect());
        }
        let parts = Arc::get_mut(&mut held.parts).expect("the slide is over that looked at them");
        let entries = |slide: &Slide<_, _>| slide.changed.len() + slide.new.len();
        ended.apply(parts, pending.parts, entries, |part, slide| part.apply::<V, F>(slide));
    }

    fn reach(&self, back: Duration) {
        self.slices.keep_for(self.span.length + self.span.slide.max(back));
    }

    /// The slices are the truth, and have a snapshot of their own.
    fn snapshot(&self) -> Result<Vec<u8>, String> {
        Ok(Vec::new())
    }

    fn restore(&self, _snapshot: &[u8]) -> Result<(), String> {
        Ok(())
    }
}
