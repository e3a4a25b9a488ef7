//! Closures that panic: the batch is tried four times and then given up, and the stream goes on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use millstream::{Duration, Stop};

use crate::rig::{Rig, conf};

type Counts = (String, u64);

/// Counts lines; `each` is called with every line, `both` with every two counts that are brought
/// together.
fn counting(
    early: bool,
    each: impl Fn(&str) + Clone + Send + Sync + 'static,
    both: impl Fn() + Clone + Send + Sync + 'static,
) -> Rig<Counts> {
    Rig::start(conf().early_work(early), move |s, out| {
        let (each, both) = (each.clone(), both.clone());
        let ones = s.listen_text_stream(":0").map(move |line| {
            each(line);
            (line, 1u64)
        });
        let counts = ones.reduce_by_key(move |a, b| {
            both();
            a + b
        });
        out.collect(&counts.map(|(line, n)| (line.to_owned(), n)));
        Ok(())
    })
}

fn sorted(counts: Vec<Counts>) -> BTreeMap<String, u64> {
    counts.into_iter().collect()
}

fn expected(counts: &[(&str, u64)]) -> BTreeMap<String, u64> {
    counts.iter().map(|(line, n)| ((*line).to_string(), *n)).collect()
}

fn a_record_that_always_panics_fails_its_batch_alone(early: bool) {
    let attempts = Arc::new(AtomicU32::new(0));
    let counted = attempts.clone();
    let bad = move |line: &str| {
        if line == "bad" {
            counted.fetch_add(1, Ordering::Relaxed);
            panic!("a bad record");
        }
    };
    let rig = counting(early, bad, || {});
    rig.send(b"good\n");
    assert_eq!(sorted(rig.batch()), expected(&[("good", 1)]));

    rig.send(b"good\n");
    rig.close_blocks_until(10);
    rig.send(b"good\nbad\ngood\n");
    assert_eq!(rig.batch(), [], "a failed batch gives nothing");
    let report = rig.report();
    assert!(!report.succeeded());
    assert!(report.errors[0].contains("4 attempts: a bad record"), "{:?}", report.errors);
    assert_eq!(report.records, 4, "they were received, whatever became of them");
    // Early work has its own try, which may or may not come before the batch's turn.
    let attempts = attempts.load(Ordering::Relaxed);
    assert!(attempts == 4 || early && attempts == 5, "{attempts} attempts");

    rig.send(b"good\ngood\n");
    assert_eq!(sorted(rig.batch()), expected(&[("good", 2)]));
    let error = rig.running.await_termination().expect_err("the first failure stays");
    assert!(error.to_string().contains("a bad record"), "{error}");
    rig.running.stop(Stop::Graceful).expect("a failure does not keep it from stopping");
}

#[test]
fn a_record_that_always_panics_fails_its_batch_alone_with_early_work() {
    a_record_that_always_panics_fails_its_batch_alone(true);
}

#[test]
fn a_record_that_always_panics_fails_its_batch_alone_at_the_batchs_turn() {
    a_record_that_always_panics_fails_its_batch_alone(false);
}

/// A closure that panics when it is called for the `at`-th time, once.
fn once(at: u32) -> impl Fn() + Clone + Send + Sync + 'static {
    let (calls, done) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
    move || {
        if calls.fetch_add(1, Ordering::Relaxed) == at && !done.swap(true, Ordering::Relaxed) {
            panic!("only this time");
        }
    }
}

fn a_panic_that_does_not_come_again_changes_nothing(early: bool) {
    for at in [0, 1, 7, 20, 33] {
        let (in_map, in_reduce) = (once(at), once(at));
        for rig in [counting(early, move |_| in_map(), || {}), counting(early, |_| {}, in_reduce)] {
            let mut bytes = 0;
            for block in 0..4 {
                let text = "a\nb\na\nc\na\nb\nc\na\nd\na\n".repeat(block + 1);
                rig.send(text.as_bytes());
                bytes += text.len() as u64;
                rig.close_blocks_until(bytes);
            }
            let all = expected(&[("a", 50), ("b", 20), ("c", 20), ("d", 10)]);
            assert_eq!(sorted(rig.batch()), all, "a panic at call {at}");
            assert!(rig.report().succeeded());
            assert_eq!(rig.report().records, 100);
            rig.running.await_termination_or_timeout(Duration::ZERO).expect("nothing failed");
        }
    }
}

#[test]
fn a_panic_that_does_not_come_again_changes_nothing_with_early_work() {
    a_panic_that_does_not_come_again_changes_nothing(true);
}

#[test]
fn a_panic_that_does_not_come_again_changes_nothing_at_the_batchs_turn() {
    a_panic_that_does_not_come_again_changes_nothing(false);
}

#[test]
fn an_output_that_panics_itself_fails_its_batch_and_no_other_output() {
    let rig: Rig = Rig::start(conf(), |s, out| {
        let lines = s.listen_text_stream(":0");
        lines.for_each_rdd(|rdd, _| assert!(rdd.count() != 1, "one is too few"));
        out.collect(&lines.map(str::to_owned));
        Ok(())
    });
    rig.send(b"alone\n");
    assert_eq!(rig.batch(), ["alone"]);
    assert_eq!(rig.report().errors.len(), 1);
    assert!(rig.report().errors[0].contains("one is too few"), "{:?}", rig.report().errors);
    rig.send(b"two\nlines\n");
    assert_eq!(rig.batch(), ["two", "lines"]);
    assert!(rig.report().succeeded());
}
