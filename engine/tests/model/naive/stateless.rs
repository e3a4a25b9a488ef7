//! Operators that look at one batch: each dataset made of those that it reads.

use std::collections::BTreeMap;
use std::iter::repeat_n;

use super::by_key::{by_key, reduced_by_key};
use super::transform::transformed;
use super::{Dataset, Source};
use crate::case::Case;
use crate::fault::{Fault, mark_in};
use crate::functions::{label_of, mixed, number_of, tail, times_written, weight, written};
use crate::program::{Operator, Transform};
use crate::record::{Kind, Merge, Record};

/// What the operator makes in a batch of datasets whose records are of kind `of`; `None` if it
/// fails.
pub(super) fn evaluate(
    case: &Case,
    batch: usize,
    operator: Operator,
    of: Kind,
    inputs: &[&[Record]],
) -> Option<Dataset> {
    let records = || inputs[0].iter().cloned();
    Some(match operator {
        Operator::Source(source) => {
            let lines = case.input[source][batch].iter();
            let received = |line: &String| match case.program.sources[source] {
                Source::Queue => Record::new(line, 0),
                // The carriage return is part of the line's end.
                _ => Record::new(line.strip_suffix('\r').unwrap_or(line), 0),
            };
            lines.map(received).collect()
        }
        Operator::Words => words(inputs[0]),
        Operator::Split(separator) => texts(inputs[0], |line| line.split(separator).collect()),
        Operator::Containing(text) => {
            records().filter(|record| record.text.contains(text)).collect()
        }
        Operator::Filter(m) => records().filter(|r| !weight(r.parts()).is_multiple_of(m)).collect(),
        Operator::Repeat(m) => records()
            .flat_map(|r| {
                let times = weight(r.parts()) % m;
                repeat_n(r, times as usize)
            })
            .collect(),
        Operator::Reverse | Operator::Glom | Operator::Repartition(_) | Operator::Persist => {
            records().collect()
        }
        Operator::Map(to) => records().map(|r| mapped(&r, of, to)).collect(),
        Operator::Fragile => {
            let fails = case.fault == Some(Fault::AlwaysAtMarks)
                && records().any(|r| mark_in(&r.text).is_some());
            return (!fails).then(|| records().collect());
        }
        Operator::Union | Operator::UnionOfMany => inputs.concat(),
        Operator::WordsOfUnion => words(&inputs.concat()),
        Operator::Count => vec![Record::new("", inputs[0].len() as u64)],
        Operator::CountByValue => counted_by_value(inputs[0], of),
        Operator::Reduce(merge) => reduced(inputs[0], merge),
        Operator::ReduceByKey(merge) => reduced_by_key(inputs[0], of, merge),
        Operator::ByKey(operator) => by_key(operator, of, inputs),
        Operator::Transform(transform) => {
            if matches!(case.fault, Some(Fault::InTransforms { batch: in_batch }) if in_batch == batch)
            {
                return None;
            }
            match transform {
                Transform::History(..) => unreachable!("it looks at several batches"),
                transform => transformed(transform, batch, of, inputs),
            }
        }
        Operator::Window(..) | Operator::State(_) | Operator::Snapshots => {
            unreachable!("it looks at several batches")
        }
    })
}

pub(super) fn words(lines: &[Record]) -> Dataset {
    texts(lines, |line| line.split_ascii_whitespace().collect())
}

fn texts(lines: &[Record], cut: impl Fn(&str) -> Vec<&str>) -> Dataset {
    lines.iter().flat_map(|line| cut(&line.text)).map(|piece| Record::new(piece, 0)).collect()
}

pub(super) fn counted_by_value(records: &[Record], kind: Kind) -> Dataset {
    let mut times: BTreeMap<&Record, u64> = BTreeMap::new();
    for record in records {
        *times.entry(record).or_default() += 1;
    }
    times.into_iter().map(|(record, times)| tallied(record, kind, times)).collect()
}

pub(super) fn reduced(records: &[Record], merge: Merge) -> Dataset {
    records.iter().cloned().reduce(|a, b| merged(a, &b, merge)).into_iter().collect()
}

fn mapped(record: &Record, from: Kind, to: Kind) -> Record {
    let text = &record.text;
    match to {
        Kind::Text if from == Kind::Text => Record::new(tail(text), 0),
        Kind::Text => Record::new(text, 0),
        Kind::Number => Record::new("", number_of(record.parts())),
        Kind::Pair => Record::new(text, number_of(record.parts())),
        Kind::Label => Record::new(text, label_of(record.parts())),
        Kind::Owned => Record::new(written(record.parts()), 0),
    }
}

fn tallied(record: &Record, kind: Kind, times: u64) -> Record {
    match kind {
        Kind::Text => Record::new(&record.text, times),
        Kind::Owned => Record::new(times_written(&record.text, times), 0),
        _ => Record::new(&record.text, mixed(record.number, times)),
    }
}

pub(super) fn merged(a: Record, b: &Record, merge: Merge) -> Record {
    Record { number: merge.of(a.number, b.number), text: a.text.max(b.text.clone()) }
}
