//! Planted faults: each kind, at the first, middle and last record of each source.

use loadgen::{Checker, EndMark, Verdict};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;

use crate::lines::*;

/// The lines of all sources, in a random interleaving; each source in order if `in_order`.
fn interleave(run: &[Vec<Line>], in_order: bool, rng: &mut Xoshiro256PlusPlus) -> Vec<Line> {
    let mut turns: Vec<usize> =
        run.iter().enumerate().flat_map(|(source, lines)| vec![source; lines.len()]).collect();
    turns.shuffle(rng);
    let mut rest: Vec<_> = run.iter().map(|lines| lines.iter()).collect();
    let mut lines: Vec<Line> =
        turns.into_iter().map(|source| rest[source].next().unwrap().clone()).collect();
    if !in_order {
        lines.shuffle(rng);
    }
    lines
}

/// A checker that was told of all sources of a whole run.
fn told() -> Checker {
    let mut checker = Checker::default();
    (0..SOURCES).for_each(|source| checker.expect(mark_of(source, RECORDS)));
    checker.no_other_sources();
    checker
}

/// Plants a fault at the first, middle and last record of each source and holds what is found, in
/// any interleaving and by one checker or several, against what must be.
fn plant(must_find: [u64; 6], fault: impl Fn(&mut [Vec<Line>], usize, usize)) {
    plant_for(Checker::default(), must_find, fault);
}

fn plant_for(
    checker: Checker,
    must_find: [u64; 6],
    fault: impl Fn(&mut [Vec<Line>], usize, usize),
) {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    for source in 0..SOURCES as usize {
        for at in [0, LAST / 2, LAST] {
            let mut run = whole_run();
            fault(&mut run, source, at);
            for in_order in [true, true, false, false] {
                let lines = interleave(&run, in_order, &mut rng);
                let verdict = check(checker.clone(), &lines).verdict();
                assert_eq!(found(&verdict), must_find, "record {at} of {source}: {verdict:?}");
                assert_eq!(verdict.is_whole(), must_find[..5] == [0; 5]);
                assert_eq!(verdict.is_proven(), must_find == [0; 6]);
                let kinds = must_find.iter().filter(|&&count| count > 0).count();
                assert_eq!(verdict.sentences().len(), kinds, "{:?}", verdict.sentences());

                let (front, back) = lines.split_at(lines.len() / 3);
                let mut merged = check(Checker::default(), back);
                merged.merge(&check(checker.clone(), front));
                assert_eq!(without_order(merged.verdict()), without_order(verdict));
            }
        }
    }
}

#[test]
fn a_whole_run_is_clean_in_any_interleaving() {
    plant([0; 6], |_, _, _| {});
    plant_for(told(), [0; 6], |_, _, _| {});
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
    let verdict = check(told(), &interleave(&whole_run(), true, &mut rng)).verdict();
    let (sources, records) = (SOURCES, SOURCES * RECORDS);
    assert_eq!(verdict, Verdict { sources, records, ..Verdict::default() });
    assert!(!Checker::default().verdict().is_proven());
}

#[test]
fn a_line_dropped_or_doubled() {
    plant([1, 0, 0, 0, 0, 0], |run, source, at| _ = run[source].remove(at));
    plant([0, 1, 0, 0, 0, 0], |run, source, at| {
        let line = run[source][at].clone();
        run[source].push(line);
    });
    plant([0, 3, 0, 0, 0, 0], |run, source, at| {
        let line = run[source][at].clone();
        run[(source + 1) % 3].extend([line.clone(), line.clone(), line]);
    });
}

