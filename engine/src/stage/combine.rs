//! How the values of one key become one: the functions behind every keyed aggregation.

use std::marker::PhantomData;

/// How the values of one key are brought together.
pub(crate) trait Combine: Send + Sync {
    /// What comes in.
    type Value;

    /// What they become.
    type Combined: Clone + Send + Sync;

    /// Whether merging costs little beside making: then it is done as blocks close. Early work
    /// merges again and again into a copy of what is there already.
    const CHEAP_TO_MERGE: bool = true;

    /// The first value of a key.
    fn create(&self, value: Self::Value) -> Self::Combined;

    /// One more value.
    fn add(&self, so_far: Self::Combined, value: Self::Value) -> Self::Combined;

    /// What two tasks have made; `first` saw the earlier records.
    fn merge(&self, first: Self::Combined, second: Self::Combined) -> Self::Combined;
}

/// Values brought together by one function.
pub(crate) struct Reducing<F, V> {
    f: F,
    _value: PhantomData<fn() -> V>,
}

impl<F, V> Reducing<F, V> {
    pub(crate) fn new(f: F) -> Self {
        Reducing { f, _value: PhantomData }
    }
}

impl<V: Clone + Send + Sync, F: Fn(V, V) -> V + Send + Sync> Combine for Reducing<F, V> {
    type Value = V;
    type Combined = V;

    #[inline]
    fn create(&self, value: V) -> V {
        value
    }

    #[inline]
    fn add(&self, so_far: V, value: V) -> V {
        (self.f)(so_far, value)
    }

    #[inline]
    fn merge(&self, first: V, second: V) -> V {
        (self.f)(first, second)
    }
}

/// Values in a list, in order of arrival.
pub(crate) struct Grouping<V>(PhantomData<fn() -> V>);

impl<V> Grouping<V> {
    pub(crate) fn new() -> Self {
        Grouping(PhantomData)
    }
}

impl<V: Clone + Send + Sync> Combine for Grouping<V> {
    type Value = V;
    type Combined = Vec<V>;

    const CHEAP_TO_MERGE: bool = false;

    fn create(&self, value: V) -> Vec<V> {
        vec![value]
    }

    #[inline]
    fn add(&self, mut so_far: Vec<V>, value: V) -> Vec<V> {
        so_far.push(value);
        so_far
    }

    fn merge(&self, mut first: Vec<V>, mut second: Vec<V>) -> Vec<V> {
        first.append(&mut second);
        first
    }
}

/// A user's three functions.
pub(crate) struct ByFunctions<V, C, Create, Add, Merge> {
    create: Create,
    add: Add,
    merge: Merge,
    _types: PhantomData<fn(V) -> C>,
}

impl<V, C, Create, Add, Merge> ByFunctions<V, C, Create, Add, Merge> {
    pub(crate) fn new(create: Create, add: Add, merge: Merge) -> Self {
        ByFunctions { create, add, merge, _types: PhantomData }
    }
}

impl<V, C, Create, Add, Merge> Combine for ByFunctions<V, C, Create, Add, Merge>
where
    C: Clone + Send + Sync,
    Create: Fn(V) -> C + Send + Sync,
    Add: Fn(C, V) -> C + Send + Sync,
    Merge: Fn(C, C) -> C + Send + Sync,
{
    type Value = V;
    type Combined = C;

    #[inline]
    fn create(&self, value: V) -> C {
        (self.create)(value)
    }

    #[inline]
    fn add(&self, so_far: C, value: V) -> C {
        (self.add)(so_far, value)
    }

    #[inline]
    fn merge(&self, first: C, second: C) -> C {
        (self.merge)(first, second)
    }
}
