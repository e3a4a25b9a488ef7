//! The values of two pipelines of pairs, apart, by key.

use std::marker::PhantomData;

use super::combine::Combine;
use super::edge::Edge;
use crate::pipe::{ByMappingValues, Fused, Union};

/// What a cogroup gives: each key with its values on both sides.
pub type Cogrouped<'b, K, V, W> = Edge<'b, (K, (Vec<V>, Vec<W>))>;

/// What a join gives: a loop over a cogroup.
pub type Joined<'b, K, V, W, How> = Fused<Cogrouped<'b, K, V, W>, How>;

/// The pairs of two pipelines, each value with its side.
pub(crate) type Sides<P, Q, V, W> = Union<
    Fused<P, ByMappingValues<fn(V) -> Side<V, W>>>,
    Fused<Q, ByMappingValues<fn(W) -> Side<V, W>>>,
>;

/// Two pipelines of pairs as one.
pub(crate) fn sides<P, Q, V, W>(left: P, right: Q) -> Sides<P, Q, V, W> {
    Union {
        first: Fused { pipe: left, operator: ByMappingValues(Side::Left) },
        second: Fused { pipe: right, operator: ByMappingValues(Side::Right) },
    }
}

/// A value of one of two streams.
#[derive(Clone)]
pub enum Side<V, W> {
    /// Of the first.
    Left(V),
    /// Of the second.
    Right(W),
}

/// The values of two streams, apart.
pub(crate) struct Cogrouping<V, W>(PhantomData<fn() -> (V, W)>);

impl<V, W> Cogrouping<V, W> {
    pub(crate) fn new() -> Self {
        Cogrouping(PhantomData)
    }
}

impl<V: Clone + Send + Sync, W: Clone + Send + Sync> Combine for Cogrouping<V, W> {
    type Value = Side<V, W>;
    type Combined = (Vec<V>, Vec<W>);

    const CHEAP_TO_MERGE: bool = false;

    fn create(&self, value: Side<V, W>) -> (Vec<V>, Vec<W>) {
        self.add((Vec::new(), Vec::new()), value)
    }

    #[inline]
    fn add(&self, mut so_far: (Vec<V>, Vec<W>), value: Side<V, W>) -> (Vec<V>, Vec<W>) {
        match value {
            Side::Left(value) => so_far.0.push(value),
            Side::Right(value) => so_far.1.push(value),
        }
        so_far
    }

    fn merge(&self, mut first: (Vec<V>, Vec<W>), mut second: (Vec<V>, Vec<W>)) -> (Vec<V>, Vec<W>) {
        first.0.append(&mut second.0);
        first.1.append(&mut second.1);
        first
    }
}
