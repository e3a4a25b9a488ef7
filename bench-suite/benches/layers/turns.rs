//! Times the turns of a stream's batches.

use criterion::{BatchSize, Bencher};

use crate::by_hand::ByHand;

/// Each batch is made by `next` before its turn is timed.
pub(crate) fn time<T>(b: &mut Bencher<'_>, stream: &ByHand<T>, mut next: impl FnMut() -> Vec<T>)
where
    T: Send + Sync + 'static,
{
    b.iter_batched(|| stream.give(next()), |()| stream.turn(), BatchSize::PerIteration);
}
