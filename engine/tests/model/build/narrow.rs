//! Operators on one stream that need no window and no state.

use std::iter::repeat_n;
use std::sync::Arc;

use millstream::{DStream, Pipe};

use super::{Borrows, Datum, Stream, with_any};
use crate::fault::Attempts;
use crate::functions::{group_of, label_of, number_of, tail, weight, written};
use crate::program::Operator;
use crate::record::{Kind, Merge};

pub(super) fn apply<'b>(
    stream: &Stream<'b>,
    operator: Operator,
    attempts: &Arc<Attempts>,
) -> Stream<'b> {
    match (operator, stream) {
        (Operator::Words, Stream::Lines(s)) => Stream::Text(s.words().boxed()),
        (Operator::Words, Stream::Text(s)) => Stream::Text(s.words().boxed()),
        (Operator::Containing(text), Stream::Lines(s)) => Stream::Text(s.containing(text).boxed()),
        (Operator::Containing(text), Stream::Text(s)) => Stream::Text(s.containing(text).boxed()),
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
        Operator::Glom => T::stream(s.glom().flat_map(|partition| partition).boxed()),
        Operator::Repartition(partitions) => T::stream(s.repartition(partitions).boxed()),
        Operator::Persist => T::stream(s.persist().boxed()),
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
