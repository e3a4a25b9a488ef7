//! The obvious version: each batch computed from its lines, an operator at a time, with a `Vec` and
//! a `BTreeMap`.

use std::collections::BTreeMap;
use std::iter::repeat_n;

use crate::case::Case;
use crate::fault::{Fault, mark_in};
use crate::program::{Action, Node, Operator, Source};
use crate::record::{
    Kind, Merge, Record, group_of, label_of, mixed, number_of, tail, times_written, weight, written,
};

/// What an output has of a batch, in order of size; `None` if it fails.
pub(crate) type Outcome = Option<Vec<Record>>;

/// What each output should have of the batch with this number.
pub(crate) fn expected(case: &Case, batch: usize) -> Vec<Outcome> {
    let mut streams: Vec<Outcome> = Vec::new();
    for node in &case.program.nodes {
        let inputs: Option<Vec<&Vec<Record>>> =
            node.reads.iter().map(|&i| streams[i].as_ref()).collect();
        streams.push(inputs.and_then(|inputs| evaluate(case, batch, node, &inputs)));
    }
    let outputs = case.program.outputs.iter();
    outputs.map(|output| streams[output.node].as_ref().map(|s| act(output.action, s))).collect()
}

fn evaluate(case: &Case, batch: usize, node: &Node, inputs: &[&Vec<Record>]) -> Outcome {
    let records = || inputs[0].iter().cloned();
    let kind = inputs.first().map(|_| case.program.nodes[node.reads[0]].kind);
    Some(match node.operator {
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
        Operator::Filter(m) => records().filter(|r| !weight(r.parts()).is_multiple_of(m)).collect(),
        Operator::Repeat(m) => records()
            .flat_map(|r| {
                let times = weight(r.parts()) % m;
                repeat_n(r, times as usize)
            })
            .collect(),
        Operator::Reverse => records().collect(),
        Operator::Map(to) => records().map(|r| mapped(&r, kind, to)).collect(),
        Operator::Fragile => {
            let fails = case.fault == Some(Fault::AlwaysAtMarks)
                && records().any(|r| mark_in(&r.text).is_some());
            return (!fails).then(|| records().collect());
        }
        Operator::Union | Operator::UnionOfMany => united(inputs),
        Operator::WordsOfUnion => words(&united(inputs)),
        Operator::Count => vec![Record::new("", inputs[0].len() as u64)],
        Operator::CountByValue => {
            let mut times: BTreeMap<Record, u64> = BTreeMap::new();
            for record in records() {
                *times.entry(record).or_default() += 1;
            }
            times.into_iter().map(|(record, times)| tallied(&record, kind, times)).collect()
        }
        Operator::Reduce(merge) => {
            records().reduce(|a, b| merged(a, &b, merge)).into_iter().collect()
        }
        Operator::ReduceByKey(merge) => {
            let mut by_key: BTreeMap<(String, u64), Record> = BTreeMap::new();
            for record in records() {
                let key = match kind {
                    Some(Kind::Pair) => (record.text.clone(), 0),
                    Some(Kind::Label) => (String::new(), record.number),
                    _ => (String::new(), group_of(&record.text)),
                };
                // A label's number is its key, so it stays; so does a pair's text.
                let merge = if kind == Some(Kind::Label) { Merge::Max } else { merge };
                let together = match by_key.remove(&key) {
                    Some(so_far) => merged(so_far, &record, merge),
                    None => record,
                };
                by_key.insert(key, together);
            }
            by_key.into_values().collect()
        }
    })
}

fn united(inputs: &[&Vec<Record>]) -> Vec<Record> {
    inputs.iter().copied().flatten().cloned().collect()
}

fn words(lines: &[Record]) -> Vec<Record> {
    texts(lines, |line| line.split_ascii_whitespace().collect())
}

fn texts(lines: &[Record], cut: impl Fn(&str) -> Vec<&str>) -> Vec<Record> {
    lines.iter().flat_map(|line| cut(&line.text)).map(|piece| Record::new(piece, 0)).collect()
}

fn mapped(record: &Record, from: Option<Kind>, to: Kind) -> Record {
    let text = &record.text;
    match to {
        Kind::Text if from == Some(Kind::Text) => Record::new(tail(text), 0),
        Kind::Text => Record::new(text, 0),
        Kind::Number => Record::new("", number_of(record.parts())),
        Kind::Pair => Record::new(text, number_of(record.parts())),
        Kind::Label => Record::new(text, label_of(record.parts())),
        Kind::Owned => Record::new(written(record.parts()), 0),
    }
}

fn tallied(record: &Record, kind: Option<Kind>, times: u64) -> Record {
    match kind {
        Some(Kind::Text) => Record::new(&record.text, times),
        Some(Kind::Owned) => Record::new(times_written(&record.text, times), 0),
        _ => Record::new(&record.text, mixed(record.number, times)),
    }
}

fn merged(a: Record, b: &Record, merge: Merge) -> Record {
    Record { number: merge.of(a.number, b.number), text: a.text.max(b.text.clone()) }
}

fn act(action: Action, records: &[Record]) -> Vec<Record> {
    match action {
        Action::Collect => {
            let mut sorted = records.to_vec();
            sorted.sort();
            sorted
        }
        Action::Count => vec![Record::new("", records.len() as u64)],
        Action::Aggregate => {
            let sum = records.iter().map(|r| weight(r.parts())).fold(0, u64::wrapping_add);
            vec![Record::new("", sum)]
        }
    }
}
