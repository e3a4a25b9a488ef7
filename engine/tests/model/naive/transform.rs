//! Datasets through a closure.

use std::collections::BTreeSet;

use super::by_key::{join_by_key, reduced_by_key};
use super::stateless::merged;
use super::{Dataset, MOST_RECORDS};
use crate::functions::{is_one_of_few, stays};
use crate::program::{OfHistory, OfOne, OfTwo, Transform};
use crate::record::{Kind, Merge, Record};

pub(super) fn transformed(
    transform: Transform,
    batch: usize,
    kind: Kind,
    inputs: &[&[Record]],
) -> Dataset {
    let records = || inputs[0].iter().cloned();
    match transform {
        Transform::One(of_one) => match of_one {
            OfOne::SortBy | OfOne::SortByKey => records().collect(),
            OfOne::Distinct => records().collect::<BTreeSet<_>>().into_iter().collect(),
            OfOne::Doubled => records().chain(records()).collect(),
            OfOne::Cartesian => {
                let few: Vec<Record> = records().filter(|r| is_one_of_few(r.parts())).collect();
                let with_each = |a: Record| {
                    few.iter().map(move |b| merged(a.clone(), b, Merge::Sum)).collect::<Vec<_>>()
                };
                records().flat_map(with_each).take(MOST_RECORDS + 1).collect()
            }
            OfOne::ReduceByKey(merge) => reduced_by_key(inputs[0], kind, merge),
            OfOne::ByTime => records().filter(|r| stays(r.parts(), batch as u64 + 1)).collect(),
        },
        Transform::Two(OfTwo::Subtract) => without(inputs[0], inputs[1]),
        Transform::Two(OfTwo::Union) | Transform::Many => inputs.concat(),
        Transform::Two(OfTwo::Join(join)) => join_by_key(join, kind, inputs),
        Transform::History(_, OfHistory::Union) => inputs.concat(),
        Transform::History(_, OfHistory::New) => match inputs {
            [only] => only.to_vec(),
            [oldest, .., newest] => without(newest, oldest),
            [] => Vec::new(),
        },
    }
}

fn without(records: &[Record], others: &[Record]) -> Dataset {
    let others: BTreeSet<&Record> = others.iter().collect();
    records.iter().filter(|record| !others.contains(record)).cloned().collect()
}
