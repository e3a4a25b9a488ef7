// Streams of two contexts are given to one transform.
//@ error: without a code

use millstream::Scope;

fn attempt<'a, 'b>(first: &Scope<'a>, second: &Scope<'b>) {
    let lines = second.socket_text_stream("localhost:7778");
    first.socket_text_stream("localhost:7777").transform_with(&lines, |rdd, _, _| rdd).print();
}

fn main() {}
