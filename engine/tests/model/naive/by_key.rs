//! Records brought together by key, with a `BTreeMap`.

use std::collections::BTreeMap;

use super::stateless::merged;
use super::{Dataset, MOST_RECORDS};
use crate::functions::{
    digest, digest_of, group_of, joined, mixed, tail, valued, values_of, weight,
};
use crate::program::{ByKey, Join};
use crate::record::{Kind, Merge, Record};

/// A key of any kind.
pub(super) type Key = (String, u64);

/// The key of a record: the text of a pair, the number of a label.
pub(super) fn key_of(record: &Record, kind: Kind) -> Key {
    match kind {
        Kind::Pair => (record.text.clone(), 0),
        Kind::Label => (String::new(), record.number),
        _ => (String::new(), group_of(&record.text)),
    }
}

/// The records of each key.
pub(super) fn grouped(records: &[Record], kind: Kind) -> BTreeMap<Key, Vec<&Record>> {
    let mut groups: BTreeMap<Key, Vec<&Record>> = BTreeMap::new();
    for record in records {
        groups.entry(key_of(record, kind)).or_default().push(record);
    }
    groups
}

pub(super) fn reduced_by_key(records: &[Record], kind: Kind, merge: Merge) -> Dataset {
    // A label's number is its key, so it stays; so does a pair's text.
    let merge = if kind == Kind::Label { Merge::Max } else { merge };
    let groups = grouped(records, kind).into_values();
    let reduced =
        groups.filter_map(|group| group.into_iter().cloned().reduce(|a, b| merged(a, &b, merge)));
    reduced.collect()
}

/// What becomes of each key's records: of a pair a pair, of a label a number.
pub(super) fn digested(records: &[Record], kind: Kind) -> Dataset {
    let groups = grouped(records, kind).into_iter();
    groups.map(|(key, group)| of_digest(key, kind, digest_of_values(&group, kind))).collect()
}

fn of_digest((text, number): Key, kind: Kind, digest: u64) -> Record {
    match kind {
        Kind::Pair => Record::new(text, digest),
        _ => Record::new("", mixed(number, digest)),
    }
}

fn digest_of_values(records: &[&Record], kind: Kind) -> u64 {
    match kind {
        Kind::Pair => digest(records.iter().map(|r| r.number).collect()),
        _ => digest_of(records.iter().map(|r| r.text.as_str())),
    }
}

pub(super) fn by_key(operator: ByKey, kind: Kind, inputs: &[&[Record]]) -> Dataset {
    let records = inputs[0].iter();
    let pairs = kind == Kind::Pair;
    match operator {
        ByKey::MapValues if pairs => {
            records.map(|r| Record::new(&r.text, valued(r.number))).collect()
        }
        ByKey::MapValues => records.map(|r| Record::new(tail(&r.text), r.number)).collect(),
        ByKey::FlatMapValues if pairs => {
            records.flat_map(|r| values_of(r.number).map(|n| Record::new(&r.text, n))).collect()
        }
        ByKey::FlatMapValues => records
            .flat_map(|r| r.text.split(',').map(|text| Record::new(text, r.number)))
            .collect(),
        ByKey::Group => digested(inputs[0], kind),
        ByKey::Combine => {
            let combined = |group: &Vec<&Record>| {
                let count = group.len() as u64;
                let sum = group.iter().fold(0, |sum: u64, r| sum.wrapping_add(r.number));
                let number = if pairs { sum } else { group[0].number };
                let greatest = group.iter().map(|r| r.text.as_str()).max().unwrap_or_default();
                Record::new(greatest, mixed(number, count))
            };
            grouped(inputs[0], kind).values().map(combined).collect()
        }
        ByKey::Cogroup => {
            let both = both(inputs, kind).into_iter();
            let of_both = |(key, (a, b)): (Key, (Vec<&Record>, Vec<&Record>))| {
                let digest = mixed(digest_of_values(&a, kind), digest_of_values(&b, kind));
                of_digest(key, kind, digest)
            };
            both.map(of_both).collect()
        }
        ByKey::Join(join) => join_by_key(join, kind, inputs),
    }
}

/// Each key of either dataset with its records in both.
fn both<'r>(
    inputs: &[&'r [Record]],
    kind: Kind,
) -> BTreeMap<Key, (Vec<&'r Record>, Vec<&'r Record>)> {
    let mut both: BTreeMap<Key, (Vec<&Record>, Vec<&Record>)> = BTreeMap::new();
    for record in inputs[0] {
        both.entry(key_of(record, kind)).or_default().0.push(record);
    }
    for record in inputs[1] {
        both.entry(key_of(record, kind)).or_default().1.push(record);
    }
    both
}

pub(super) fn join_by_key(join: Join, kind: Kind, inputs: &[&[Record]]) -> Dataset {
    let mut results = Vec::new();
    for (key, (a, b)) in both(inputs, kind) {
        if results.len() + a.len() * b.len() > MOST_RECORDS {
            return vec![Record::new("", 0); MOST_RECORDS + 1];
        }
        let some = |records: Vec<&'_ Record>| -> Vec<Option<Record>> {
            records.into_iter().cloned().map(Some).collect()
        };
        let or_none = |side: Vec<Option<Record>>, may: bool| match side.is_empty() && may {
            true => vec![None],
            false => side,
        };
        let a = or_none(some(a), matches!(join, Join::Right | Join::Full));
        let b = or_none(some(b), matches!(join, Join::Left | Join::Full));
        for a in &a {
            results.extend(b.iter().map(|b| of_two(&key, kind, a.as_ref(), b.as_ref())));
        }
    }
    results
}

fn of_two(key: &Key, kind: Kind, a: Option<&Record>, b: Option<&Record>) -> Record {
    match kind {
        Kind::Pair => Record::new(&key.0, joined(a.map(|a| a.number), b.map(|b| b.number))),
        _ => {
            let [text_a, text_b] = [a, b].map(|side| side.map(|record| record.text.as_str()));
            let weigh = |text: Option<&str>| text.map(|text| weight((text, 0)));
            let number = mixed(key.1, joined(weigh(text_a), weigh(text_b)));
            Record::new(text_a.max(text_b).unwrap_or_default(), number)
        }
    }
}
