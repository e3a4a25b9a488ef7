//! The edges between stages: where records of different partitions meet, types are erased, and work
//! may begin early.

mod aggregate;
mod count;
mod edge;
mod owned;
mod reduce;
mod reduce_by_key;

use crate::batch::Batch;
use crate::time::Time;

pub(crate) use aggregate::{Aggregate, AggregateNode};
pub(crate) use count::Count;
pub use edge::Edge;
pub(crate) use reduce::Reduce;
pub(crate) use reduce_by_key::ReduceByKey;

/// A node that remembers something of a batch.
pub(crate) trait Remembers: Send + Sync {
    /// Phase one of a batch's end: drops every value that may borrow from the batch.
    fn end_batch(&self, time: Time);
}

/// A stage that can take blocks in before their batch's turn.
pub(crate) trait EarlyStage<'b>: Send + Sync {
    /// Takes in the blocks of `blocks`, whole or, where it panics, not at all.
    fn take_in(&self, blocks: &Batch<'b>);
}
