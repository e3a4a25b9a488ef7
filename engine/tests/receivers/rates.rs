//! Who stores records faster than they may come waits, one by one and many at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use millstream::{Conf, Refused, Stop, Store, millis, secs};

use crate::rig::{PATIENCE, Rig, Script, conf};

const RATE: u64 = 1000;

/// What may come at once after a pause: a twentieth of a second's.
const BURST: u64 = RATE / 20;

/// What may come once there was nothing left: a hundredth's.
const PORTION: u64 = RATE / 100;

fn limited() -> Conf {
    conf().max_rate(RATE)
}

/// A thread that stores records one by one, until it is refused; and how many it has stored.
fn stores(store: Store<u64>, records: u64) -> (Arc<AtomicU64>, JoinHandle<Result<(), u64>>) {
    let stored = Arc::<AtomicU64>::default();
    let count = stored.clone();
    let thread = thread::spawn(move || {
        for number in 0..records {
            store.store(number).map_err(|Refused(record)| record)?;
            count.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    });
    (stored, thread)
}

fn wait_until(stored: &AtomicU64, n: u64) {
    let until = Instant::now() + PATIENCE;
    while stored.load(Ordering::SeqCst) < n {
        assert!(Instant::now() < until, "waited in vain for {n} records");
        thread::yield_now();
    }
}

#[test]
fn one_by_one_they_come_as_the_clock_moves() {
    let rig: Rig = Rig::start(limited(), 1, Script::default());
    let (stored, thread) = stores(rig.store(), 200);
    for portions in 0..15 {
        let may = BURST + portions * PORTION;
        wait_until(&stored, may);
        assert_eq!(stored.load(Ordering::SeqCst), may);
        rig.hand.advance(millis(10));
    }
    assert_eq!(thread.join().unwrap(), Ok(()));
    assert_eq!(rig.batch().len(), 200);
    assert_eq!(rig.reports()[0].sources[0].rate_limit, Some(RATE as f64));
}

#[test]
fn a_record_counts_as_one_however_many_are_stored_together() {
    let rig: Rig = Rig::start(limited(), 1, Script::default());
    let store = rig.store();
    let from = rig.hand.now();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let store = store.clone();
            thread::spawn(move || store.store_all(0..250))
        })
        .collect();
    while !threads.iter().all(JoinHandle::is_finished) {
        rig.hand.advance(millis(10));
        thread::yield_now();
    }
    let least = millis((1000 - BURST) * 1000 / RATE);
    assert!(rig.hand.now() - from >= least, "within {}", rig.hand.now() - from);
    assert!(threads.into_iter().all(|thread| thread.join().unwrap().is_ok()));
}

#[test]
fn each_receiver_has_a_rate_of_its_own() {
    let rig: Rig = Rig::start(limited(), 2, Script::default());
    let both = [stores(rig.store(), 1000), stores(rig.store(), 1000)];
    for (stored, _) in &both {
        wait_until(stored, BURST);
    }
    assert!(rig.running.stop(Stop::Graceful).unwrap().drained);
    assert_eq!(rig.collected().len() as u64, 2 * BURST);
    for (_, thread) in both {
        assert_eq!(thread.join().unwrap(), Err(BURST), "a stop lets go who waits");
    }
}

#[test]
fn a_start_again_brings_no_new_burst() {
    let rig: Rig = Rig::start(limited(), 1, Script::default());
    let store = rig.store();
    let (stored, thread) = stores(store.clone(), 1000);
    wait_until(&stored, BURST);
    store.restart("the connection was lost");
    assert_eq!(thread.join().unwrap(), Err(BURST));
    rig.wait_out(0);
    let (waited, store) = rig.next_start();
    assert!(waited >= millstream::Time::default() + millis(10));
    let (stored, thread) = stores(store, 1000);
    // The wait has filled the bucket again, as far as it goes.
    wait_until(&stored, BURST);
    assert_eq!(stored.load(Ordering::SeqCst), BURST);
    drop(rig);
    assert_eq!(thread.join().unwrap(), Err(BURST));
}

#[test]
fn with_backpressure_the_first_batch_has_the_lowest_rate_and_then_what_it_has_shown() {
    let rig: Rig = Rig::start(conf().backpressure(true), 1, Script::default());
    let (stored, thread) = stores(rig.store(), u64::MAX);
    wait_until(&stored, 100 / 20);
    for _ in 0..100 {
        rig.hand.advance(secs(1));
    }
    rig.running.wait_for_batch(rig.hand.now(), secs(30)).unwrap();
    let first = rig.reports()[0].clone();
    assert!(first.records <= 100 * 100 + 5, "{} records in 100 s", first.records);
    let limit = first.sources[0].rate_limit.unwrap();
    let shown = first.records as f64 / first.processing_ms * 1000.0;
    assert!((limit - shown.max(100.0)).abs() <= 1e-6 * limit, "{limit}, {shown}");
    drop(rig);
    assert!(thread.join().unwrap().is_err());
}
