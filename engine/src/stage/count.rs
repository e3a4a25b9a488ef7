//! How many records a batch has: always one number, 0 for an empty batch.

use super::aggregate::Aggregate;
use super::edge::Partitions;
use crate::batch::Batch;
use crate::pipe::Pipe;

pub(crate) struct Count;

impl<'b, P: Pipe<'b>> Aggregate<'b, P> for Count {
    type Scratch = u64;
    type Kept = u64;
    type Out = u64;

    fn name(&self) -> &'static str {
        "count"
    }

    fn keeps_owned(&self) -> bool {
        true
    }

    fn work(&self, pipe: &P, plan: &P::Plan, partition: usize, scratch: &mut u64) {
        *scratch += pipe.count(plan, partition);
    }

    fn keep(&self, scratch: &u64, kept: &mut u64) {
        *kept += scratch;
    }

    fn finish(&self, _batch: &Batch<'b>, kept: &[u64], scratches: &[u64]) -> Partitions<u64> {
        vec![vec![kept.iter().chain(scratches).sum()]]
    }

    fn clear_scratch(scratch: &mut u64) {
        *scratch = 0;
    }

    fn clear_kept(kept: &mut u64) {
        *kept = 0;
    }
}
