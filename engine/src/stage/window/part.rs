//! The keys of one partition of a window: what is kept of each, and how a slide changes it.

use std::collections::VecDeque;

use super::changes::Changes;
use super::fold::Fold;
use super::slices::Slice;
use super::turn_over::turn_over;
use crate::batch::Batch;
use crate::durable::Durable;
use crate::held::{bytes_of, give_back_room};
use crate::keyed::key::Key;
use crate::keyed::table::{Table, mostly_gone};

/// The keys of one partition.
///
/// Invariants: `held[i]` belongs to the table's key `i`, and is `None` where the key has left the
/// window; `gone` counts these. No slice in the window has a key that has left it.
pub(super) struct Part<O, V, F: Fold<V>> {
    table: Table<O>,
    held: Vec<Option<F::Held>>,
    gone: usize,
    /// What lies beside the slices in the window, oldest first.
    inside: VecDeque<Inside<V>>,
}

/// What lies beside a slice while it is in the window, parallel to its entries.
struct Inside<V> {
    /// The numbers of the keys, so that what leaves need not be looked up again.
    numbers: Vec<u32>,
    /// Once the slice is turned over: the results of the keys in the slices that come after.
    later: Option<Vec<Option<V>>>,
}

/// The slices that a slide moves, each list oldest first.
pub(super) struct Moves<O, V> {
    pub(super) leaving: Vec<Slice<O, V>>,
    /// Those that stay, where they must be turned over for the others to leave.
    pub(super) turning: Option<Vec<Slice<O, V>>>,
    pub(super) entering: Vec<Slice<O, V>>,
}

impl<O, V> Moves<O, V> {
    /// How many entries leave and enter in one partition.
    pub(super) fn entries(&self, partition: usize) -> usize {
        let slices = self.leaving.iter().chain(&self.entering);
        slices.map(|slice| slice[partition].keys.len()).sum()
    }
}

/// What a slide does with a part.
pub(super) struct Slide<O, V, F: Fold<V>> {
    /// How many slices leave.
    leaving: usize,
    /// By slice that stays and entry, where they are turned over.
    later: Option<Vec<Vec<Option<V>>>>,
    /// By slice that enters and entry: the number of its key.
    entering: Vec<Vec<u32>>,
    /// By number of the key: what becomes of it.
    changed: Vec<(u32, F::Change)>,
    /// Keys that the table has not, with their hashes. Their numbers are the next ones.
    new: Vec<(u64, O, F::Change)>,
}

/// A slide of a part, and its result.
type SlidPart<K, O, V, F> = (Slide<O, V, F>, Vec<(K, <F as Fold<V>>::Out)>);

impl<O, V, F: Fold<V>> Slide<O, V, F> {
    /// How many keys it changes.
    pub(super) fn keys(&self) -> usize {
        self.changed.len() + self.new.len()
    }
}

impl<O, V, F: Fold<V>> Default for Part<O, V, F> {
    fn default() -> Self {
        Part { table: Table::default(), held: Vec::new(), gone: 0, inside: VecDeque::new() }
    }
}

