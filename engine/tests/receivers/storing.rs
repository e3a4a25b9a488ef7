//! What is stored comes out, in order, counted, in the batch whose turn comes next.

use crate::rig::{Rig, Script, conf};

#[test]
fn records_come_in_their_order_in_the_next_batch() {
    let rig = Rig::of(Script::default());
    let store = rig.store();
    store.store(1).unwrap();
    store.store_all([2, 3]).unwrap();
    store.clone().store(4).unwrap();
    assert_eq!(rig.batch(), [1, 2, 3, 4]);
    assert_eq!(rig.batch(), [0; 0]);
    store.store(5).unwrap();
    assert_eq!(rig.batch(), [5]);
}

#[test]
fn many_records_at_once_keep_their_order() {
    let rig = Rig::of(Script::default());
    rig.store().store_all(0..10_000).unwrap();
    assert_eq!(rig.batch(), (0..10_000).collect::<Vec<u64>>());
}

#[test]
fn reports_count_the_records_and_name_the_receiver() {
    let rig = Rig::of(Script::default());
    rig.store().store_all(0..7).unwrap();
    rig.batch();
    let report = rig.reports().pop().unwrap();
    assert_eq!((report.records, report.sources[0].lines.records), (7, 7));
    assert_eq!(&*report.sources[0].name, "receiver Scripted");
}

#[test]
fn several_receivers_are_one_stream_in_a_union() {
    let rig = Rig::start(conf(), 3, Script::default());
    for n in 0..3u64 {
        rig.store().store_all([10 * n, 10 * n + 1]).unwrap();
    }
    let mut records = rig.batch();
    records.sort();
    assert_eq!(records, [0, 1, 10, 11, 20, 21]);
    assert_eq!(rig.reports()[0].sources.len(), 3);
}

#[test]
fn an_error_that_is_reported_is_a_warning_and_nothing_else() {
    let rig = Rig::of(Script::default());
    let store = rig.store();
    store.report_error("one message was not understood");
    assert_eq!(rig.ear.warnings(), ["receiver Scripted: one message was not understood"]);
    store.store(1).unwrap();
    assert_eq!(rig.batch(), [1]);
    assert_eq!(rig.calls().started, 1);
}
