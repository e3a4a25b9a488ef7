//! A stop is a stop, whoever orders it; what was stored before a graceful one is processed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use millstream::progress::Notice;
use millstream::{BoxError, Receiver, Stop, Store, StreamingContext, secs};

use crate::rig::{Counts, Rig, Script, conf};

/// Does nothing but count those that are alive.
struct Idle(Arc<AtomicU32>);

impl Idle {
    fn counted(alive: &Arc<AtomicU32>) -> Self {
        alive.fetch_add(1, Ordering::SeqCst);
        Idle(alive.clone())
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Receiver for Idle {
    type Item = u64;

    fn on_start(&mut self, _: Store<u64>) -> Result<(), BoxError> {
        Ok(())
    }

    fn on_stop(&mut self) {}
}

#[test]
fn a_receiver_that_stops_itself_stays_stopped_and_the_stream_goes_on() {
    let rig = Rig::of(Script::default());
    let store = rig.store();
    store.store(1).unwrap();
    store.stop("the end of the file");
    assert!(store.is_stopped() && store.store(2).is_err());
    assert_eq!(rig.ear.own_stop(), "the end of the file");
    assert_eq!(rig.batch(), [1]);
    for _ in 0..3 {
        assert_eq!(rig.batch(), [0; 0]);
    }
    assert!(rig.running.stop(Stop::Graceful).unwrap().drained);
    assert_eq!(rig.calls(), Counts { made: 1, started: 1, stopped: 1, dropped: 1 });
    assert!(rig.running.await_termination().is_ok());
}

#[test]
fn a_graceful_stop_processes_what_was_stored() {
    let rig = Rig::start(conf(), 2, Script::default());
    let stores = [rig.store(), rig.store()];
    stores[0].store_all(0..100).unwrap();
    stores[1].store_all(100..200).unwrap();
    assert!(rig.running.stop(Stop::Graceful).unwrap().drained);
    let mut records = rig.collected();
    records.sort();
    assert_eq!(records, (0..200).collect::<Vec<_>>());
    assert!(stores.iter().all(|store| store.is_stopped() && store.store(1).is_err()));
    assert_eq!(rig.calls(), Counts { made: 2, started: 2, stopped: 2, dropped: 2 });
}

#[test]
fn a_stop_at_once_says_that_something_is_left() {
    let rig = Rig::of(Script::default());
    rig.store().store(1).unwrap();
    assert!(!rig.running.stop(Stop::Now).unwrap().drained);
    assert_eq!(rig.collected(), [0; 0]);
    assert_eq!(rig.calls(), Counts { made: 1, started: 1, stopped: 1, dropped: 1 });
}

#[test]
fn a_stop_does_not_wait_for_the_next_start() {
    let script = Script { start: |_| Err("no route".into()), ..Script::default() };
    let rig: Rig = Rig::of(script);
    rig.ear.failure(0);
    assert!(rig.running.stop(Stop::Graceful).unwrap().drained);
    assert_eq!(rig.calls(), Counts { made: 1, started: 1, stopped: 1, dropped: 1 });
}

#[test]
fn a_stop_that_panics_is_a_warning_and_the_stream_ends() {
    let stop = |_| panic!("cannot let go");
    let rig = Rig::of(Script { stop, ..Script::default() });
    rig.store().store(1).unwrap();
    assert!(rig.running.stop(Stop::Graceful).unwrap().drained);
    assert_eq!(rig.collected(), [1]);
    assert!(rig.ear.warnings()[0].ends_with("its stop panicked: cannot let go"));
}

#[test]
fn a_start_and_a_stop_are_told_to_listeners() {
    let rig: Rig = Rig::of(Script::default());
    rig.ear.wait_for(0, |notice| matches!(notice, Notice::ReceiverStarted { .. }));
    rig.running.stop(Stop::Graceful).unwrap();
    let stopped = rig.ear.wait_for(0, |n| matches!(n, Notice::ReceiverStopped { .. }));
    assert_eq!(stopped.to_string(), "receiver Scripted was stopped with its stream");
}

#[test]
fn a_dropped_stream_stops_its_receivers() {
    let rig: Rig = Rig::of(Script::default());
    let store = rig.store();
    drop(rig);
    assert!(store.is_stopped());
}

#[test]
fn a_start_that_fails_leaves_no_receiver_behind() {
    let alive = Arc::<AtomicU32>::default();
    let counted = alive.clone();
    let ssc = StreamingContext::new(conf(), secs(1)).unwrap();
    let failed = ssc.start(move |s| {
        let counted = counted.clone();
        s.receiver_stream(move || Idle::counted(&counted)).print();
        s.listen_text_stream("no such host:0").print();
        Ok(())
    });
    assert!(failed.is_err());
    assert_eq!(alive.load(Ordering::SeqCst), 0);
}
