//! Random overruns under each policy: whichever batches there are, totals, windows and sums are those of the
//! records in the batches in which they are seen to be, and every record is in one.

use std::collections::BTreeMap;
use std::sync::Arc;

use millstream::testing::Collector;
use millstream::{BoxError, Overrun, Scope, Time, Window, secs};

use crate::rig::{BATCH, Gate, Rig, at, conf};
use crate::seed::Random;

/// By key, how many records and the sum of their numbers.
type Sums = BTreeMap<u64, (u64, u64)>;
type SumsOf = Collector<(u64, (u64, u64))>;

const KEYS: u64 = 5;

/// What a run has given.
#[derive(Clone, Default)]
struct Seen {
    records: Collector<(u64, u64)>,
    sums: SumsOf,
    totals: SumsOf,
    sliding: SumsOf,
    inverse: SumsOf,
    tumbling: Collector<(u64, u64)>,
    twice: Collector<u64>,
}

fn added(a: (u64, u64), b: (u64, u64)) -> (u64, u64) {
    (a.0 + b.0, a.1 + b.1)
}

/// What is made of the numbers that come; where `slides`, also by windows that slide less often than batches are cut.
fn described(s: &Scope<'_>, seen: &Seen, gate: &Arc<Gate>, slides: bool) -> Result<(), BoxError> {
    let records = s.listen_text_stream(":0").map(|line| {
        let number: u64 = line.parse().expect("every line is a number");
        (number % KEYS, number)
    });
    let (gate, each) = (gate.clone(), seen.records.clone());
    records.for_each_rdd(move |rdd, time| {
        each.push(time, rdd.collect());
        gate.pass(time);
    });
    let counted = records.map(|(key, number)| (key, (1, number)));
    seen.sums.collect(&counted.reduce_by_key(added));
    let totals = counted.update_state_by_key(|new: &[(u64, u64)], old: Option<(u64, u64)>| {
        Some(new.iter().fold(old.unwrap_or_default(), |sum, each| added(sum, *each)))
    });
    seen.totals.collect(&totals.map(|(key, sums)| (key, *sums)));
    seen.sliding.collect(&counted.reduce_by_key_and_window(added, Window::every_batch(secs(3))));
    if !slides {
        return Ok(());
    }
    let inverse = counted.reduce_by_key_and_window_with_inverse(
        added,
        |a, b| (a.0 - b.0, a.1 - b.1),
        Window::sliding(secs(4), secs(2)),
    );
    seen.inverse.collect(&inverse);
    let tumbling = records.window(Window::tumbling(secs(3)));
    seen.tumbling.collect(&tumbling);
    // Of the windows of three seconds, each of which must be there.
    seen.twice.collect(&tumbling.window(Window::sliding(secs(6), secs(6))).count());
    Ok(())
}

fn sums_of<'r>(records: impl Iterator<Item = &'r (u64, u64)>) -> Sums {
    let mut sums = Sums::new();
    for &(key, number) in records {
        let sum = sums.entry(key).or_default();
        *sum = added(*sum, (1, number));
    }
    sums
}

fn has_slides(seed: u64) -> bool {
    seed.is_multiple_of(2)
}

/// Feeds a stream whose batches overrun at random; what was fed, what came of it, and the times of the batches
/// with what each stands for. Also, how many bytes were worked on early.
fn run(policy: Overrun, most: u64, seed: u64) -> (u64, Seen, Vec<(Time, u64)>, u64) {
    let (seen, mut random) = (Seen::default(), Random::new(seed));
    let collected = seen.clone();
    let (conf, slides) = (conf(policy).max_backlog(most), has_slides(seed));
    let rig = Rig::start(conf, move |s, gate| described(s, &collected, gate, slides));
    let mut fed = 0;
    for _ in 0..12 {
        rig.next_batch();
        // While it runs, the clock moves on, and lines come and are closed in blocks.
        for _ in 0..random.below(4) {
            let text: String =
                (fed..fed + random.below(40) as u64).map(|n| format!("{n}\n")).collect();
            fed += text.lines().count() as u64;
            rig.send(&text);
            rig.close_blocks(1 + random.below(12) as u64);
        }
        rig.open();
    }
    let reports = rig.end();
    let batches = reports.iter().map(|r| (r.batch_time(), r.covers_batches)).collect();
    let errors: Vec<_> = reports.iter().flat_map(|report| &report.errors).collect();
    assert!(errors.is_empty(), "{errors:?}");
    (fed, seen, batches, reports.iter().map(|report| report.early_bytes).sum())
}

