//! The lines of a run, and what a checker finds in them.

use loadgen::{Checker, EndMark, Stamp, Verdict};

pub(crate) type Line = Vec<u8>;

/// So many sources, and records of each, have the runs that faults are planted into.
pub(crate) const SOURCES: u64 = 3;
pub(crate) const RECORDS: u64 = 9;
pub(crate) const LAST: usize = RECORDS as usize - 1;

pub(crate) fn record_and_digest(source: u64, sequence: u64, body: &str) -> (Line, u64) {
    let intended_us = 1_000_000 + sequence % 100;
    let stamp = Stamp { source, sequence, intended_us, sent_us: intended_us + source };
    let mut line = Line::new();
    let digest = stamp.write(body.as_bytes(), &mut line);
    assert_eq!(line.pop(), Some(b'\n'));
    (line, digest)
}

pub(crate) fn record(source: u64, sequence: u64, body: &str) -> Line {
    record_and_digest(source, sequence, body).0
}

/// The body of a record that nothing has happened to.
pub(crate) fn body(source: u64, sequence: u64) -> String {
    format!("record {sequence} #of {source}")
}

pub(crate) fn end(mark: EndMark) -> Line {
    let mut line = Line::new();
    mark.write(&mut line);
    assert_eq!(line.pop(), Some(b'\n'));
    line
}

pub(crate) fn mark_of(source: u64, records: u64) -> EndMark {
    let mut mark = EndMark::new(source);
    (0..records).for_each(|n| mark.add(record_and_digest(source, n, &body(source, n)).1));
    mark
}

/// A whole run: the lines of each source in order, its end mark last.
pub(crate) fn whole_run() -> Vec<Vec<Line>> {
    let source = |source| {
        let records = (0..RECORDS).map(|n| record(source, n, &body(source, n)));
        records.chain([end(mark_of(source, RECORDS))]).collect()
    };
    (0..SOURCES).map(source).collect()
}

pub(crate) fn check<'a>(
    mut checker: Checker,
    lines: impl IntoIterator<Item = &'a Line>,
) -> Checker {
    lines.into_iter().for_each(|line| _ = checker.see(line));
    checker
}

/// Lost, duplicated, torn, foreign, altered, unended.
pub(crate) fn found(verdict: &Verdict) -> [u64; 6] {
    let Verdict { lost, duplicated, torn, foreign, altered, unended, .. } = *verdict;
    [lost, duplicated, torn, foreign, altered, unended]
}

pub(crate) fn without_order(verdict: Verdict) -> Verdict {
    Verdict { out_of_order: 0, ..verdict }
}
