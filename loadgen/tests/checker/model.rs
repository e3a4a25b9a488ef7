//! Random faults, held against a checker that is too simple to be wrong.

use std::collections::{BTreeMap, BTreeSet};

use loadgen::{Checker, EndMark, Verdict};
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use crate::lines::*;

/// What a line is, known from how it was made.
#[derive(Clone, Copy, PartialEq)]
enum Made {
    Record { source: u64, sequence: u64, digest: u64 },
    End(EndMark),
    Torn,
    Foreign,
}

fn made_record(source: u64, sequence: u64, body: &str) -> (Line, Made) {
    let (line, digest) = record_and_digest(source, sequence, body);
    (line, Made::Record { source, sequence, digest })
}

fn made_end(source: u64, records: u64) -> (Line, Made) {
    let mark = mark_of(source, records);
    (end(mark), Made::End(mark))
}

/// A run with random faults.
fn random_run(rng: &mut Xoshiro256PlusPlus) -> Vec<(Line, Made)> {
    let mut run = Vec::new();
    for source in 0..rng.random_range(0..=SOURCES) {
        let records = rng.random_range(0..=RECORDS);
        run.extend((0..records).map(|n| made_record(source, n, &body(source, n))));
        run.push(made_end(source, records));
    }
    if rng.random() {
        run.shuffle(rng);
    }
    for _ in 0..rng.random_range(0..6) {
        let source = rng.random_range(0..=SOURCES);
        let sequence = rng.random_range(0..RECORDS + 3);
        let at = rng.random_range(0..=run.len());
        match (rng.random_range(0..8), run.get(at).cloned()) {
            (0, Some(_)) => _ = run.remove(at),
            (1, Some(line)) => run.insert(rng.random_range(0..=run.len()), line),
            (2, Some((mut line, made))) if line.len() > 2 && made != Made::Foreign => {
                line.truncate(rng.random_range(2..line.len()));
                run[at] = (line, Made::Torn);
            }
            (3, Some((_, Made::Record { source, sequence, .. }))) => {
                run[at] = made_record(source, sequence, "other content");
            }
            (4, _) => run.insert(at, made_record(source, sequence, &body(source, sequence))),
            (5, _) => run.insert(at, made_record(source, u64::MAX, "beyond any end")),
            (6, _) => run.insert(at, made_end(source, sequence)),
            (7, _) => run.insert(at, (b"no stamp".to_vec(), Made::Foreign)),
            _ => {}
        }
    }
    run
}

/// The obvious checker: it has all lines before it, and looks for each record that must be there.
/// Gives the verdict without places, and what is lost.
fn obvious(lines: &[Made], told: &[EndMark], no_others: bool) -> (Verdict, BTreeSet<(u64, u64)>) {
    let mut verdict = Verdict::default();
    let mut lost = BTreeSet::new();
    verdict.torn = lines.iter().filter(|&&line| line == Made::Torn).count() as u64;
    verdict.foreign = lines.iter().filter(|&&line| line == Made::Foreign).count() as u64;
    for id in 0..=SOURCES {
        let told: BTreeSet<EndMark> = told.iter().filter(|m| m.source == id).copied().collect();
        let (mut marks, mut copies, mut sum) = (Vec::new(), BTreeMap::new(), 0u64);
        let (mut highest, mut out_of_order) = (None, 0);
        for line in lines {
            match *line {
                Made::End(mark) if mark.source == id => marks.push(mark),
                Made::Record { source, sequence, digest } if source == id => {
                    *copies.entry(sequence).or_insert(0) += 1;
                    if sequence < u64::MAX {
                        sum = sum.wrapping_add(digest);
                        out_of_order += u64::from(Some(sequence) < highest);
                        highest = highest.max(Some(sequence));
                    }
                }
                _ => {}
            }
        }
        if no_others && told.is_empty() {
            verdict.foreign += copies.values().sum::<u64>() + marks.len() as u64;
            continue;
        }
        if copies.is_empty() && marks.is_empty() && told.is_empty() {
            continue;
        }
        verdict.sources += 1;
        verdict.out_of_order += out_of_order;
        let end = told.last().or(marks.iter().max()).copied();
        let records = end.map_or(highest.map_or(0, |highest| highest + 1), |end| end.records);
        for sequence in 0..records {
            match copies.get(&sequence) {
                None => _ = lost.insert((id, sequence)),
                Some(copies) => {
                    verdict.records += 1;
                    verdict.duplicated += copies - 1;
                }
            }
        }
        verdict.foreign += copies.range(records..).map(|(_, copies)| copies).sum::<u64>();
        let holding = marks.iter().filter(|&&mark| Some(mark) == end).count();
        verdict.duplicated += holding.saturating_sub(1) as u64;
        verdict.foreign += (marks.len() - holding) as u64 + told.len().saturating_sub(1) as u64;
        let each_once = (0..records).all(|sequence| copies.get(&sequence) == Some(&1))
            && copies.range(records..u64::MAX).next().is_none();
        match end {
            None => verdict.unended += 1,
            Some(end) => {
                verdict.altered +=
                    u64::from(each_once && end.digest.is_some_and(|digest| digest != sum))
            }
        }
    }
    verdict.lost = lost.len() as u64;
    (verdict, lost)
}

/// The verdict on lines and facts that are dealt to some checkers at random, then merged at random.
fn split_and_merge(
    lines: &[Line],
    told: &[EndMark],
    no_other_sources: bool,
    rng: &mut Xoshiro256PlusPlus,
) -> Verdict {
    let mut parts = vec![Checker::default(); rng.random_range(1..=5)];
    let mut lines: Vec<&Line> = lines.iter().collect();
    if rng.random() {
        lines.shuffle(rng);
    }
    let count = parts.len();
    lines.into_iter().for_each(|line| _ = parts[rng.random_range(0..count)].see(line));
    told.iter().for_each(|&mark| parts[rng.random_range(0..count)].expect(mark));
    if no_other_sources {
        parts[rng.random_range(0..count)].no_other_sources();
    }
    while parts.len() > 1 {
        let part = parts.swap_remove(rng.random_range(0..parts.len()));
        let into = rng.random_range(0..parts.len());
        parts[into].merge(&part);
    }
    parts[0].verdict()
}

#[test]
fn random_faults_are_found_as_an_obvious_checker_finds_them() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
    for round in 0..5000 {
        let (lines, made): (Vec<Line>, Vec<Made>) = random_run(&mut rng).into_iter().unzip();
        let told: Vec<EndMark> = (0..rng.random_range(0..4))
            .map(|_| mark_of(rng.random_range(0..=SOURCES), rng.random_range(0..=RECORDS)))
            .collect();
        let no_others = rng.random();
        let mut checker = Checker::default();
        told.iter().for_each(|&mark| checker.expect(mark));
        if no_others {
            checker.no_other_sources();
        }

        let verdict = check(checker, &lines).verdict();
        let (expected, lost) = obvious(&made, &told, no_others);
        let counts = |v: &Verdict| (v.sources, v.records, v.out_of_order, found(v));
        assert_eq!(counts(&verdict), counts(&expected), "round {round}: {verdict:?}");
        for place in &verdict.lost_at {
            let id = place.source;
            assert_eq!(place.count, lost.range((id, 0)..(id + 1, 0)).count() as u64);
            let mut named = place.ranges.iter().cloned().flatten();
            assert!(named.all(|sequence| lost.contains(&(id, sequence))));
        }
        let merged = split_and_merge(&lines, &told, no_others, &mut rng);
        assert_eq!(without_order(merged), without_order(verdict), "round {round}");
    }
}
