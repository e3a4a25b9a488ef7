// A dataset that a transform gives looks at the records of another context.
//@ error: E0521

use millstream::Scope;

fn attempt<'a, 'b>(first: &Scope<'a>, theirs: Vec<&'b str>) {
    let lines = first.socket_text_stream("localhost:7777");
    lines
        .transform(move |rdd, _| {
            let theirs = theirs.clone();
            rdd.filter(move |line| theirs.contains(line))
        })
        .print();
}

fn main() {}
