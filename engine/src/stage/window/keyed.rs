//! A window over slices, by key.

use std::sync::Arc;

use parking_lot::Mutex;

use super::fold::Fold;
use super::part::{Moves, Part, Slide};
use super::slices::{Fill, Slices};
use crate::batch::Batch;
use crate::durable::Durable;
use crate::keyed::key::Key;
use crate::stage::edge::{Compute, Partitions};
use crate::stage::{Settling, Stateful};
use crate::time::{Duration, Time};
use crate::window::Span;

/// The stage of a window that slides over slices.
pub(crate) struct KeyedWindow<'b, K: Key<'b>, V, F: Fold<V>> {
    name: &'static str,
    span: Span,
    fold: F,
    fill: Arc<dyn Fill<'b> + 'b>,
    slices: Arc<Slices<K::Owned, V>>,
    held: Mutex<Held<K::Owned, V, F>>,
    pending: Mutex<Option<Pending<K::Owned, V, F>>>,
}

/// What is kept from slide to slide.
struct Held<O, V, F: Fold<V>> {
    /// The end of the window that it is the result of; `None` before the first.
    end: Option<Time>,
    parts: Arc<Vec<Part<O, V, F>>>,
}

/// The slide of the batch that runs.
struct Pending<O, V, F: Fold<V>> {
    end: Time,
    /// Whether it begins with nothing instead of with what is held.
    afresh: bool,
    parts: Vec<Slide<O, V, F>>,
}

/// A slide and the window's result.
type Slid<K, O, V, F> = (Pending<O, V, F>, Partitions<(K, <F as Fold<V>>::Out)>);

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
    fn slide(&self, batch: &Batch<'b>) -> Slid<K, K::Owned, V, F> {
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
        let within = |after, up_to| self.slices.within(after, up_to);
        let moves = match before {
            Some(before) => {
                let leaving = within(before - length, end - length);
                // Whichever part is asked: slices are turned over in all of them at once.
                let turns = parts[0].must_turn_over(&self.fold, leaving.len());
                let turning = turns.then(|| within(end - length, before));
                Moves { leaving, turning, entering: within(before, end) }
            }
            None => {
                let entering = within(end - length, end);
                Moves { leaving: Vec::new(), turning: None, entering }
            }
        };
        let nothing = Part::default();
        let base = |i: usize| match before {
            Some(_) => &parts[i],
            None => &nothing,
        };
        let slid = batch.run_stage(self.name, batch.parallelism(), |i| {
            base(i).slide(batch, &self.fold, &moves, i)
        });
        batch.count_entries((0..batch.parallelism()).map(|i| moves.entries(i) as u64).sum());
        let (parts, results) = slid.into_iter().unzip();
        (Pending { end, afresh: before.is_none(), parts }, results)
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
        ended.apply(parts, pending.parts, Slide::keys, Part::apply);
    }

    fn held_bytes(&self) -> u64 {
        self.held.lock().parts.iter().map(Part::bytes).sum()
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
