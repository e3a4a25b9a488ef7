// The edge of a stage is passed off as one of a shorter brand.
//@ error: without a code

use millstream::Edge;

fn attempt<'short, 'long: 'short>(edge: Edge<'long, u64>) -> Edge<'short, u64> {
    edge
}

fn main() {}
