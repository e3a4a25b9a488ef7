//! Receivers: what a batch was given is there once, and what is said to be kept is never lost.

use std::sync::mpsc::{Sender, channel};
use std::thread::{JoinHandle, spawn};

use millstream::disk::Names;
use millstream::{BoxError, Conf, NotKept, Receiver, Stop, Store};

use crate::rig::{Life, PATIENCE, World, once};

/// Hands the store of each start to the test.
struct Handing(Sender<Store<String>>);

impl Receiver for Handing {
    type Item = String;

    fn on_start(&mut self, store: Store<String>) -> Result<(), BoxError> {
        Ok(self.0.send(store)?)
    }

    fn on_stop(&mut self) {}
}

fn start(world: &World, conf: Conf) -> (Life, Store<String>) {
    let (stores, started) = channel();
    let life = world.try_live(conf, move |s| {
        let stores = stores.clone();
        s.recoverable_receiver_stream(move || Handing(stores.clone())).boxed()
    });
    let store = started.recv_timeout(PATIENCE.to_std()).expect("the receiver is started");
    (life.expect("it starts"), store)
}

fn live(world: &World) -> (Life, Store<String>) {
    start(world, world.conf())
}

/// Stores on a thread of its own, and answers with `then`, at once.
fn store_reliably<T: Send + 'static>(
    store: &Store<String>,
    records: impl IntoIterator<Item = String> + Send + 'static,
    then: impl FnOnce(Result<(), NotKept>) -> T + Send + 'static,
) -> JoinHandle<T> {
    let store = store.clone();
    spawn(move || then(store.store_reliably(records)))
}

/// Runs batches until the thread has ended.
fn batches_until<T>(life: &Life, thread: JoinHandle<T>) -> T {
    while !thread.is_finished() {
        life.batch();
    }
    thread.join().expect("it only stores")
}

#[test]
fn records_are_there_once_wherever_the_process_dies() {
    for batches in 0..8 {
        let mut world = World::new();
        let mut expected = Vec::new();
        let mut store_in = |store: &Store<String>, word: String| {
            store.store(word.clone()).expect("it runs");
            expected.push((word, 1));
        };
        for life in 0..3 {
            let (running, store) = live(&world);
            for batch in 0..batches {
                store_in(&store, format!("{life}.{batch}"));
                running.batch();
            }
            world = match life {
                0 => running.die(),
                1 => running.stop(),
                _ => {
                    store_in(&store, "last".into());
                    running.die_amid_the_next_batch()
                }
            };
        }
        let (running, _) = live(&world);
        running.batch();
        assert_eq!(running.totals(), expected, "{batches} batches a life");
        let words: Vec<String> = expected.into_iter().map(|(word, _)| word).collect();
        assert_eq!(world.written(), words, "{batches} batches a life");
    }
}

#[test]
fn what_no_batch_had_been_given_is_lost_and_what_is_run_again_is_counted_as_it_was() {
    let world = World::new();
    let (life, store) = live(&world);
    store.store_all(["a", "b"].map(str::to_owned)).unwrap();
    life.batch();
    store.store("lost".into()).unwrap();
    let world = life.die();
    let (life, _) = live(&world);
    life.batch();
    assert_eq!(life.totals(), once(&["a", "b"]));
    let records: Vec<u64> = life.reports().iter().map(|report| report.records).collect();
    assert_eq!(records, [2, 0]);
}

#[test]
fn once_a_reliable_store_returns_nothing_is_lost_whatever_happens_then() {
    let world = World::new();
    let (life, store) = live(&world);
    let disk = world.disk.clone();
    let words = ["a", "b", "c"].map(str::to_owned);
    let thread = store_reliably(&store, words, move |kept| {
        // The power fails as soon as the source knows.
        kept.map(|()| disk.after_power_failure(Names::Lost))
    });
    let left = batches_until(&life, thread).expect("they are kept");
    drop(life);

    let world = World { disk: left, ..world };
    let (life, _) = live(&world);
    life.batch();
    assert_eq!(life.totals(), once(&["a", "b", "c"]));
    assert_eq!(world.written(), ["a", "b", "c"]);
}

#[test]
fn a_reliable_store_of_more_than_there_is_room_for_returns_when_the_last_are_kept() {
    let world = World::new();
    let conf = world.conf().max_line_bytes(1000).memory_bytes(2_600_000);
    let (life, store) = start(&world, conf);
    let disk = world.disk.clone();
    // An eighth of the memory has room for 13541 strings.
    let words = (0..30_000).map(|n| format!("{n:05}"));
    let thread = store_reliably(&store, words, move |kept| {
        kept.map(|()| disk.after_power_failure(Names::Lost))
    });
    let left = batches_until(&life, thread).expect("they are kept");
    assert!(life.reports().len() > 2);
    drop(life);
    let world = World { disk: left, ..world };
    let (life, _) = live(&world);
    life.batch();
    let totals = life.totals();
    assert!(totals.len() == 30_000 && totals.iter().all(|(_, n)| *n == 1));
}

#[test]
fn a_stop_lets_a_reliable_store_go_and_says_that_nothing_is_known() {
    for how in [Stop::Now, Stop::Graceful] {
        let world = World::new();
        let (life, store) = live(&world);
        let thread = store_reliably(&store, ["a".to_string()], |kept| kept);
        life.running.stop(how).unwrap();
        let kept = thread.join().expect("it only stores");
        assert!(
            kept == Err(NotKept::Stopped) || how == Stop::Graceful && kept == Ok(()),
            "{kept:?}"
        );
        assert_eq!(store.store_reliably(["b".to_string()]), Err(NotKept::Stopped));
    }
}

#[test]
fn a_restart_of_the_receiver_lets_it_go_too() {
    let world = World::new();
    let (_life, store) = live(&world);
    let thread = store_reliably(&store, ["a".to_string()], |kept| kept);
    store.restart("the connection broke");
    assert_eq!(thread.join().expect("it only stores"), Err(NotKept::Stopped));
}

#[test]
fn without_a_log_nothing_can_be_stored_reliably() {
    let world = World::new();
    let (life, store) = start(&world, world.conf().write_ahead_log(false));
    let refused = store.store_reliably(["a".to_string()]).unwrap_err();
    assert_eq!(refused, NotKept::NoLog);
    assert!(refused.to_string().contains("turn on Conf::write_ahead_log"), "{refused}");
    assert_eq!(life.batch().records, 0);
}

#[test]
fn nothing_at_all_is_kept_at_once() {
    let world = World::new();
    let (_life, store) = live(&world);
    assert_eq!(store.store_reliably([]), Ok(()));
}
