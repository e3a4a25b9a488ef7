//! What a window keeps of one key, and what a slide does with it.

/// How the partial results of one key become the window's.
///
/// A slide is computed aside, from what is kept and what leaves and enters, as a [`Fold::Change`];
/// it is applied when its batch is over. A key's slices leave in the order in which they entered.
pub(crate) trait Fold<V>: Send + Sync + 'static {
    /// What is kept of a key from slide to slide.
    type Held: Send + Sync + 'static;

    /// What a slide does with it.
    type Change: Send + 'static;

    /// The result of a key.
    type Out: Clone + Send + Sync + 'static;

    /// The function with which slices are turned over before they leave; `None` where they leave as
    /// they are. Turned over, each entry has its `later` beside it: the result of its key in the
    /// slices that were turned over with it and came after it.
    fn turns_over(&self) -> Option<impl Fn(V, V) -> V> {
        None::<fn(V, V) -> V>
    }

    /// Begins with what is kept; with nothing for a key that is new.
    fn begin(&self, held: Option<&Self::Held>) -> Self::Change;

    /// Begins with `front`, the result of all slices that stay in the window: they were turned over.
    fn begin_turned(&self, _front: Option<V>) -> Self::Change {
        unreachable!("only where slices are turned over does a key begin with them")
    }

    /// The oldest slice of the key leaves; `value` is its partial result.
    fn leave(&self, change: &mut Self::Change, value: &V, later: Option<&V>);

    /// A slice enters.
    fn enter(&self, change: &mut Self::Change, value: &V);

    /// The result after the change; `None` where no slice of the window has the key any more.
    fn finish(&self, held: Option<&Self::Held>, change: &mut Self::Change) -> Option<Self::Out>;

    /// The result of a key that the slide has not touched.
    fn result(&self, held: &Self::Held) -> Self::Out;

    /// What is kept after the change; `None` where it left no result.
    fn apply(held: Option<Self::Held>, change: Self::Change) -> Option<Self::Held>;
}
