// A program says itself that a state can be read again.
//@ error: E0117

use millstream::{Replay, StateEdge};

impl<'b, T: Clone + Send + Sync + 'b> Replay<'b> for StateEdge<'b, T> {}

fn main() {}
