// The edge of a state is passed off as one of a shorter brand.
//@ error: without a code

use millstream::StateEdge;

fn attempt<'short, 'long: 'short>(edge: StateEdge<'long, u64>) -> StateEdge<'short, u64> {
    edge
}

fn main() {}
