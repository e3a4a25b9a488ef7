//! Which streams can be read again for a batch that is over.

use super::{
    Boxed, Fused, Glom, InFields, Items, Lines, MapPartitions, Operator, Pipe, Reader, Reading,
    Records, Text, Union, UnionOfMany, Words,
};

/// A stream whose records can be computed again for a batch that is over, which a window of raw
/// records does. State that has moved on cannot: what `update_state_by_key` and `map_with_state`
/// give is no such stream, nor is anything behind it.
///
/// A boxed stream has forgotten which it is; there a start with such a window fails instead.
#[diagnostic::on_unimplemented(
    message = "batches that are over cannot be read again from `{Self}`",
    note = "it depends on state that has moved on: put the window before the state, or use reduce_by_key_and_window, which keeps results instead of records"
)]
pub trait Replay<'b>: Pipe<'b> {}

impl Replay<'_> for Lines {}

impl Replay<'_> for Records {}

impl<'b, T: Clone + Send + Sync + 'static> Replay<'b> for Items<T> {}

impl<'b, P: Replay<'b>, O: Operator<P::Item> + 'b> Replay<'b> for Fused<P, O> {}

impl<'b, P: Replay<'b, Item: Copy>, R: Reader<P::Item> + 'b> Replay<'b> for Reading<P, R> {}

impl<'b, I, P, F> Replay<'b> for MapPartitions<P, F>
where
    I: IntoIterator,
    P: Replay<'b>,
    F: Fn(std::vec::IntoIter<P::Item>) -> I + Clone + Send + Sync + 'b,
{
}

impl<'b, P: Replay<'b>> Replay<'b> for Glom<P> {}

impl<'b, P: Replay<'b, Item: Text<'b>>> Replay<'b> for Words<P> {}

impl<'b, P: Replay<'b, Item: Text<'b>>> Replay<'b> for InFields<P> {}

impl<'b, P: Replay<'b>, Q: Replay<'b, Item = P::Item>> Replay<'b> for Union<P, Q> {}

impl<'b, P: Replay<'b>> Replay<'b> for UnionOfMany<P> {}

impl<'b, T: 'b> Replay<'b> for Boxed<'b, T> {}
