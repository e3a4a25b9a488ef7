// Streams of two contexts are united.
//@ error: without a code

use millstream::Scope;

fn attempt<'a, 'b>(first: &Scope<'a>, second: &Scope<'b>) {
    let lines = second.socket_text_stream("localhost:7778");
    first.socket_text_stream("localhost:7777").union(&lines).print();
}

fn main() {}
