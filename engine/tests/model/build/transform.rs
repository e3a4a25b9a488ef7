//! Datasets through a closure.

use std::sync::Arc;

use millstream::{Boxed, Key, Rdd, Scope, Time};

use super::by_key::of_texts;
use super::{Datum, Flow, Stream, boxed};
use crate::fault::Attempts;
use crate::functions::{is_one_of_few, joined, stays, weight};
use crate::program::{Join, OfHistory, OfOne, OfTwo, Transform};
use crate::record::Merge;
use crate::run::number_of_batch;

type Flat<'b, T> = Rdd<'b, Boxed<'b, T>>;

/// A closure of transform is called.
fn call(attempts: &Attempts, time: Time) -> u64 {
    let number = number_of_batch(time);
    attempts.transform(number - 1);
    number
}

pub(super) fn one<'b>(
    stream: &Stream<'b>,
    transform: Transform,
    attempts: &Arc<Attempts>,
) -> Stream<'b> {
    match (boxed(stream), transform) {
        (Stream::Pair(s), Transform::One(of_one @ (OfOne::SortByKey | OfOne::ReduceByKey(_)))) => {
            let merges = |merge: Merge| move |a, b| merge.of(a, b);
            Stream::Pair(of_pairs(&s, of_one, merges, attempts))
        }
        (Stream::Label(s), Transform::One(of_one @ (OfOne::SortByKey | OfOne::ReduceByKey(_)))) => {
            Stream::Label(of_pairs(&s, of_one, |_| |a: &'b str, b| a.max(b), attempts))
        }
        (Stream::Lines(_), _) => unreachable!("it is boxed"),
        (Stream::Text(s), transform) => of_any(&s, transform, attempts),
        (Stream::Number(s), transform) => of_any(&s, transform, attempts),
        (Stream::Pair(s), transform) => of_any(&s, transform, attempts),
        (Stream::Label(s), transform) => of_any(&s, transform, attempts),
        (Stream::Owned(s), transform) => of_any(&s, transform, attempts),
    }
}

fn of_pairs<'b, K, V, F>(
    s: &Flow<'b, (K, V)>,
    of_one: OfOne,
    merges: impl Fn(Merge) -> F + Send + Sync + 'static,
    attempts: &Arc<Attempts>,
) -> Flow<'b, (K, V)>
where
    K: Key<'b> + Ord,
    V: Clone + Send + Sync + 'b,
    F: Fn(V, V) -> V + Send + Sync + 'b,
{
    let attempts = attempts.clone();
    let transformed = s.transform(move |rdd, time| {
        call(&attempts, time);
        match of_one {
            OfOne::ReduceByKey(merge) => {
                let (merges, attempts) = (merges(merge), attempts.clone());
                let merge = move |a, b| {
                    attempts.merge();
                    merges(a, b)
                };
                rdd.reduce_by_key(merge).boxed()
            }
            _ => rdd.sort_by_key().boxed(),
        }
    });
    transformed.boxed()
}

fn of_any<'b, T: Datum<'b>>(
    s: &Flow<'b, T>,
    transform: Transform,
    attempts: &Arc<Attempts>,
) -> Stream<'b> {
    let attempts = attempts.clone();
    let transformed = match transform {
        Transform::One(of_one) => s
            .transform(move |rdd, time| {
                let batch = call(&attempts, time);
                of_dataset(&rdd, of_one, batch)
            })
            .boxed(),
        Transform::History(datasets, of_history) => s
            .transform_history(datasets, move |rdds, time| {
                call(&attempts, time);
                match (of_history, &rdds[..]) {
                    (_, [only]) => only.boxed(),
                    (OfHistory::New, [oldest, .., newest]) => newest.subtract(oldest).boxed(),
                    (OfHistory::Union, _) => all(&rdds),
                    (_, []) => unreachable!("the batch's own dataset is always there"),
                }
            })
            .boxed(),
        other => unreachable!("{other:?} is of several"),
    };
    T::stream(transformed)
}