#[test]
fn what_a_source_that_may_be_cut_lacks_at_its_end_is_no_loss_and_a_hole_is() {
    let check_cut = |run: &[Vec<Line>]| {
        let mut checker = Checker::default();
        (0..SOURCES).for_each(|source| checker.expect_at_most(mark_of(source, RECORDS)));
        checker.no_other_sources();
        check(checker, &run.concat()).verdict()
    };
    for kept in 0..=RECORDS as usize {
        let mut run = whole_run();
        run[1].truncate(kept);
        let verdict = check_cut(&run);
        assert_eq!((verdict.lost, verdict.cut), (0, RECORDS - kept as u64));
        assert_eq!(verdict.cut_at.iter().map(|place| place.count).sum::<u64>(), verdict.cut);
        assert!(verdict.is_whole(), "{verdict:?}");

        let mut run = whole_run();
        run[1].truncate(kept);
        let has_hole = kept > 2;
        if has_hole {
            run[1].remove(1);
        }
        let verdict = check_cut(&run);
        assert_eq!((verdict.lost, verdict.cut), (has_hole.into(), RECORDS - kept as u64));
    }
    let mut run = whole_run();
    let last = run[2].last().unwrap().clone();
    run[2].push(last);
    assert_eq!(check_cut(&run).duplicated, 1);
    // Its end mark was sent last.
    let mut run = whole_run();
    run[2].remove(LAST);
    assert_eq!((check_cut(&run).lost, check_cut(&run).cut), (1, 0));
    let mut run = whole_run();
    run[2].push(record(2, RECORDS, "never sent"));
    assert_eq!(check_cut(&run).foreign, 1);
}

#[test]
fn a_line_cut_at_its_end_or_front_or_in_two() {
    let length = record(0, 0, &body(0, 0)).len();
    for kept in 2..length {
        plant([1, 0, 1, 0, 0, 0], |run, source, at| run[source][at].truncate(kept));
    }
    for kept in [0, 1] {
        plant([1, 0, 0, 1, 0, 0], |run, source, at| run[source][at].truncate(kept));
    }
    for cut in 1..length {
        let ends_stamped = length - cut >= b" #01234567".len();
        let must_find = [1, 0, ends_stamped.into(), (!ends_stamped).into(), 0, 0];
        plant(must_find, |run, source, at| _ = run[source][at].drain(..cut));
    }
    for cut in [2, 10, 30] {
        plant([1, 0, 2, 0, 0, 0], |run, source, at| {
            let back = run[source][at].split_off(cut);
            run[source].insert(at + 1, back);
        });
    }
}

#[test]
fn records_swapped_between_sources() {
    // The labels exchanged in the text.
    plant([2, 0, 2, 0, 0, 0], |run, source, at| {
        let other = (source + 1) % 3;
        run[source][at][1] = b'0' + other as u8;
        run[other][LAST - at][1] = b'0' + source as u8;
    });
    // Stamped anew as a record of the other, at its place among the other's records.
    plant([0, 0, 0, 0, 2, 0], |run, source, at| {
        let (one, other) = (source as u64, (source as u64 + 1) % 3);
        run[source][at] = record(one, at as u64, &body(other, at as u64));
        run[other as usize][at] = record(other, at as u64, &body(one, at as u64));
    });
    // The same, but each with the sequence it had.
    plant([2, 2, 0, 0, 0, 0], |run, source, at| {
        let (one, other) = (source as u64, (source as u64 + 1) % 3);
        let elsewhere = (at + 1) % RECORDS as usize;
        run[source][at] = record(one, elsewhere as u64, &body(other, elsewhere as u64));
        run[other as usize][elsewhere] = record(other, at as u64, &body(one, at as u64));
    });
}

#[test]
fn lines_invented() {
    let garbage: [&[u8]; 5] = [b"", b"no stamp", b"@", b"\xff\x00", b"x #1234567"];
    for line in garbage {
        plant([0, 0, 0, 1, 0, 0], |run, source, at| run[source].insert(at, line.to_vec()));
    }
    plant([0, 0, 1, 0, 0, 0], |run, source, at| run[source].insert(at, b"@5 no stamp".into()));
    // A source that nobody knows: foreign if all are known, or else without an end.
    let unknown = |run: &mut [Vec<Line>], source: usize, at| {
        run[source].insert(at, record(7, 0, "invented"));
    };
    plant_for(told(), [0, 0, 0, 1, 0, 0], unknown);
    plant([0, 0, 0, 0, 0, 1], unknown);
    plant_for(told(), [0, 0, 0, 2, 0, 0], |run, source, _| {
        run[source].extend([end(EndMark::new(7)), end(EndMark::new(7))]);
    });
    for beyond in [RECORDS, RECORDS + 1, u64::MAX - 1, u64::MAX] {
        plant([0, 0, 0, 1, 0, 0], |run, source, at| {
            run[source].insert(at, record(source as u64, beyond, "invented"));
        });
    }
}

