//! Two stacks of slices: a window's result without an inverse, at the cost of what enters and leaves.
//!
//! Slices enter on the back stack, whose result runs along for each key. They leave from the front
//! stack, where beside each entry lies what its key's result becomes when the slice goes: that of the
//! later slices of the front. When slices must leave and the front has none, those of the back that
//! stay are turned over and are the front then.
//!
//! So each entry meets the function four times at most: when it enters, when it is turned over, and
//! when the results of both stacks are brought together, which happens in the slide in which it
//! enters and in that in which it leaves. Where one enters as another leaves, that is one slide, and
//! three times.
//!
//! A turn walks through all entries of the window, for all keys at once, and comes once in a window's
//! length. That slide takes longer than the others, by some nanoseconds for each entry; to spread the
//! walk over the slides before would mean a third result for each key, and a fifth call.

use super::fold::Fold;

/// With a function that need have no inverse.
pub(crate) struct Stacks<F>(pub(crate) F);

/// What is kept of one key.
pub(crate) struct TwoStacks<V> {
    /// The result of the front; `None` where it does not have the key.
    front: Option<V>,
    /// The result of the back.
    behind: Option<V>,
    /// The result of both, known once a slide is finished.
    result: Option<V>,
}

impl<V, F> Fold<V> for Stacks<F>
where
    V: Clone + Send + Sync + 'static,
    F: Fn(V, V) -> V + Send + Sync + 'static,
{
    type Held = TwoStacks<V>;
    type Change = TwoStacks<V>;
    type Out = V;

    fn turns_over(&self) -> Option<impl Fn(V, V) -> V> {
        Some(&self.0)
    }

    fn begin(&self, held: Option<&TwoStacks<V>>) -> TwoStacks<V> {
        let front = held.and_then(|held| held.front.clone());
        let behind = held.and_then(|held| held.behind.clone());
        TwoStacks { front, behind, result: None }
    }

    fn begin_turned(&self, front: Option<V>) -> TwoStacks<V> {
        TwoStacks { front, behind: None, result: None }
    }

    fn leave(&self, change: &mut TwoStacks<V>, _: &V, later: Option<&V>) {
        change.front = later.cloned();
    }

    fn enter(&self, change: &mut TwoStacks<V>, value: &V) {
        change.behind = Some(match change.behind.take() {
            Some(behind) => (self.0)(behind, value.clone()),
            None => value.clone(),
        });
    }

    fn finish(&self, _: Option<&TwoStacks<V>>, change: &mut TwoStacks<V>) -> Option<V> {
        change.result = match (&change.front, &change.behind) {
            (Some(front), Some(behind)) => Some((self.0)(front.clone(), behind.clone())),
            (one, other) => one.as_ref().or(other.as_ref()).cloned(),
        };
        change.result.clone()
    }

    fn result(&self, held: &TwoStacks<V>) -> V {
        held.result.clone().expect("a key without a slice is not kept")
    }

    fn apply(_: Option<TwoStacks<V>>, change: TwoStacks<V>) -> Option<TwoStacks<V>> {
        change.result.is_some().then_some(change)
    }
}

#[cfg(test)]
mod tests {
    use super::super::holds::{Entries, holds, sparse_slices, ways_to_slide};
    use super::*;
    use std::cell::Cell;

    #[test]
    fn every_slide_gives_the_results_of_what_is_in_the_window_in_its_order() {
        let slices = sparse_slices(40, |i| format!("{i},"));
        for slides in ways_to_slide(slices.len()) {
            let fold = Stacks(|older: String, newer: String| older + &newer);
            holds(&fold, &slices, &slides, |values| values.concat());
        }
    }

    thread_local!(static CALLS: Cell<usize> = const { Cell::new(0) });

    /// How often the slides call the function, each of them computed once and once again.
    fn calls(slices: &[Entries<u64>], slides: &[(usize, usize)]) -> usize {
        CALLS.set(0);
        let max = |a: u64, b: u64| {
            CALLS.set(CALLS.get() + 1);
            a.max(b)
        };
        holds(&Stacks(max), slices, slides, |values| values.iter().copied().max().unwrap_or(0));
        CALLS.get()
    }

    #[test]
    fn an_entry_meets_the_function_four_times_at_most() {
        let slices = sparse_slices(200, |i| i as u64 * 7919 % 1000);
        let entries: usize = slices.iter().map(Vec::len).sum();
        for mut slides in ways_to_slide(slices.len()) {
            let left: usize = slides.iter().map(|(leaving, _)| leaving).sum();
            slides.push((slices.len() - left, 0));
            let calls = calls(&slices, &slides);
            assert!(calls <= 2 * 4 * entries, "{calls} calls for {entries} entries");
        }
    }

    #[test]
    fn it_meets_it_three_times_where_one_leaves_as_one_enters_however_long_the_window() {
        for length in [1, 10, 200] {
            let slices: Vec<_> = (0..1000).map(|i| vec![(7, i * 7919 % 1000)]).collect();
            let slides: Vec<_> = (0..1000).map(|i| ((i >= length) as usize, 1)).collect();
            let calls = calls(&slices, &slides);
            assert!(calls <= 2 * 3 * 1000, "{calls} calls for a window of {length}");
        }
    }
}