fn of_dataset<'b, T: Datum<'b>>(rdd: &Flat<'b, T>, of_one: OfOne, batch: u64) -> Flat<'b, T> {
    match of_one {
        OfOne::SortBy => rdd.sort_by(|t| weight(t.parts())).boxed(),
        OfOne::Distinct => rdd.distinct().boxed(),
        OfOne::Doubled => rdd.union(rdd).boxed(),
        OfOne::Cartesian => {
            // Persisted, so that it is computed even where it meets no record.
            let few = rdd.filter(|t| is_one_of_few(t.parts())).persist();
            rdd.cartesian(&few).map(|(a, b)| a.merged(b, Merge::Sum)).boxed()
        }
        OfOne::ByTime if batch.is_multiple_of(2) => rdd.boxed(),
        OfOne::ByTime => rdd.filter(move |t| stays(t.parts(), batch)).boxed(),
        OfOne::SortByKey | OfOne::ReduceByKey(_) => unreachable!("{of_one:?} is of pairs"),
    }
}

/// The records of all, the last dataset's first.
fn all<'b, T: Datum<'b>>(rdds: &[Flat<'b, T>]) -> Flat<'b, T> {
    let mut backwards = rdds.iter().rev();
    let last = backwards.next().expect("there is a dataset at least").boxed();
    backwards.fold(last, |all, rdd| all.union(rdd).boxed())
}

pub(super) fn many<'b>(
    scope: &Scope<'b>,
    streams: &[&Stream<'b>],
    attempts: &Arc<Attempts>,
) -> Stream<'b> {
    let streams: Vec<Stream<'b>> = streams.iter().map(|stream| boxed(stream)).collect();
    macro_rules! transformed {
        ($kind:path) => {{
            let flows = streams.iter().filter_map(|stream| match stream {
                $kind(flow) => Some(flow.clone()),
                _ => None,
            });
            let attempts = attempts.clone();
            let transformed = scope.transform(flows, move |rdds, time| {
                call(&attempts, time);
                all(&rdds)
            });
            $kind(transformed.boxed())
        }};
    }
    match streams[0] {
        Stream::Lines(_) => unreachable!("it is boxed"),
        Stream::Text(_) => transformed!(Stream::Text),
        Stream::Number(_) => transformed!(Stream::Number),
        Stream::Pair(_) => transformed!(Stream::Pair),
        Stream::Label(_) => transformed!(Stream::Label),
        Stream::Owned(_) => transformed!(Stream::Owned),
    }
}

pub(super) fn two<'b>(
    a: &Stream<'b>,
    b: &Stream<'b>,
    of_two: OfTwo,
    attempts: &Arc<Attempts>,
) -> Stream<'b> {
    match (boxed(a), boxed(b), of_two) {
        (Stream::Pair(a), Stream::Pair(b), OfTwo::Join(join)) => {
            let attempts = attempts.clone();
            let both = a.transform_with(&b, move |a, b, time| {
                call(&attempts, time);
                join_all(&a, &b, join).map_values(|(a, b)| joined(a, b))
            });
            Stream::Pair(both.boxed())
        }
        (Stream::Label(a), Stream::Label(b), OfTwo::Join(join)) => {
            let attempts = attempts.clone();
            let both = a.transform_with(&b, move |a, b, time| {
                call(&attempts, time);
                join_all(&a, &b, join).map(|(label, (a, b))| of_texts(label, a, b))
            });
            Stream::Label(both.boxed())
        }
        (Stream::Text(a), Stream::Text(b), of_two) => of_like(&a, &b, of_two, attempts),
        (Stream::Number(a), Stream::Number(b), of_two) => of_like(&a, &b, of_two, attempts),
        (Stream::Pair(a), Stream::Pair(b), of_two) => of_like(&a, &b, of_two, attempts),
        (Stream::Label(a), Stream::Label(b), of_two) => of_like(&a, &b, of_two, attempts),
        (Stream::Owned(a), Stream::Owned(b), of_two) => of_like(&a, &b, of_two, attempts),
        _ => unreachable!("both are of one kind"),
    }
}

fn of_like<'b, T: Datum<'b>>(
    a: &Flow<'b, T>,
    b: &Flow<'b, T>,
    of_two: OfTwo,
    attempts: &Arc<Attempts>,
) -> Stream<'b> {
    let attempts = attempts.clone();
    let transformed = a.transform_with(b, move |a, b, time| {
        call(&attempts, time);
        match of_two {
            OfTwo::Subtract => a.subtract(&b).boxed(),
            OfTwo::Union => a.union(&b).boxed(),
            OfTwo::Join(_) => unreachable!("a join is of pairs"),
        }
    });
    T::stream(transformed.boxed())
}

/// Each join as the full one has its results.
#[expect(clippy::type_complexity, reason = "said once, here")]
fn join_all<'b, K: Key<'b>, V: Clone + Send + Sync + 'b>(
    a: &Flat<'b, (K, V)>,
    b: &Flat<'b, (K, V)>,
    join: Join,
) -> Flat<'b, (K, (Option<V>, Option<V>))> {
    match join {
        Join::Inner => a.join(b).map_values(|(a, b)| (Some(a), Some(b))).boxed(),
        Join::Left => a.left_outer_join(b).map_values(|(a, b)| (Some(a), b)).boxed(),
        Join::Right => a.right_outer_join(b).map_values(|(a, b)| (a, Some(b))).boxed(),
        Join::Full => a.full_outer_join(b).boxed(),
    }
}
