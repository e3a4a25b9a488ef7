//! Values by key, within a batch.

use std::sync::Arc;

use millstream::{Boxed, DStream, Key};

use super::{Flow, Stream};
use crate::fault::Attempts;
use crate::functions::{digest, digest_of, joined, mixed, tail, valued, values_of, weight};
use crate::program::{ByKey, Join};

pub(super) fn of_one<'b>(
    stream: &Stream<'b>,
    operator: ByKey,
    attempts: &Arc<Attempts>,
) -> Stream<'b> {
    let (attempts, of_labels) = (attempts.clone(), attempts.clone());
    match (stream, operator) {
        (Stream::Pair(s), ByKey::MapValues) => Stream::Pair(s.map_values(valued).boxed()),
        (Stream::Label(s), ByKey::MapValues) => Stream::Label(s.map_values(tail).boxed()),
        (Stream::Pair(s), ByKey::FlatMapValues) => {
            Stream::Pair(s.flat_map_values(values_of).boxed())
        }
        (Stream::Label(s), ByKey::FlatMapValues) => {
            Stream::Label(s.flat_map_values(|text| text.split(',')).boxed())
        }
        (Stream::Pair(s), ByKey::Group) => {
            Stream::Pair(s.group_by_key().map_values(digest).boxed())
        }
        (Stream::Label(s), ByKey::Group) => Stream::Number(
            s.group_by_key().map(|(label, texts)| mixed(label, digest_of(texts))).boxed(),
        ),
        (Stream::Pair(s), ByKey::Combine) => {
            let sums = s.combine_by_key(
                |n| (n, 1u64),
                |(sum, count), n| (sum.wrapping_add(n), count + 1),
                move |(sum_a, count_a), (sum_b, count_b)| {
                    attempts.merge();
                    (sum_a.wrapping_add(sum_b), count_a + count_b)
                },
            );
            Stream::Pair(sums.map_values(|(sum, count)| mixed(sum, count)).boxed())
        }
        (Stream::Label(s), ByKey::Combine) => {
            let greatest = s.combine_by_key(
                |text| (text, 1u64),
                |(greatest, count), text| (greatest.max(text), count + 1),
                move |(text_a, count_a), (text_b, count_b)| {
                    of_labels.merge();
                    (text_a.max(text_b), count_a + count_b)
                },
            );
            let labels = greatest.map(|(label, (text, count))| (mixed(label, count), text));
            Stream::Label(labels.boxed())
        }
        (_, operator) => unreachable!("{operator:?} of what is no pair, or of two"),
    }
}

pub(super) fn of_two<'b>(a: &Stream<'b>, b: &Stream<'b>, operator: ByKey) -> Stream<'b> {
    match (a, b, operator) {
        (Stream::Pair(a), Stream::Pair(b), ByKey::Cogroup) => {
            let both = a.cogroup(b);
            Stream::Pair(both.map_values(|(a, b)| mixed(digest(a), digest(b))).boxed())
        }
        (Stream::Label(a), Stream::Label(b), ByKey::Cogroup) => {
            let both = a.cogroup(b);
            let digests =
                both.map(|(label, (a, b))| mixed(label, mixed(digest_of(a), digest_of(b))));
            Stream::Number(digests.boxed())
        }
        (Stream::Pair(a), Stream::Pair(b), ByKey::Join(join)) => {
            let both = join_all(a, b, join);
            Stream::Pair(both.map_values(|(a, b)| joined(a, b)).boxed())
        }
        (Stream::Label(a), Stream::Label(b), ByKey::Join(join)) => {
            Stream::Label(join_all(a, b, join).map(|(label, (a, b))| of_texts(label, a, b)).boxed())
        }
        (_, _, operator) => unreachable!("{operator:?} of what is no pair, or of one"),
    }
}

/// What a join makes of the texts of a label.
pub(super) fn of_texts<'b>(label: u64, a: Option<&'b str>, b: Option<&'b str>) -> (u64, &'b str) {
    let weigh = |text: Option<&str>| text.map(|text| weight((text, 0)));
    (mixed(label, joined(weigh(a), weigh(b))), a.max(b).unwrap_or_default())
}

type Sides<'b, K, V> = Boxed<'b, (K, (Option<V>, Option<V>))>;

/// Each join as the full one has its results.
fn join_all<'b, K: Key<'b>, V: Clone + Send + Sync + 'b>(
    a: &Flow<'b, (K, V)>,
    b: &Flow<'b, (K, V)>,
    join: Join,
) -> DStream<'b, Sides<'b, K, V>> {
    match join {
        Join::Inner => a.join(b).map_values(|(a, b)| (Some(a), Some(b))).boxed(),
        Join::Left => a.left_outer_join(b).map_values(|(a, b)| (Some(a), b)).boxed(),
        Join::Right => a.right_outer_join(b).map_values(|(a, b)| (a, Some(b))).boxed(),
        Join::Full => a.full_outer_join(b).boxed(),
    }
}
