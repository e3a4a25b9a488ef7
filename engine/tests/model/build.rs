//! A program as the engine's streams. Every operator is boxed behind it, so that the next can be
//! chosen while the program is built; what stands directly behind a source is fused with it.

use std::iter::repeat_n;
use std::sync::Arc;

use millstream::{Boxed, DStream, Key, Lines, Pipe, Queue, Scope, testing::Collector};

use crate::fault::Attempts;
use crate::program::{Action, Operator, Output, Program, Source};
use crate::record::{
    Kind, Merge, Parts, Record, group_of, label_of, mixed, number_of, tail, times_written, weight,
    written,
};

type Flow<'b, T> = DStream<'b, Boxed<'b, T>>;

/// A stream of any kind.
#[derive(Clone)]
enum Stream<'b> {
    /// Text straight from its source, for which some operators have a quicker way.
    Lines(DStream<'b, Lines>),
    Text(Flow<'b, &'b str>),
    Number(Flow<'b, u64>),
    Pair(Flow<'b, (&'b str, u64)>),
    Label(Flow<'b, (u64, &'b str)>),
    Owned(Flow<'b, String>),
}

/// Does the same with whatever stream it is.
macro_rules! with_any {
    ($stream:expr, $s:ident => $do:expr) => {
        match $stream {
            Stream::Lines($s) => $do,
            Stream::Text($s) => $do,
            Stream::Number($s) => $do,
            Stream::Pair($s) => $do,
            Stream::Label($s) => $do,
            Stream::Owned($s) => $do,
        }
    };
}

/// A record of the engine.
trait Datum<'b>: Key<'b> {
    /// What `count_by_value` makes of it.
    type Tallied: Datum<'b>;

    fn parts(&self) -> Parts<'_>;
    fn merged(self, other: Self, merge: Merge) -> Self;
    fn tallied(self, times: u64) -> Self::Tallied;
    fn stream(flow: Flow<'b, Self>) -> Stream<'b>;
}

/// A record whose text borrows from the batch.
trait Borrows<'b>: Datum<'b> {
    fn text(&self) -> &'b str;
}

impl<'b> Datum<'b> for &'b str {
    type Tallied = (&'b str, u64);

    fn parts(&self) -> Parts<'_> {
        (self, 0)
    }

    fn merged(self, other: Self, _merge: Merge) -> Self {
        self.max(other)
    }

    fn tallied(self, times: u64) -> Self::Tallied {
        (self, times)
    }

    fn stream(flow: Flow<'b, Self>) -> Stream<'b> {
        Stream::Text(flow)
    }
}

impl<'b> Datum<'b> for u64 {
    type Tallied = u64;

    fn parts(&self) -> Parts<'_> {
        ("", *self)
    }

    fn merged(self, other: Self, merge: Merge) -> Self {
        merge.of(self, other)
    }

    fn tallied(self, times: u64) -> u64 {
        mixed(self, times)
    }

    fn stream(flow: Flow<'b, Self>) -> Stream<'b> {
        Stream::Number(flow)
    }
}

impl<'b> Datum<'b> for (&'b str, u64) {
    type Tallied = Self;

    fn parts(&self) -> Parts<'_> {
        *self
    }

    fn merged(self, other: Self, merge: Merge) -> Self {
        (self.0.max(other.0), merge.of(self.1, other.1))
    }

    fn tallied(self, times: u64) -> Self {
        (self.0, mixed(self.1, times))
    }

    fn stream(flow: Flow<'b, Self>) -> Stream<'b> {
        Stream::Pair(flow)
    }
}

impl<'b> Datum<'b> for (u64, &'b str) {
    type Tallied = Self;

    fn parts(&self) -> Parts<'_> {
        (self.1, self.0)
    }

    fn merged(self, other: Self, merge: Merge) -> Self {
        (merge.of(self.0, other.0), self.1.max(other.1))
    }

    fn tallied(self, times: u64) -> Self {
        (mixed(self.0, times), self.1)
    }

    fn stream(flow: Flow<'b, Self>) -> Stream<'b> {
        Stream::Label(flow)
    }
}

impl<'b> Datum<'b> for String {
    type Tallied = String;