#[test]
fn a_record_replaced_by_an_intact_one() {
    plant([0, 0, 0, 0, 1, 0], |run, source, at| {
        run[source][at] = record(source as u64, at as u64, "other content");
    });
}

#[test]
fn the_tail_of_a_source_missing() {
    for missing in 1..=RECORDS {
        let left = (RECORDS - missing) as usize;
        plant([missing, 0, 0, 0, 0, 0], |run, source, _| _ = run[source].drain(left..=LAST));
        // Without the end mark nothing shows it, but that there is none, unless one was told.
        plant_for(told(), [missing, 0, 0, 0, 0, 0], |run, source, _| run[source].truncate(left));
        if left > 0 {
            plant([0, 0, 0, 0, 0, 1], |run, source, _| run[source].truncate(left));
        }
    }
    plant([0, 0, 0, 0, 0, 1], |run, source, _| _ = run[source].pop());
    plant_for(told(), [0; 6], |run, source, _| _ = run[source].pop());
}

#[test]
fn end_marks_torn_swapped_doubled_or_contradicted() {
    plant([0, 0, 1, 0, 0, 1], |run, source, _| {
        let mark = run[source].last_mut().unwrap();
        mark.truncate(mark.len() - 1);
    });
    plant([0, 0, 0, 0, 2, 0], |run, source, _| {
        let (one, other) = (source as u64, (source as u64 + 1) % 3);
        for (source, from) in [(one, other), (other, one)] {
            let mark = EndMark { source, ..mark_of(from, RECORDS) };
            *run[source as usize].last_mut().unwrap() = end(mark);
        }
    });
    plant([0, 1, 0, 0, 0, 0], |run, source, _| {
        let mark = run[source].last().unwrap().clone();
        run[source].push(mark);
    });
    plant([0, 0, 0, 1, 0, 0], |run, source, _| {
        run[source].push(end(mark_of(source as u64, RECORDS - 1)));
    });
    plant_for(told(), [0, 0, 0, 1, 0, 0], |run, source, _| {
        *run[source].last_mut().unwrap() = end(mark_of(source as u64, RECORDS + 1));
    });
    let mut checker = told();
    checker.expect(mark_of(0, RECORDS - 1));
    plant_for(checker, [0, 0, 0, 1, 0, 0], |_, _, _| {});
}

/// Of records that others have sent before it knows how many they were, and not what was in them.
#[test]
fn an_end_mark_without_a_digest_proves_that_all_came_and_not_what_they_were() {
    let going_on = |run: &mut [Vec<Line>], source: usize| {
        *run[source].last_mut().unwrap() = end(EndMark::going_on(source as u64, RECORDS));
    };
    plant([0; 6], |run, source, _| going_on(run, source));
    plant([1, 0, 0, 0, 0, 0], |run, source, at| {
        going_on(run, source);
        run[source].remove(at);
    });
    plant([0; 6], |run, source, at| {
        going_on(run, source);
        run[source][at] = record(source as u64, at as u64, "other content");
    });
    let mark = EndMark { records: 7, ..EndMark::going_on(3, 0) };
    let json = serde_json::to_string(&mark).unwrap();
    assert_eq!(json, r#"{"source":3,"records":7,"digest":null}"#);
    assert_eq!(serde_json::from_str::<EndMark>(&json).unwrap(), mark);
}

#[test]
fn places_are_told_with_their_faults() {
    let mut run = whole_run();
    run[2].drain(4..7);
    let doubled = [run[2][0].clone(), run[2][6].clone()];
    run[2].extend(doubled);
    run[2].remove(2);
    let verdict = check(Checker::default(), run.concat().iter()).verdict();
    assert_eq!(
        verdict.sentences(),
        ["source 2 lost 4 records: 2, 4 to 6", "source 2 has 2 duplicates: 0, the end mark"]
    );

    let json = serde_json::to_string(&verdict).unwrap();
    assert_eq!(serde_json::from_str::<Verdict>(&json).unwrap(), verdict);
}
