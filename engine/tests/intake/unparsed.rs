//! Records that do not parse, received over a socket: counted for their batch, whenever it was that
//! a task looked at them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use millstream::Unparsed;

use crate::rig::{Rig, conf, wait_until};

/// Sums the values of `key<TAB>value` lines by key; `each` is called with every value that parses.
fn summing(
    early: bool,
    each: impl Fn(u64) + Clone + Send + Sync + 'static,
    both: impl Fn() + Clone + Send + Sync + 'static,
) -> Rig<(String, u64)> {
    Rig::start(conf().early_work(early), move |s, out| {
        let (each, both) = (each.clone(), both.clone());
        let pairs = s.listen_text_stream(":0").fields('\t').parse::<(&str, u64)>();
        let seen = pairs.map(move |(key, n)| {
            each(n);
            (key, n)
        });
        let sums = seen.reduce_by_key(move |a, b| {
            both();
            a + b
        });
        out.collect(&sums.map(|(key, n)| (key.to_owned(), n)));
        Ok(())
    })
}

#[test]
fn each_batch_counts_its_own_with_early_work_and_without() {
    for early in [true, false] {
        let rig = summing(early, |_| {}, || {});
        rig.send(b"a\t1\nbad\n");
        rig.close_blocks_until(8);
        rig.send(b"a\t2\na\tb\na\t\nworse\n");
        assert_eq!(rig.batch(), [("a".to_string(), 3)]);
        assert_eq!(rig.report().unparsed, 4);
        rig.send(b"-\n");
        assert_eq!(rig.batch(), []);
        assert_eq!(rig.report().unparsed, 1);
        assert_eq!(rig.batch(), []);
        assert_eq!(rig.report().unparsed, 0);
    }
}

#[test]
fn blocks_that_were_worked_on_early_count_for_the_batch_that_they_belong_to() {
    let seen = Arc::new(AtomicU64::new(0));
    let counted = seen.clone();
    let rig = summing(
        true,
        move |n| {
            counted.fetch_add(n, Ordering::SeqCst);
        },
        || {},
    );
    rig.send(b"bad\na\t7\n");
    rig.close_blocks_until(8);
    wait_until("early work", || (seen.load(Ordering::SeqCst) == 7).then_some(()));
    assert_eq!(rig.batch(), [("a".to_string(), 7)]);
    assert_eq!((rig.report().unparsed, rig.report().early_bytes), (1, 8));
}

#[test]
fn early_work_that_panics_behind_its_records_leaves_no_count() {
    let tries = Arc::new(AtomicU64::new(0));
    let counted = tries.clone();
    // The second block's record panics where it meets the first's, twice.
    let both = move || {
        assert!(counted.fetch_add(1, Ordering::SeqCst) >= 2, "not yet");
    };
    let rig = summing(true, |_| {}, both);
    rig.send(b"bad\na\t1\n");
    rig.close_blocks_until(8);
    rig.send(b"worse\na\t2\n");
    rig.close_blocks_until(18);
    assert_eq!(rig.batch(), [("a".to_string(), 3)]);
    assert_eq!(rig.report().unparsed, 2);
    assert!(tries.load(Ordering::SeqCst) >= 3);
}

#[test]
fn a_record_that_must_parse_fails_its_batch_with_one_sentence_with_early_work_and_without() {
    for early in [true, false] {
        let strict = conf().unparsed(Unparsed::Fail).early_work(early);
        let rig = Rig::start(strict, |s, out| {
            let pairs = s.listen_text_stream(":0").fields('\t').parse::<(&str, u64)>();
            let sums = pairs.reduce_by_key(|a, b| a + b);
            out.collect(&sums.map(|(key, n)| (key.to_owned(), n)));
            Ok(())
        });
        rig.send(b"a\t1\na\tbad\n");
        rig.close_blocks_until(10);
        assert_eq!(rig.batch(), []);
        let errors = rig.report().errors;
        assert!(errors.len() == 1 && errors[0].contains("column 1"), "{errors:?}");
        assert!(!errors[0].contains("attempts"), "it is not tried again: {errors:?}");
        rig.send(b"a\t2\n");
        assert_eq!(rig.batch(), [("a".to_string(), 2)]);
    }
}