    fn parts(&self) -> Parts<'_> {
        (self, 0)
    }

    fn merged(self, other: Self, _merge: Merge) -> Self {
        self.max(other)
    }

    fn tallied(self, times: u64) -> String {
        times_written(&self, times)
    }

    fn stream(flow: Flow<'b, Self>) -> Stream<'b> {
        Stream::Owned(flow)
    }
}

impl<'b> Borrows<'b> for &'b str {
    fn text(&self) -> &'b str {
        self
    }
}

impl<'b> Borrows<'b> for (&'b str, u64) {
    fn text(&self) -> &'b str {
        self.0
    }
}

impl<'b> Borrows<'b> for (u64, &'b str) {
    fn text(&self) -> &'b str {
        self.1
    }
}

/// Describes `program` to the engine. A queue source takes from the queue of its number, and output
/// `i` collects into `into[i]`.
pub(crate) fn describe<'b>(
    scope: &Scope<'b>,
    program: &Program,
    queues: &[Queue<String>],
    attempts: &Arc<Attempts>,
    into: &[Collector<Record>],
) {
    let mut streams: Vec<Stream<'b>> = Vec::new();
    for node in &program.nodes {
        let stream = match (node.operator, &node.reads[..]) {
            (Operator::Source(i), _) => match program.sources[i] {
                Source::TextQueue => Stream::Lines(scope.queue_text_stream(&queues[i])),
                Source::Queue => Stream::Owned(scope.queue_stream(&queues[i]).boxed()),
                Source::Socket => Stream::Lines(scope.listen_text_stream("127.0.0.1:0")),
            },
            (Operator::Union, &[first, second]) => union(&streams[first], &streams[second]),
            (Operator::UnionOfMany, reads) => union_of_many(scope, &chosen(&streams, reads)),
            (Operator::WordsOfUnion, reads) => words_of_union(scope, &chosen(&streams, reads)),
            (operator, &[input]) => apply(&streams[input], operator, attempts),
            (operator, reads) => unreachable!("{operator:?} reads {reads:?}"),
        };
        streams.push(stream);
    }
    for (output, into) in program.outputs.iter().zip(into) {
        with_any!(&streams[output.node], s => act(s, output, into));
    }
}

fn chosen<'s, 'b>(streams: &'s [Stream<'b>], reads: &[usize]) -> Vec<&'s Stream<'b>> {
    reads.iter().map(|&i| &streams[i]).collect()
}

fn union<'b>(first: &Stream<'b>, second: &Stream<'b>) -> Stream<'b> {
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

fn union_of_many<'b>(scope: &Scope<'b>, streams: &[&Stream<'b>]) -> Stream<'b> {
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

fn words_of_union<'b>(scope: &Scope<'b>, streams: &[&Stream<'b>]) -> Stream<'b> {
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

fn apply<'b>(stream: &Stream<'b>, operator: Operator, attempts: &Arc<Attempts>) -> Stream<'b> {
    match (operator, stream) {
        (Operator::Words, Stream::Lines(s)) => Stream::Text(s.words().boxed()),
        (Operator::Words, Stream::Text(s)) => Stream::Text(s.words().boxed()),
        (Operator::Split(at), Stream::Lines(s)) => Stream::Text(s.split(at).boxed()),
        (Operator::Split(at), Stream::Text(s)) => Stream::Text(s.split(at).boxed()),
        (Operator::Map(Kind::Text), Stream::Lines(s)) => Stream::Text(s.map(tail).boxed()),
        (Operator::Map(Kind::Text), Stream::Text(s)) => Stream::Text(s.map(tail).boxed()),
        (Operator::Map(to @ (Kind::Text | Kind::Pair | Kind::Label)), stream) => match stream {
            Stream::Lines(s) => map_borrowing(s, to),
            Stream::Text(s) => map_borrowing(s, to),
            Stream::Pair(s) => map_borrowing(s, to),
            Stream::Label(s) => map_borrowing(s, to),
            Stream::Number(_) | Stream::Owned(_) => {
                unreachable!("{operator:?} of what owns itself")
            }
        },
        (Operator::ReduceByKey(merge), stream) => reduce_by_key(stream, merge, attempts),
        (operator, stream) => with_any!(stream, s => apply_to_any(s, operator, attempts)),
    }
}

fn map_borrowing<'b, T: Borrows<'b>, P: Pipe<'b, Item = T>>(
    s: &DStream<'b, P>,
    to: Kind,
) -> Stream<'b> {
    match to {
        Kind::Text => Stream::Text(s.map(|t| t.text()).boxed()),
        Kind::Pair => Stream::Pair(s.map(|t| (t.text(), number_of(t.parts()))).boxed()),
        Kind::Label => Stream::Label(s.map(|t| (label_of(t.parts()), t.text())).boxed()),
        Kind::Number | Kind::Owned => unreachable!("{to:?} borrows nothing"),
    }
}

fn reduce_by_key<'b>(stream: &Stream<'b>, merge: Merge, attempts: &Arc<Attempts>) -> Stream<'b> {
    let attempts = attempts.clone();
    match stream {
        Stream::Pair(s) => Stream::Pair(
            s.reduce_by_key(move |a, b| {
                attempts.merge();
                merge.of(a, b)
            })
            .boxed(),
        ),
        Stream::Label(s) => Stream::Label(
            s.reduce_by_key(move |a, b| {
                attempts.merge();
                a.max(b)
            })
            .boxed(),
        ),
        Stream::Owned(s) => {
            let groups = s.map(|text| (group_of(&text), text)).reduce_by_key(move |a, b| {
                attempts.merge();
                a.max(b)
            });
            Stream::Owned(groups.map(|(_, text)| text).boxed())
        }
        Stream::Lines(_) | Stream::Text(_) | Stream::Number(_) => unreachable!("there is no key"),
    }
}