impl<O: Clone + Send + Sync + 'static, V: Durable, F: Fold<V>> Part<O, V, F> {
    /// Bytes that it takes.
    pub(super) fn bytes(&self) -> u64 {
        let inside = self
            .inside
            .iter()
            .map(|inside| bytes_of(&inside.numbers) + inside.later.as_ref().map_or(0, bytes_of));
        self.table.bytes() + bytes_of(&self.held) + inside.sum::<u64>()
    }

    /// Whether the slices that stay must be turned over for the oldest ones, so many, to leave.
    pub(super) fn must_turn_over(&self, fold: &F, leaving: usize) -> bool {
        let last = leaving.checked_sub(1).map(|last| &self.inside[last]);
        fold.turns_over().is_some() && last.is_some_and(|inside| inside.later.is_none())
    }

    /// A slide, and its result: the keys that were there first, in their order, then the new ones.
    pub(super) fn slide<'b, K: Key<'b, Owned = O>>(
        &self,
        batch: &Batch<'b>,
        fold: &F,
        moves: &Moves<O, V>,
        partition: usize,
    ) -> SlidPart<K, O, V, F> {
        let mut changes: Changes<K, F::Change> =
            Changes::new(self.table.len(), moves.entries(partition));
        let later = self.take_out(fold, moves, partition, &mut changes);
        let entering = self.take_in(batch, fold, moves, partition, &mut changes);

        let mut results = Vec::with_capacity(self.held.len() - self.gone + changes.new_len());
        let keys: &'b Vec<O> = batch.lend(self.table.keys());
        for (number, (owned, held)) in keys.iter().zip(&self.held).enumerate() {
            let out = match changes.find(number) {
                Some(change) => fold.finish(held.as_ref(), change),
                None => held.as_ref().map(|held| fold.result(held)),
            };
            results.extend(out.map(|out| (K::lend(owned), out)));
        }
        let mut new = Vec::with_capacity(changes.new_len());
        let (changed, new_changes) = changes.into_parts();
        for (key, hash, mut change) in new_changes {
            let (out, owned) = (fold.finish(None, &mut change), key.own());
            results.extend(out.map(|out| (key, out)));
            new.push((hash, owned, change));
        }
        (Slide { leaving: moves.leaving.len(), later, entering, changed, new }, results)
    }

    /// Takes out what leaves. Where slices are turned over: what lies beside those that stay then.
    fn take_out<K: Clone + Eq>(
        &self,
        fold: &F,
        moves: &Moves<O, V>,
        partition: usize,
        changes: &mut Changes<K, F::Change>,
    ) -> Option<Vec<Vec<Option<V>>>> {
        if let (Some(staying), Some(f)) = (&moves.turning, fold.turns_over()) {
            let inside = self.inside.range(moves.leaving.len()..);
            let slices = inside
                .zip(staying)
                .map(|(inside, slice)| (&inside.numbers[..], &slice[partition].values[..]));
            let turned = turn_over(f, self.held.len(), slices);
            for (number, front) in turned.fronts.into_iter().enumerate() {
                if self.held[number].is_some() {
                    changes.of(number as u32, || fold.begin_turned(front));
                }
            }
            return Some(turned.later);
        }
        for (inside, slice) in self.inside.iter().zip(&moves.leaving) {
            let later = inside.later.as_deref().unwrap_or_default();
            let entries = inside.numbers.iter().zip(&slice[partition].values);
            for (entry, (&number, value)) in entries.enumerate() {
                let held = self.held[number as usize].as_ref();
                let later = later.get(entry).and_then(Option::as_ref);
                fold.leave(changes.of(number, || fold.begin(held)), value, later);
            }
        }
        None
    }

    /// Takes in what enters. By slice and entry: the numbers of the keys.
    fn take_in<'b, K: Key<'b, Owned = O>>(
        &self,
        batch: &Batch<'b>,
        fold: &F,
        moves: &Moves<O, V>,
        partition: usize,
        changes: &mut Changes<K, F::Change>,
    ) -> Vec<Vec<u32>> {
        let slices = moves.entering.iter().map(|slice| {
            let part = &slice[partition];
            let keys: &'b Vec<O> = batch.lend(&part.keys);
            let entries = keys.iter().zip(&part.hashes).zip(&part.values);
            let numbers = entries.map(|((owned, &hash), value)| {
                let key = K::lend(owned);
                match self.table.find(hash, |known| key.is(known)) {
                    Some(number) => {
                        let held = self.held[number].as_ref();
                        let number = number as u32;
                        fold.enter(changes.of(number, || fold.begin(held)), value);
                        number
                    }
                    None => {
                        let (number, change) = changes.of_new(hash, &key, || fold.begin(None));
                        fold.enter(change, value);
                        number
                    }
                }
            });
            numbers.collect()
        });
        slices.collect()
    }

    /// Makes a slide what is kept.
    pub(super) fn apply(&mut self, slide: Slide<O, V, F>) {
        for (number, change) in slide.changed {
            let held = &mut self.held[number as usize];
            self.gone -= usize::from(held.is_none());
            *held = F::apply(held.take(), change);
            self.gone += usize::from(held.is_none());
        }
        for (hash, key, change) in slide.new {
            self.table.find_or_insert(hash, |_| false, || key);
            let held = F::apply(None, change);
            self.gone += usize::from(held.is_none());
            self.held.push(held);
        }
        self.inside.drain(..slide.leaving);
        for (inside, later) in self.inside.iter_mut().zip(slide.later.into_iter().flatten()) {
            inside.later = Some(later);
        }
        let entering = slide.entering.into_iter();
        self.inside.extend(entering.map(|numbers| Inside { numbers, later: None }));
        if mostly_gone(self.gone, self.held.len()) {
            self.forget_gone();
        }
    }

    /// Numbers the keys anew without those that have left. Cost: the window's keys and entries. That
    /// is less than once in a window's length where keys come and go evenly, for those that are gone
    /// outnumber those that stay; in the worst case each next time in it finds half of their number.
    fn forget_gone(&mut self) {
        let held = &self.held;
        self.table.retain(|number| held[number].is_some());
        let mut next = 0;
        let renumber = held.iter().map(|held| {
            let number = next;
            next += u32::from(held.is_some());
            number
        });
        let renumbered: Vec<u32> = renumber.collect();
        for number in self.inside.iter_mut().flat_map(|inside| &mut inside.numbers) {
            *number = renumbered[*number as usize];
        }
        self.held.retain(Option::is_some);
        give_back_room(&mut self.held);
        self.gone = 0;
    }
}
