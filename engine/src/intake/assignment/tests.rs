use super::*;
use crate::intake::admission::Bounds;
use crate::time::secs;

fn admission() -> Admission {
    Admission::new(Bounds {
        interval: secs(1).to_std(),
        most_early_bytes: 0,
        most_batch_bytes: u64::MAX,
        threads: 1,
    })
}

fn store(intake: &Arc<Intake>, text: &'static str, closed_at: Time, stored: Stored) {
    assert!(intake.store(Parcel::of_text(text), closed_at, stored).is_none());
}

fn at(seconds: u64) -> Time {
    Time::default() + secs(seconds)
}

fn bytes(parcels: &[Arc<Parcel>]) -> Vec<u64> {
    parcels.iter().map(|p| p.bytes()).collect()
}

#[test]
fn a_batch_holds_what_closed_after_the_one_before_and_up_to_its_end() {
    let intake = Arc::new(Intake::new(secs(1), at(0), admission()));
    store(&intake, "a\n", Time::from_millis(1), Stored::EarlyWorkMayBegin);
    store(&intake, "bb\n", at(1), Stored::EarlyWorkMayBegin);
    store(&intake, "ccc\n", Time::from_millis(1001), Stored::EarlyWorkMayBegin);
    assert_eq!(bytes(&intake.assign(at(1))), [2, 3]);
    assert!(intake.has_unassigned());
    assert_eq!(bytes(&intake.assign(at(2))), [4]);
    assert!(!intake.has_unassigned());
}

#[test]
fn what_comes_late_goes_to_the_next_batch_and_is_never_lost() {
    let intake = Arc::new(Intake::new(secs(1), at(0), admission()));
    assert!(intake.assign(at(5)).is_empty());
    store(&intake, "late\n", at(3), Stored::EarlyWorkMayBegin);
    assert_eq!(bytes(&intake.assign(at(6))), [5]);
}

#[test]
fn what_lines_were_mended_into_is_what_a_batch_may_be_given_so_much_of() {
    use crate::block::{Block, Origin};
    use crate::conf::{InvalidUtf8, LongLines};
    use crate::framing::RecordLimit;
    use crate::progress::LineCounts;
    use crate::received::{Form, RecordPolicy};
    use crate::slabs::SlabPool;

    let reads = Reads { early: true, at_turn: false };
    let most_batch_bytes = 20;
    let bounds =
        Bounds { interval: secs(1).to_std(), most_early_bytes: 100, most_batch_bytes, threads: 1 };
    let intake = Arc::new(Intake::new(secs(1), at(0), Admission::new(bounds)));
    let pool = SlabPool::new(SlabPool::least_bytes(100), 100);
    let limit = RecordLimit { max_bytes: 100, long_lines: LongLines::Skip };
    let policy = RecordPolicy { limit, form: Form::Text(InvalidUtf8::Replace) };
    for may_read in [true, false] {
        let (mut slab, _) = pool.take(0).unwrap();
        slab.room()[..4].copy_from_slice(b"\xff\xff\xff\n");
        slab.advance(4);
        let (bytes, lease) = slab.cut();
        let origin = Origin { source: 0, connection: 0, offset: 0 };
        let block = Block::new(bytes, lease, origin);
        let (block, _) = ReceivedBlock::just_read(block, policy, &pool);
        let parcel = Parcel::new(0, vec![Arc::new(block)], LineCounts::default());
        assert_eq!((parcel.bytes(), parcel.kept_bytes()), (4, 10));
        assert!(intake.store(parcel, at(1), Stored::EarlyWorkMayBegin).is_none());
        assert_eq!(intake.admission.may_read(reads), may_read);
    }
    intake.assign(at(1));
    assert!(intake.admission.may_read(reads));
}

#[test]
fn early_work_begins_on_all_but_what_is_stored_at_its_own_turn() {
    let intake = Arc::new(Intake::new(secs(1), at(0), admission()));
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = told.clone();
    intake.on_stored(Box::new(move |parcel, workers| {
        tell.lock().push((parcel.batch(), workers));
        None
    }));
    store(&intake, "a\n", at(1), Stored::EarlyWorkMayBegin);
    store(&intake, "b\n", at(1), Stored::AtTurnOf(at(1)));
    store(&intake, "c\n", at(2), Stored::AtTurnOf(at(1)));
    let expected =
        [(at(1), Workers::TasksAndReceiver), (at(1), Workers::Nobody), (at(2), Workers::Tasks)];
    assert_eq!(*told.lock(), expected);
}

#[test]
fn a_batch_waits_until_what_it_has_is_logged() {
    let intake = Arc::new(Intake::new(secs(1), at(0), admission()));
    let sent = Arc::new(Mutex::new(Vec::new()));
    let log = sent.clone();
    intake.log_ahead(Some(Box::new(move |unlogged| log.lock().push(unlogged))));
    store(&intake, "a\n", at(1), Stored::EarlyWorkMayBegin);
    store(&intake, "bb\n", at(1), Stored::AtTurnOf(at(1)));
    assert!(intake.has_unassigned());
    let parcels = intake.assign(at(1));
    assert_eq!((bytes(&parcels), intake.stored_bytes()), (vec![2, 3], 0));
    assert!(intake.has_unassigned(), "they are on their way");
    assert!(!intake.wait_until_logged(&parcels, || true));
    let [first, second] = <[_; 2]>::try_from(std::mem::take(&mut *sent.lock())).ok().unwrap();
    first.logged_as(7);
    assert!(intake.wait_until_logged(&parcels[..1], || false));
    assert_eq!((parcels[0].frame(), intake.stored_bytes()), (Some(7), 2));
    drop(second);
    assert!(!intake.wait_until_logged(&parcels, || true));
    assert!(!intake.has_unassigned());
}