fn apply_to_any<'b, T: Datum<'b>, P: Pipe<'b, Item = T>>(
    s: &DStream<'b, P>,
    operator: Operator,
    attempts: &Arc<Attempts>,
) -> Stream<'b> {
    let attempts = attempts.clone();
    match operator {
        Operator::Filter(m) => {
            T::stream(s.filter(move |t| !weight(t.parts()).is_multiple_of(m)).boxed())
        }
        Operator::Repeat(m) => {
            let repeat = move |t: T| {
                let times = weight(t.parts()) % m;
                repeat_n(t, times as usize)
            };
            T::stream(s.flat_map(repeat).boxed())
        }
        Operator::Reverse => T::stream(s.map_partitions(|records| records.rev()).boxed()),
        Operator::Fragile => {
            let meet = move |t: T| {
                attempts.meet(t.parts().0);
                t
            };
            T::stream(s.map(meet).boxed())
        }
        Operator::Map(Kind::Number) => Stream::Number(s.map(|t| number_of(t.parts())).boxed()),
        Operator::Map(Kind::Owned) => Stream::Owned(s.map(|t| written(t.parts())).boxed()),
        Operator::Count => Stream::Number(s.count().boxed()),
        Operator::CountByValue => {
            T::Tallied::stream(s.count_by_value().map(|(t, times)| t.tallied(times)).boxed())
        }
        Operator::Reduce(merge) => T::stream(
            s.reduce(move |a, b| {
                attempts.merge();
                a.merged(b, merge)
            })
            .boxed(),
        ),
        other => unreachable!("{other:?} is not for every kind"),
    }
}

fn act<'b, T: Datum<'b>, P: Pipe<'b, Item = T>>(
    s: &DStream<'b, P>,
    output: &Output,
    into: &Collector<Record>,
) {
    let owned = |t: T| {
        let (text, number) = t.parts();
        Record::new(text, number)
    };
    let into = into.clone();
    match output.action {
        Action::Collect => into.collect(&s.map(owned)),
        Action::Count => {
            s.for_each_rdd(move |rdd, time| into.push(time, vec![Record::new("", rdd.count())]));
        }
        Action::Aggregate => s.for_each_rdd(move |rdd, time| {
            let add = |sum: u64, t: T| sum.wrapping_add(weight(t.parts()));
            let sum = rdd.aggregate(|| 0, add, u64::wrapping_add);
            into.push(time, vec![Record::new("", sum)]);
        }),
    }
}
