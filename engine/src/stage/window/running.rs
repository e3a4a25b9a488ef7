//! A running result: what enters is added, what leaves is taken off by an inverse function.

use std::marker::PhantomData;

use super::fold::Fold;

/// With a function and its inverse. With the result goes the number of slices that are in it, so
/// that a key leaves with its last one, whatever its result is by then, and nothing is left behind.
pub(crate) struct Running<F, I, V> {
    add: F,
    subtract: I,
    _value: PhantomData<fn() -> V>,
}

impl<F, I, V> Running<F, I, V> {
    pub(crate) fn new(add: F, subtract: I) -> Self {
        Running { add, subtract, _value: PhantomData }
    }
}

/// A result and how many slices are in it.
#[derive(Clone)]
pub(crate) struct Counted<V> {
    /// `None` while there is no slice in it.
    result: Option<V>,
    slices: usize,
}

impl<V, F, I> Fold<V> for Running<F, I, V>
where
    V: Clone + Send + Sync + 'static,
    F: Fn(V, V) -> V + Send + Sync + 'static,
    I: Fn(V, V) -> V + Send + Sync + 'static,
{
    type Held = Counted<V>;
    type Change = Counted<V>;
    type Out = V;

    fn begin(&self, held: Option<&Counted<V>>) -> Counted<V> {
        held.cloned().unwrap_or(Counted { result: None, slices: 0 })
    }

    fn leave(&self, change: &mut Counted<V>, value: &V, _: Option<&V>) {
        change.slices -= 1;
        change.result = match change.slices {
            0 => None,
            _ => change.result.take().map(|result| (self.subtract)(result, value.clone())),
        };
    }

    fn enter(&self, change: &mut Counted<V>, value: &V) {
        change.slices += 1;
        change.result = Some(match change.result.take() {
            Some(result) => (self.add)(result, value.clone()),
            None => value.clone(),
        });
    }

    fn finish(&self, _: Option<&Counted<V>>, change: &mut Counted<V>) -> Option<V> {
        change.result.clone()
    }

    fn result(&self, held: &Counted<V>) -> V {
        held.result.clone().expect("a key without a slice is not kept")
    }

    fn apply(_: Option<Counted<V>>, change: Counted<V>) -> Option<Counted<V>> {
        change.result.is_some().then_some(change)
    }
}

#[cfg(test)]
mod tests {
    use super::super::holds::{holds, sparse_slices, ways_to_slide};
    use super::*;

    #[test]
    fn every_slide_gives_the_sums_of_what_is_in_the_window() {
        let slices = sparse_slices(40, |i| (i * i) as i64 - 300);
        for slides in ways_to_slide(slices.len()) {
            let fold = Running::new(|a: i64, b: i64| a + b, |a, b| a - b);
            holds(&fold, &slices, &slides, |values| values.iter().sum());
        }
    }
}
