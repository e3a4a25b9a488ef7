//! The room for stored records is bounded: who stores more waits for a batch.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use millstream::{Conf, Refused, Stop, Store};

use crate::rig::{PATIENCE, Rig, Script, conf};

/// So large that there is room for eight of them.
#[derive(Clone)]
struct Large {
    number: u64,
    _rest: [u8; (64 << 10) - 8],
}

const ROOM: usize = 8;

fn large(number: u64) -> Large {
    Large { number, _rest: [0; (64 << 10) - 8] }
}

fn small_memory() -> Conf {
    let least = 4_616_787;
    assert_eq!(least / 8 / size_of::<Large>(), ROOM);
    conf().memory_bytes(least as u64)
}

fn numbers(records: Vec<Large>) -> Vec<u64> {
    records.into_iter().map(|record| record.number).collect()
}

/// A thread that stores 20 records and counts them; its error is the number that was refused.
fn stores_twenty(store: Store<Large>) -> (Arc<AtomicUsize>, JoinHandle<Result<(), u64>>) {
    let stored = Arc::<AtomicUsize>::default();
    let count = stored.clone();
    let thread = thread::spawn(move || {
        for number in 0..20 {
            store.store(large(number)).map_err(|Refused(record)| record.number)?;
            count.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    });
    (stored, thread)
}

fn wait_until(stored: &AtomicUsize, n: usize) {
    let until = Instant::now() + PATIENCE;
    while stored.load(Ordering::SeqCst) < n {
        assert!(Instant::now() < until, "waited in vain for {n} records");
        thread::yield_now();
    }
}

#[test]
fn who_stores_more_than_there_is_room_for_waits_for_a_batch() {
    let rig = Rig::start(small_memory(), 1, Script::default());
    let (stored, thread) = stores_twenty(rig.store());
    let mut got = Vec::new();
    for batch in 1..=3 {
        wait_until(&stored, 20.min(batch * ROOM));
        let records = numbers(rig.batch());
        assert!(records.len() <= ROOM, "a batch had {} records", records.len());
        got.extend(records);
    }
    assert_eq!(got, (0..20).collect::<Vec<_>>());
    assert_eq!(thread.join().unwrap(), Ok(()));
}

#[test]
fn a_stop_lets_go_who_waits_and_gives_the_record_back() {
    let rig = Rig::start(small_memory(), 1, Script::default());
    let (stored, thread) = stores_twenty(rig.store());
    wait_until(&stored, ROOM);
    assert!(rig.running.stop(Stop::Graceful).unwrap().drained);
    assert_eq!(thread.join().unwrap(), Err(ROOM as u64));
    assert_eq!(numbers(rig.collected()), (0..ROOM as u64).collect::<Vec<_>>());
}

#[test]
fn a_restart_lets_go_who_waits_and_what_was_stored_stays() {
    let rig = Rig::start(small_memory(), 1, Script::default());
    let store = rig.store();
    let (stored, thread) = stores_twenty(store.clone());
    wait_until(&stored, ROOM);
    store.restart("the connection was lost");
    assert_eq!(thread.join().unwrap(), Err(ROOM as u64));
    assert_eq!(numbers(rig.batch()), (0..ROOM as u64).collect::<Vec<_>>());
}

#[test]
fn many_at_once_wait_too_and_the_rest_is_given_back() {
    let rig = Rig::start(small_memory(), 1, Script::default());
    let store = rig.store();
    let stopping = store.clone();
    let refused = thread::spawn(move || store.store_all((0..20).map(large)).unwrap_err().0);
    while numbers(rig.batch()).is_empty() {}
    stopping.stop("that is enough");
    let mut numbers_seen = numbers(refused.join().unwrap());
    assert_eq!(numbers_seen.pop(), Some(19));
}

#[test]
fn records_without_a_size_have_room_too() {
    let rig = Rig::start(small_memory(), 1, Script::default());
    rig.store().store_all([(); 1000]).unwrap();
    assert_eq!(rig.batch().len(), 1000);
}
