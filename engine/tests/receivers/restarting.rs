//! A receiver that fails is started again, after a while that grows.

use millstream::{Time, millis};

use crate::rig::{Counts, Rig, Script};

#[test]
fn pauses_double_up_to_the_ceiling() {
    let script = Script { start: |_| Err("no route".into()), ..Script::default() };
    let rig: Rig = Rig::of(script);
    let mut expected = Time::default();
    for (number, pause) in [100, 200, 400, 800, 1600, 2000, 2000].into_iter().enumerate() {
        assert_eq!(rig.next_start().0, expected);
        let (reason, again_after) = rig.ear.failure(number);
        assert_eq!(reason, "it could not be started: no route");
        assert_eq!(again_after, millis(pause));
        // A start before its time would show in the time of the next one.
        rig.hand.advance(millis(pause - 1));
        rig.hand.advance(millis(1));
        expected = expected + millis(pause);
    }
    rig.store();
    rig.ear.failure(7);
    assert_eq!(rig.calls(), Counts { made: 1, started: 8, stopped: 8, dropped: 0 });
    let warnings = rig.ear.warnings();
    assert_eq!(warnings.len(), 1, "the first of a row is worth a word");
    assert!(warnings[0].contains("no route") && warnings[0].contains("100 ms"), "{warnings:?}");
}

#[test]
fn a_start_that_has_stored_something_begins_with_the_shortest_pause_again() {
    let rig = Rig::of(Script::default());
    for number in 0..4 {
        rig.store().restart("nothing came");
        rig.wait_out(number);
    }
    let store = rig.store();
    store.store(1).unwrap();
    store.restart("the connection was lost");
    assert_eq!(rig.ear.failure(4), ("the connection was lost".to_string(), millis(100)));
}

#[test]
fn what_was_stored_stays_and_the_receiver_is_the_same() {
    let rig = Rig::of(Script::default());
    let first = rig.store();
    first.store_all([1, 2]).unwrap();
    first.restart("the connection was lost");
    rig.wait_out(0);
    let second = rig.store();
    second.store(3).unwrap();
    assert_eq!(rig.batch(), [1, 2, 3]);
    assert_eq!(rig.calls(), Counts { made: 1, started: 2, stopped: 1, dropped: 0 });
}

#[test]
fn a_store_of_an_earlier_start_takes_nothing_and_disturbs_nobody() {
    let rig = Rig::of(Script::default());
    let first = rig.store();
    assert!(!first.is_stopped());
    first.restart("the connection was lost");
    assert!(first.is_stopped(), "at once");
    assert_eq!(first.store(1).unwrap_err().0, 1);
    rig.wait_out(0);
    let second = rig.store();
    first.restart("late");
    first.stop("late");
    assert_eq!(first.store_all([2, 3]).unwrap_err().0, [2, 3]);
    assert!(first.is_stopped() && !second.is_stopped());
    second.store(4).unwrap();
    assert_eq!(rig.batch(), [4]);
    assert_eq!(rig.calls().started, 2);
}
