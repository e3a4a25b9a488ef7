//! Operators on the values of pairs, and on what a cogroup gives.

use std::ops::ControlFlow;

use super::narrow::Operator;
use super::sealed::Sealed;

/// The operator of `map_values`.
#[derive(Clone)]
pub struct ByMappingValues<F>(pub(crate) F);

impl<F> Sealed for ByMappingValues<F> {}

impl<K, V, U, F: Fn(V) -> U + Clone + Send + Sync> Operator<(K, V)> for ByMappingValues<F> {
    const NAME: &'static str = "map_values";
    type Out = (K, U);

    #[inline]
    fn push<S>(&self, (key, value): (K, V), sink: &mut S) -> ControlFlow<()>
    where
        S: FnMut((K, U)) -> ControlFlow<()>,
    {
        sink((key, (self.0)(value)))
    }
}

/// The operator of `flat_map_values`.
#[derive(Clone)]
pub struct ByFlatteningValues<F>(pub(crate) F);

impl<F> Sealed for ByFlatteningValues<F> {}

impl<K, V, I, F> Operator<(K, V)> for ByFlatteningValues<F>
where
    K: Clone,
    I: IntoIterator,
    F: Fn(V) -> I + Clone + Send + Sync,
{
    const NAME: &'static str = "flat_map_values";
    type Out = (K, I::Item);

    #[inline]
    fn push<S>(&self, (key, value): (K, V), sink: &mut S) -> ControlFlow<()>
    where
        S: FnMut((K, I::Item)) -> ControlFlow<()>,
    {
        (self.0)(value).into_iter().try_for_each(|part| sink((key.clone(), part)))
    }
}

macro_rules! joins {
    ($($(#[$doc:meta])* $name:ident = $called:literal,
       ($v:ident, $w:ident) -> $out:ty, |$vs:ident, $ws:ident, $give:ident| $body:block)*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name;

        impl Sealed for $name {}

        impl<K: Clone, $v: Clone, $w: Clone> Operator<(K, (Vec<$v>, Vec<$w>))> for $name {
            const NAME: &'static str = $called;
            type Out = (K, $out);

            fn push<S>(
                &self,
                (key, ($vs, $ws)): (K, (Vec<$v>, Vec<$w>)),
                sink: &mut S,
            ) -> ControlFlow<()>
            where
                S: FnMut((K, $out)) -> ControlFlow<()>,
            {
                let mut $give = |joined: $out| sink((key.clone(), joined));
                $body
                ControlFlow::Continue(())
            }
        }
    )*};
}

joins! {
    /// The operator of `join`: every pair of values.
    ByJoining = "join", (V, W) -> (V, W), |vs, ws, give| {
        for v in &vs {
            for w in &ws {
                give((v.clone(), w.clone()))?;
            }
        }
    }
    /// The operator of `left_outer_join`.
    ByLeftJoining = "left_outer_join", (V, W) -> (V, Option<W>), |vs, ws, give| {
        for v in &vs {
            for w in or_none(&ws) {
                give((v.clone(), w.cloned()))?;
            }
        }
    }
    /// The operator of `right_outer_join`.
    ByRightJoining = "right_outer_join", (V, W) -> (Option<V>, W), |vs, ws, give| {
        for v in or_none(&vs) {
            for w in &ws {
                give((v.cloned(), w.clone()))?;
            }
        }
    }
    /// The operator of `full_outer_join`.
    ByFullJoining = "full_outer_join", (V, W) -> (Option<V>, Option<W>), |vs, ws, give| {
        for v in or_none(&vs) {
            for w in or_none(&ws) {
                give((v.cloned(), w.cloned()))?;
            }
        }
    }
}

/// The values, or nothing once where there are none.
fn or_none<V>(values: &[V]) -> impl Iterator<Item = Option<&V>> {
    let nothing = values.is_empty().then_some(None);
    values.iter().map(Some).chain(nothing)
}
