// A transform gives the dataset of another context instead of its own.
//@ error: without a code

use millstream::{Lines, Rdd, Scope};

fn attempt<'a, 'b>(first: &Scope<'a>, theirs: impl Fn() -> Rdd<'b, Lines> + Send + Sync + 'static) {
    let lines = first.socket_text_stream("localhost:7777");
    lines.transform(move |_, _| theirs()).print();
}

fn main() {}
