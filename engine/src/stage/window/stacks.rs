//! Two stacks: a window's result without an inverse, at the cost of what enters and leaves.
//!
//! Slices enter on the back stack, whose result runs along. They leave from the front stack, each
//! of whose entries is the result of its slice and all that came after it, up to the stack's
//! bottom. When the front stack is empty, the back stack is turned over onto it. So each slice of a
//! key meets the function four times at most: when it enters, when it is turned over, and when the
//! results of both stacks are brought together, which happens in the slide in which it enters and in
//! that in which it leaves. Where one enters as another leaves, that is one slide, and three times.

use smallvec::SmallVec;

use super::fold::Fold;

/// With a function that need have no inverse.
pub(crate) struct Stacks<F>(pub(crate) F);

/// The two stacks of one key.
pub(crate) struct TwoStacks<V> {
    /// Results from each slice to the stack's bottom; the oldest slice's is on top, at the end.
    front: Vec<V>,
    /// Slices that came after those of the front, oldest first.
    back: Vec<V>,
    /// The result of the back.
    behind: Option<V>,
    /// The result of both.
    result: V,
}

/// What a slide does with two stacks.
pub(crate) struct Slid<V> {
    /// Entries that leave the front.
    popped: usize,
    /// The back turned over, less what has left it; it takes the front's place, and the back is
    /// empty then.
    turned: Option<Vec<V>>,
    pushed: SmallVec<[V; 1]>,
    behind: Option<V>,
    /// Known once the slide is finished.
    result: Option<V>,
}

/// A back as a front: results from each slice to the newest, the oldest slice's at the end.
fn turn_over<V: Clone>(back: &[V], f: impl Fn(V, V) -> V) -> Vec<V> {
    let mut front: Vec<V> = Vec::with_capacity(back.len());
    for value in back.iter().rev() {
        front.push(match front.last() {
            Some(newer) => f(value.clone(), newer.clone()),
            None => value.clone(),
        });
    }
    front
}

impl<V, F> Fold<V> for Stacks<F>
where
    V: Clone + Send + Sync + 'static,
    F: Fn(V, V) -> V + Send + Sync + 'static,
{
    type Held = TwoStacks<V>;
    type Change = Slid<V>;
    type Out = V;

    fn begin(&self, held: Option<&TwoStacks<V>>) -> Slid<V> {
        let behind = held.and_then(|held| held.behind.clone());
        Slid { popped: 0, turned: None, pushed: SmallVec::new(), behind, result: None }
    }

    fn leave(&self, held: Option<&TwoStacks<V>>, change: &mut Slid<V>, _: &V) {
        match (&mut change.turned, held) {
            (Some(turned), _) => drop(turned.pop()),
            (None, Some(held)) if change.popped < held.front.len() => change.popped += 1,
            (None, Some(held)) => {
                let mut turned = turn_over(&held.back, &self.0);
                turned.pop();
                change.turned = Some(turned);
                change.behind = None;
            }
            (None, None) => unreachable!("what leaves a window was in it"),
        }
    }

    fn enter(&self, _: Option<&TwoStacks<V>>, change: &mut Slid<V>, value: &V) {
        change.pushed.push(value.clone());
        change.behind = Some(match change.behind.take() {
            Some(behind) => (self.0)(behind, value.clone()),
            None => value.clone(),
        });
    }

    fn finish(&self, held: Option<&TwoStacks<V>>, change: &mut Slid<V>) -> Option<V> {
        let front = match (&change.turned, held) {
            (Some(turned), _) => turned.last(),
            (None, Some(held)) => held.front[..held.front.len() - change.popped].last(),
            (None, None) => None,
        };
        change.result = match (front, &change.behind) {
            (Some(front), Some(behind)) => Some((self.0)(front.clone(), behind.clone())),
            (one, other) => one.or(other.as_ref()).cloned(),
        };
        change.result.clone()
    }

    fn result(&self, held: &TwoStacks<V>) -> V {
        held.result.clone()
    }

    fn apply(held: Option<TwoStacks<V>>, change: Slid<V>) -> Option<TwoStacks<V>> {
        let result = change.result?;
        let (mut front, mut back) =
            held.map_or_else(Default::default, |held| (held.front, held.back));
        match change.turned {
            Some(turned) => {
                front = turned;
                back.clear();
            }
            None => front.truncate(front.len() - change.popped),
        }
        back.extend(change.pushed);
        Some(TwoStacks { front, back, behind: change.behind, result })
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
