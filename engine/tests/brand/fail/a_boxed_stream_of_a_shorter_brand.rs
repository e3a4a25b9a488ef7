// A boxed stream is passed off as one of a shorter brand.
//@ error: without a code

use millstream::{Boxed, DStream};

fn attempt<'short, 'long: 'short>(
    stream: DStream<'long, Boxed<'long, u64>>,
) -> DStream<'short, Boxed<'short, u64>> {
    stream
}

fn main() {}
