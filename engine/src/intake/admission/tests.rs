use super::*;

const MB: u64 = 1_000_000;
const AT_TURN: Reads = Reads { early: false, at_turn: true };
const EARLY: Reads = Reads { early: true, at_turn: false };

fn admission() -> Admission {
    Admission::new(Bounds {
        interval: Duration::from_secs(1),
        most_early_bytes: 8 * MB,
        most_batch_bytes: u64::MAX,
        threads: 2,
    })
}

/// What is let in until reading stops, in steps.
fn take_all(admission: &Admission, reads: Reads, step: u64) -> u64 {
    let mut taken = 0;
    while admission.may_read(reads) && taken < 100_000 * MB {
        admission.took_in(reads, step);
        taken += step;
    }
    taken
}

/// The turn of a batch of all that waits.
fn turn(admission: &Admission, late: Duration) {
    admission.turn_began(late, admission.waiting_bytes.load(Ordering::Relaxed));
}

fn batch(admission: &Admission, late: Duration, processing: Duration) {
    turn(admission, late);
    admission.turn_ended(processing);
}

#[test]
fn batches_grow_sixteenfold_while_they_are_quick() {
    let admission = admission();
    let first = take_all(&admission, AT_TURN, MB / 10);
    assert!((8 * MB..10 * MB).contains(&first), "{first}");
    batch(&admission, Duration::ZERO, Duration::from_millis(1));
    turn(&admission, Duration::ZERO);
    let second = take_all(&admission, AT_TURN, MB);
    assert!((15 * first..=16 * first + MB).contains(&second), "{second}");
}

#[test]
fn an_overrun_lets_in_what_an_interval_can_process_less_what_is_owed() {
    let admission = admission();
    admission.took_in(AT_TURN, 20 * MB);
    batch(&admission, Duration::ZERO, Duration::from_secs(2));
    // 10 MB an interval, of which half is owed to the batch before.
    turn(&admission, Duration::from_millis(500));
    let let_in = take_all(&admission, AT_TURN, MB / 10);
    assert!((4 * MB..=41 * MB / 10).contains(&let_in), "{let_in}");
    turn(&admission, Duration::from_secs(3));
    admission.took_in(AT_TURN, 1);
    assert!(!admission.may_read(AT_TURN));
}

#[test]
fn batches_that_are_late_without_any_records_are_given_a_few() {
    let admission = admission();
    for late_s in 1..50 {
        batch(&admission, Duration::from_secs(late_s), Duration::from_secs(2));
        assert_eq!(admission.most_to_read(AT_TURN), LEAST_READ_BYTES as usize);
        turn(&admission, Duration::from_secs(late_s));
        let let_in = take_all(&admission, AT_TURN, LEAST_READ_BYTES);
        assert_eq!(let_in, LEAST_READ_BYTES);
    }
}

#[test]
fn no_batch_is_given_more_than_can_be_read_back() {
    let bounds = Bounds {
        interval: Duration::from_secs(1),
        most_early_bytes: 8 * MB,
        most_batch_bytes: MB,
        threads: 2,
    };
    let admission = Admission::new(bounds);
    admission.stored(MB - 1);
    assert!(admission.may_read(EARLY));
    admission.stored(1);
    assert!(!admission.may_read(EARLY), "though nothing waits for early work");
    admission.assigned(MB);
    assert!(admission.may_read(EARLY));
}

#[test]
fn a_quick_batch_among_slow_ones_does_not_raise_the_limit() {
    let admission = admission();
    for processing in [1000, 100, 1000] {
        admission.took_in(AT_TURN, 10 * MB);
        batch(&admission, Duration::ZERO, Duration::from_millis(processing));
    }
    turn(&admission, Duration::ZERO);
    let let_in = take_all(&admission, AT_TURN, MB / 10);
    assert!((8 * MB..=81 * MB / 10).contains(&let_in), "{let_in}");
}

#[test]
fn an_idle_time_says_nothing() {
    let admission = admission();
    admission.took_in(AT_TURN, 100 * MB);
    batch(&admission, Duration::ZERO, Duration::from_millis(100));
    for _ in 0..100 {
        batch(&admission, Duration::ZERO, Duration::from_micros(20));
    }
    turn(&admission, Duration::ZERO);
    assert!(take_all(&admission, AT_TURN, MB) >= 800 * MB);
}

#[test]
fn what_waits_for_early_work_is_bounded_by_the_time_that_it_takes() {
    let admission = admission();
    let first = take_all(&admission, EARLY, 1000);
    assert!((FIRST_EARLY_BYTES..FIRST_EARLY_BYTES + 1000).contains(&first));
    // A microsecond a byte, two threads: half a megabyte in a quarter of a second.
    admission.early_ended(first, Some(Duration::from_micros(first)));
    let slow = take_all(&admission, EARLY, 1000);
    assert!((490_000..510_000).contains(&slow), "{slow}");
    // Work that costs next to nothing is bounded by the cache.
    for _ in 0..1000 {
        admission.took_in(EARLY, 1000);
        admission.early_ended(1000, Some(Duration::from_nanos(100)));
    }
    take_all(&admission, EARLY, 1000);
    let waiting = admission.early_bytes.load(Ordering::Relaxed);
    assert!((8 * MB..9 * MB).contains(&waiting), "{waiting}");
}

#[test]
fn one_kind_of_reading_does_not_hold_the_other_back() {
    let admission = admission();
    take_all(&admission, AT_TURN, MB);
    assert!(!admission.may_read(AT_TURN) && admission.may_read(EARLY));
    assert!(!admission.may_read(Reads { early: true, at_turn: true }));
}
