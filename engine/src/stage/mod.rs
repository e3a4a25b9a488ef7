//! The edges between stages: where records of different partitions meet, types are erased, and work
//! may begin early.

mod aggregate;
mod cogroup;
mod combine;
mod combine_by_key;
mod count;
mod edge;
mod exchange;
mod gather;
mod owned;
mod persist;
mod persist_at;
mod place;
mod reduce;
mod repartition;
mod settling;
mod sort;
pub(crate) mod state;
mod subtract;
mod transformed;
pub(crate) mod window;

use crate::batch::Batch;
use crate::time::{Duration, Time};

pub(crate) use aggregate::{Aggregate, AggregateNode};
pub use cogroup::{Cogrouped, Joined, Side};
pub(crate) use cogroup::{Cogrouping, sides};
pub(crate) use combine::{ByFunctions, Grouping, Reducing};
pub(crate) use combine_by_key::CombineByKey;
pub(crate) use count::Count;
pub(crate) use edge::Compute;
pub use edge::Edge;
pub(crate) use exchange::Exchange;
pub(crate) use persist::Persist;
pub(crate) use persist_at::PersistAt;
pub use persist_at::Persisted;
pub(crate) use reduce::Reduce;
pub(crate) use repartition::Repartition;
pub(crate) use settling::Settling;
pub(crate) use sort::Sort;
pub(crate) use subtract::Subtract;
pub use transformed::Transformed;

/// A node that remembers something of a batch.
pub(crate) trait Remembers: Send + Sync {
    /// Phase one of a batch's end: drops every value that may borrow from the batch.
    fn end_batch(&self, time: Time);

    /// Bytes that it holds for the batch that runs, and for the next ones.
    fn held_bytes(&self) -> u64;
}

/// What outlives a batch: a state, or what windows keep.
///
/// A batch computes its change aside. The change becomes state when the batch is over and none of
/// its tasks has failed for good; otherwise the batch leaves no trace.
pub(crate) trait Stateful<'b>: Send + Sync {
    /// A batch, one of the stage's own, is over and what was lent has come back: its change becomes
    /// state, or is dropped.
    fn settle(&self, ended: &Settling<'_>);

    /// How long before the batch that runs lies the oldest batch whose result is still asked for.
    fn reach(&self, back: Duration);

    /// Bytes that outlive the batch.
    fn held_bytes(&self) -> u64;

    /// What it would need to go on elsewhere. `Err` says why it cannot be written.
    fn snapshot(&self) -> Result<Vec<u8>, String>;

    /// Goes on from a snapshot, before the first batch. `Err` says what is wrong with it.
    fn restore(&self, snapshot: &[u8]) -> Result<(), String>;
}

/// A stage that can take blocks in before their batch's turn.
pub(crate) trait EarlyStage<'b>: Send + Sync {
    /// Takes in the blocks of `blocks`; where it panics, none of them.
    fn take_in(&self, blocks: &Batch<'b>);
}
