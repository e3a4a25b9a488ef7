//! How many records a batch has: always one number, 0 for an empty batch.

use super::aggregate::Aggregate;
use super::edge::Partitions;
use crate::batch::Batch;
use crate::pipe::Pipe;

pub(crate) struct Count;

impl<'b, P: Pipe<'b>> Aggregate<'b, P> for Count {
    type Piece = u64;
    type Out = u64;

    fn name(&self) -> &'static str {
        "count"
    }

    fn keeps_owned(&self) -> bool {
        true
    }

    fn goes_on(&self) -> bool {
        true
    }

    fn work(&self, pipe: &P, plan: &P::Plan, partition: usize, piece: &mut u64, _taken: &mut u64) {
        // The piece is as before until all are counted, so nothing is taken until then.
        *piece += pipe.count(plan, partition);
    }

    fn finish(&self, _batch: &Batch<'b>, pieces: &[u64]) -> Partitions<u64> {
        vec![vec![pieces.iter().sum()]]
    }

    fn clear(piece: &mut u64) {
        *piece = 0;
    }
}
