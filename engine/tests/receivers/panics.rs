//! A panic of a receiver is caught and counts as a failure, and a new receiver is made.

use std::thread;

use crate::rig::{Counts, Rig, Script};

#[test]
fn a_panic_while_it_is_made() {
    let make = |number| assert!(number > 0, "not ready");
    let rig = Rig::of(Script { make, ..Script::default() });
    assert_eq!(rig.ear.failure(0).0, "it could not be made: not ready");
    rig.wait_out(0);
    rig.store().store(1).unwrap();
    assert_eq!(rig.batch(), [1]);
    assert_eq!(rig.calls(), Counts { made: 2, started: 1, stopped: 0, dropped: 0 });
}

#[test]
fn a_panic_while_it_starts() {
    let start = |number| {
        assert!(number > 0, "not ready");
        Ok(())
    };
    let rig = Rig::of(Script { start, ..Script::default() });
    let first = rig.store();
    assert_eq!(rig.ear.failure(0).0, "its start panicked: not ready");
    assert!(first.is_stopped());
    rig.wait_out(0);
    rig.store().store(1).unwrap();
    assert_eq!(rig.batch(), [1]);
    assert_eq!(rig.calls(), Counts { made: 2, started: 2, stopped: 0, dropped: 1 });
}

#[test]
fn a_panic_while_it_stops() {
    let stop = |number| assert!(number > 0, "cannot let go");
    let rig = Rig::of(Script { stop, ..Script::default() });
    rig.store().restart("the connection was lost");
    rig.wait_out(0);
    rig.store().store(1).unwrap();
    assert_eq!(rig.batch(), [1]);
    assert_eq!(rig.calls(), Counts { made: 2, started: 2, stopped: 1, dropped: 1 });
    assert!(rig.ear.warnings().iter().any(|w| w.ends_with("its stop panicked: cannot let go")));
}

#[test]
fn a_panic_of_a_thread_that_holds_the_store() {
    let rig = Rig::of(Script::default());
    let store = rig.store();
    let thread = thread::spawn(move || {
        store.store(1).unwrap();
        panic!("a bad message");
    });
    assert!(thread.join().is_err());
    assert_eq!(rig.ear.failure(0).0, "one of its threads panicked");
    rig.wait_out(0);
    rig.store().store(2).unwrap();
    assert_eq!(rig.batch(), [1, 2]);
    assert_eq!(rig.calls(), Counts { made: 1, started: 2, stopped: 1, dropped: 0 });
}

#[test]
fn a_panic_of_one_receiver_leaves_the_others_alone() {
    let start = |number| {
        assert!(number != 1, "not ready");
        Ok(())
    };
    let rig = Rig::start(crate::rig::conf(), 2, Script { start, ..Script::default() });
    rig.ear.failure(0);
    for store in [rig.store(), rig.store()] {
        if !store.is_stopped() {
            store.store(1).unwrap();
        }
    }
    assert_eq!(rig.batch(), [1]);
}
