//! A program as the engine's streams. Every operator is boxed behind it, so that the next can be
//! chosen while the program is built; what stands directly behind a source is fused with it.

mod by_key;
mod datum;
mod narrow;
mod state;
mod transform;
mod unite;
mod window;

use std::collections::BTreeMap;
use std::sync::Arc;

use millstream::{Boxed, DStream, Lines, Pipe, Queue, Scope, testing::Collector};

use self::datum::{Borrows, Datum};
use crate::fault::{self, Attempts};
use crate::functions::weight;
use crate::program::{Action, ByKey, Node, Operator, Output, Program, Source, State, Transform};
use crate::record::Record;

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

use with_any;

/// Describes `program` to the engine. A queue source takes from the queue of its number, and output
/// `i` collects into `into[i]`. Where it `recovers`, a snapshot can hold what the queues have given.
pub(crate) fn describe<'b>(
    scope: &Scope<'b>,
    program: &Program,
    queues: &[Queue<String>],
    recovers: bool,
    attempts: &Arc<Attempts>,
    into: &[Collector<Record>],
) {
    let mut described =
        Described { scope, attempts, streams: Vec::new(), snapshots: BTreeMap::new() };
    for node in &program.nodes {
        let stream = match node.operator {
            Operator::Source(i) => match program.sources[i] {
                Source::TextQueue => Stream::Lines(scope.queue_text_stream(&queues[i])),
                Source::Queue if recovers => {
                    Stream::Owned(scope.recoverable_queue_stream(&queues[i]).boxed())
                }
                Source::Queue => Stream::Owned(scope.queue_stream(&queues[i]).boxed()),
                Source::Socket => Stream::Lines(scope.listen_text_stream("127.0.0.1:0")),
            },
            _ => described.behind(node),
        };
        described.streams.push(stream);
    }
    for (output, into) in program.outputs.iter().zip(into) {
        with_any!(&described.streams[output.node], s => act(s, output, into));
    }
}

/// The streams so far.
struct Described<'d, 'b> {
    scope: &'d Scope<'b>,
    attempts: &'d Arc<Attempts>,
    /// By node.
    streams: Vec<Stream<'b>>,
    /// By node of a `map_with_state`: its snapshots.
    snapshots: BTreeMap<usize, Stream<'b>>,
}

impl<'b> Described<'_, 'b> {
    fn behind(&mut self, node: &Node) -> Stream<'b> {
        let Described { scope, attempts, streams, snapshots } = self;
        let inputs: Vec<&Stream<'b>> = node.reads.iter().map(|&i| &streams[i]).collect();
        match (node.operator, &inputs[..]) {
            (Operator::Union, [a, b]) => unite::union(a, b),
            (Operator::UnionOfMany, inputs) => unite::union_of_many(scope, inputs),
            (Operator::WordsOfUnion, inputs) => unite::words_of_union(scope, inputs),
            (Operator::ByKey(operator @ (ByKey::Cogroup | ByKey::Join(_))), [a, b]) => {
                by_key::of_two(a, b, operator)
            }
            (Operator::ByKey(operator), [input]) => by_key::of_one(input, operator, attempts),
            (Operator::Transform(Transform::Two(of_two)), [a, b]) => {
                transform::two(a, b, of_two, attempts)
            }
            (Operator::Transform(Transform::Many), inputs) => {
                transform::many(scope, inputs, attempts)
            }
            (Operator::Transform(transform), [input]) => transform::one(input, transform, attempts),
            (Operator::Window(over, span), [input]) => {
                window::windowed(input, node.slide, over, span, attempts)
            }
            (Operator::State(State::Map(spec)), [input]) => {
                let (mapped, of_states) = state::mapped(input, spec, attempts);
                snapshots.insert(streams.len(), of_states);
                mapped
            }
            (Operator::State(state), [input]) => state::updated(input, state, attempts),
            (Operator::Snapshots, _) => snapshots[&node.reads[0]].clone(),
            (operator, [input]) => narrow::apply(input, operator, attempts),
            (operator, _) => unreachable!("{operator:?} reads {:?}", node.reads),
        }
    }
}

/// The same stream without its source's own type.
fn boxed<'b>(stream: &Stream<'b>) -> Stream<'b> {
    match stream {
        Stream::Lines(s) => Stream::Text(s.boxed()),
        other => other.clone(),
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
        Action::Refuse => s.try_for_each_rdd(move |rdd, time| {
            let add = |sum: u64, t: T| sum.wrapping_add(weight(t.parts()));
            let sum = rdd.aggregate(|| 0, add, u64::wrapping_add);
            match sum % 4 {
                1 => return Err("the sum is odd".into()),
                3 => fault::panic_as_wanted(),
                _ => {}
            }
            into.push(time, vec![Record::new("", sum)]);
            Ok(())
        }),
    }
}