/// Holds a run against its own batches. Gives how many due times had none, and how many bytes were worked on early.
fn check(policy: Overrun, most: u64, seed: u64) -> (u64, u64) {
    let (fed, seen, batches, early_bytes) = run(policy, most, seed);
    let case = format!("{policy:?}, {most} may wait, seed {seed}: {batches:?}");
    let records = seen.records.take();
    let mut numbers: Vec<u64> = records.iter().flat_map(|(_, r)| r).map(|(_, n)| *n).collect();
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(0..fed), "each record in one batch, {case}");
    assert!(records.iter().map(|(time, _)| *time).eq(batches.iter().map(|(time, _)| *time)));
    let mut last = at(0);
    for &(time, covers) in &batches {
        assert_eq!(time, last + BATCH * covers as i64, "{case}");
        last = time;
    }
    let within = |after: Time, up_to: Time| {
        let batches = records.iter().filter(move |(time, _)| *time > after && *time <= up_to);
        batches.flat_map(|(_, records)| records)
    };
    let holds = |what: &str, collected: SumsOf, slide: u64, length: Option<u64>| {
        let collected = collected.take();
        let times = collected.iter().map(|(time, _)| *time);
        let due: Vec<Time> = match slide {
            1 => batches.iter().map(|(time, _)| *time).collect(),
            _ => (at(0) + secs(slide)).to(last, secs(slide)).collect(),
        };
        assert!(times.eq(due), "the times of {what}, {case}");
        for (time, sums) in collected {
            let after = length.map_or(at(0), |length| time - secs(length));
            let expected = sums_of(within(after, time));
            assert_eq!(sums.into_iter().collect::<Sums>(), expected, "{what} at {time}, {case}");
        }
    };
    for (time, sums) in seen.sums.take() {
        let of_it = records.iter().filter(|(other, _)| *other == time).flat_map(|(_, r)| r);
        assert_eq!(sums.into_iter().collect::<Sums>(), sums_of(of_it), "sums at {time}, {case}");
    }
    holds("totals", seen.totals, 1, None);
    holds("a window of every batch", seen.sliding, 1, Some(3));
    if !has_slides(seed) {
        return (batches.iter().map(|(_, covers)| covers - 1).sum(), early_bytes);
    }
    holds("a window with an inverse", seen.inverse, 2, Some(4));
    let raw = Collector::new();
    for (time, records) in seen.tumbling.take() {
        raw.push(time, sums_of(records.iter()).into_iter().collect());
    }
    holds("a window of records", raw, 3, Some(3));
    for (time, counts) in seen.twice.take() {
        let expected = within(time - secs(6), time).count() as u64;
        assert_eq!(counts, [expected], "the windows of windows at {time}, {case}");
    }
    (batches.iter().map(|(_, covers)| covers - 1).sum(), early_bytes)
}

/// Of all runs together, what [`check`] gives.
fn check_all(policy: Overrun, most: u64) -> (u64, u64) {
    let runs = (1..=15).map(|seed| check(policy, most, seed));
    runs.fold((0, 0), added)
}

#[test]
fn a_queue_has_all_batches() {
    let (left_out, early_bytes) = check_all(Overrun::Queue, 100_000);
    assert!(left_out == 0 && early_bytes > 0);
}

#[test]
fn a_queue_that_is_bounded_loses_nothing() {
    let (left_out, early_bytes) = check_all(Overrun::Queue, 1);
    assert!(left_out > 0 && early_bytes > 0);
}

#[test]
fn what_coalesces_loses_nothing() {
    let (left_out, early_bytes) = check_all(Overrun::Coalesce, 100_000);
    assert!(left_out > 0 && early_bytes > 0);
}

#[test]
fn what_is_skipped_loses_nothing() {
    let (left_out, early_bytes) = check_all(Overrun::Skip, 100_000);
    assert!(left_out > 0 && early_bytes > 0);
}
