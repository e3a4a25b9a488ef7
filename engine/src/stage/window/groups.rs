//! The values of a key as lists, a list a slice.

use std::collections::VecDeque;

use smallvec::SmallVec;

use super::fold::Fold;

/// All values of the slices in the window, oldest first.
pub(crate) struct Groups;

/// What a slide does with a key's lists.
pub(crate) struct Moved<U> {
    popped: usize,
    pushed: SmallVec<[Vec<U>; 1]>,
}

impl<U: Clone + Send + Sync + 'static> Fold<Vec<U>> for Groups {
    type Held = VecDeque<Vec<U>>;
    type Change = Moved<U>;
    type Out = Vec<U>;

    fn begin(&self, _: Option<&Self::Held>) -> Moved<U> {
        Moved { popped: 0, pushed: SmallVec::new() }
    }

    fn leave(&self, change: &mut Moved<U>, _: &Vec<U>, _: Option<&Vec<U>>) {
        change.popped += 1;
    }

    fn enter(&self, change: &mut Moved<U>, values: &Vec<U>) {
        change.pushed.push(values.clone());
    }

    fn finish(&self, held: Option<&Self::Held>, change: &mut Moved<U>) -> Option<Vec<U>> {
        let stay = held.into_iter().flatten().skip(change.popped);
        let values: Vec<U> = stay.chain(&change.pushed).flatten().cloned().collect();
        (!values.is_empty()).then_some(values)
    }

    fn result(&self, held: &Self::Held) -> Vec<U> {
        held.iter().flatten().cloned().collect()
    }

    fn apply(held: Option<Self::Held>, change: Moved<U>) -> Option<Self::Held> {
        let mut held = held.unwrap_or_default();
        held.drain(..change.popped);
        held.extend(change.pushed);
        (!held.is_empty()).then_some(held)
    }
}

#[cfg(test)]
mod tests {
    use super::super::holds::{holds, sparse_slices, ways_to_slide};
    use super::*;

    #[test]
    fn every_slide_gives_the_values_of_what_is_in_the_window() {
        let slices = sparse_slices(40, |i| (0..1 + i % 3).map(|j| 10 * i + j).collect());
        for slides in ways_to_slide(slices.len()) {
            holds(&Groups, &slices, &slides, |lists: &[Vec<usize>]| lists.concat());
        }
    }
}
