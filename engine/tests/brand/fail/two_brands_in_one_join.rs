// Streams of two contexts are joined.
//@ error: without a code

use millstream::Scope;

fn attempt<'a, 'b>(first: &Scope<'a>, second: &Scope<'b>) {
    let pairs = second.queue_stream([vec![(1, 'a')]]);
    first.queue_stream([vec![(1, 'b')]]).join(&pairs).print();
}

fn main() {}
