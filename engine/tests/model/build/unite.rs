//! Unions.

use millstream::{DStream, Lines, Scope};

use super::{Flow, Stream};

pub(super) fn union<'b>(first: &Stream<'b>, second: &Stream<'b>) -> Stream<'b> {
    match (first, second) {
        (Stream::Lines(a), Stream::Lines(b)) => Stream::Text(a.union(b).boxed()),
        (Stream::Lines(a), Stream::Text(b)) => Stream::Text(a.union(b).boxed()),
        (Stream::Text(a), Stream::Lines(b)) => Stream::Text(a.union(b).boxed()),
        (Stream::Text(a), Stream::Text(b)) => Stream::Text(a.union(b).boxed()),
        (Stream::Number(a), Stream::Number(b)) => Stream::Number(a.union(b).boxed()),
        (Stream::Pair(a), Stream::Pair(b)) => Stream::Pair(a.union(b).boxed()),
        (Stream::Label(a), Stream::Label(b)) => Stream::Label(a.union(b).boxed()),
        (Stream::Owned(a), Stream::Owned(b)) => Stream::Owned(a.union(b).boxed()),
        _ => unreachable!("a union is of one kind"),
    }
}

pub(super) fn union_of_many<'b>(scope: &Scope<'b>, streams: &[&Stream<'b>]) -> Stream<'b> {
    // The flows inside the streams, which are of one kind.
    macro_rules! united {
        ($kind:path) => {
            $kind(
                scope
                    .union(streams.iter().filter_map(|s| match s {
                        $kind(flow) => Some(flow.clone()),
                        _ => None,
                    }))
                    .boxed(),
            )
        };
    }
    match streams[0] {
        Stream::Lines(_) | Stream::Text(_) => Stream::Text(match all_lines(streams) {
            Some(lines) => scope.union(lines).boxed(),
            None => scope.union(texts(streams)).boxed(),
        }),
        Stream::Number(_) => united!(Stream::Number),
        Stream::Pair(_) => united!(Stream::Pair),
        Stream::Label(_) => united!(Stream::Label),
        Stream::Owned(_) => united!(Stream::Owned),
    }
}

pub(super) fn words_of_union<'b>(scope: &Scope<'b>, streams: &[&Stream<'b>]) -> Stream<'b> {
    Stream::Text(match (streams, all_lines(streams)) {
        (&[Stream::Lines(a), Stream::Lines(b)], _) => a.union(b).words().boxed(),
        (_, Some(lines)) => scope.union(lines).words().boxed(),
        _ => scope.union(texts(streams)).words().boxed(),
    })
}

/// The streams, if all come straight from their sources.
fn all_lines<'b>(streams: &[&Stream<'b>]) -> Option<Vec<DStream<'b, Lines>>> {
    let lines = |s: &&Stream<'b>| match s {
        Stream::Lines(lines) => Some(lines.clone()),
        _ => None,
    };
    streams.iter().map(lines).collect()
}

fn texts<'b>(streams: &[&Stream<'b>]) -> Vec<Flow<'b, &'b str>> {
    let text = |s: &&Stream<'b>| match s {
        Stream::Lines(s) => s.boxed(),
        Stream::Text(s) => s.clone(),
        _ => unreachable!("a union of texts has nothing else"),
    };
    streams.iter().map(text).collect()
}
