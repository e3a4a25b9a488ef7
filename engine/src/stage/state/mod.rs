//! State by key: what `update_state_by_key` and `map_with_state` keep from batch to batch.
//!
//! State lies by partition of its keys. A batch computes what it changes aside, lends both what was
//! there and what is new to its readers, and takes the change over when it has succeeded and all
//! that was lent has come back.

mod edge;
mod idle;
mod key_state;
mod map;
mod spec;
mod update;

pub use edge::StateEdge;
pub use key_state::KeyState;
pub(crate) use map::{MapWithState, Snapshots};
pub use spec::StateSpec;
pub(crate) use update::UpdateState;
