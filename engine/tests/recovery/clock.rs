//! The wall clock jumps, while the job runs and while it does not: times of batches rise, there are few of
//! them, and nothing is collected that is needed.

use millstream::disk::MemoryDisk;
use millstream::{Duration, ManualClock, Overrun, Stop, Time, mins, secs};

use crate::job::{Life, Waited, conf};
use crate::oracle::Outputs;

const START: Time = Time::from_millis(1_700_000_000_000);

/// Ten years of 365 days.
const TEN_YEARS: Duration = secs(10 * 365 * 24 * 3600);

/// The times of the batches that have an output.
fn batches(disk: &MemoryDisk) -> Vec<Time> {
    Outputs::on(disk).records.into_keys().collect()
}

#[test]
fn ten_years_ahead_while_it_runs_are_one_batch() {
    let disk = MemoryDisk::default();
    let mut life = Life::start(&disk, ManualClock::at(START), 0).unwrap();
    for _ in 0..3 {
        assert_eq!(life.batch(2, 1), Waited::Done);
    }
    life.feed(2, 1);
    life.clock.advance(TEN_YEARS);
    let after = life.clock.now();
    assert_eq!(life.wait_for_batch(after), Waited::Done);
    assert_eq!(life.batch(2, 1), Waited::Done);
    let seconds = [START + secs(1), START + secs(2), START + secs(3), after, after + secs(1)];
    assert_eq!(batches(&disk), seconds);
    assert_eq!(life.ear.warnings("batches are due at once").len(), 1);
    // A second ahead is a second ahead.
    life.feed(1, 0);
    life.clock.advance(secs(5));
    assert_eq!(life.wait_for_batch(life.clock.now()), Waited::Done);
    assert_eq!(batches(&disk).len(), 10);
    assert!(life.stop(Stop::Graceful).drained);
    assert_eq!(Outputs::on(&disk).check(&[life.fed()]), [life.fed()]);
}

#[test]
fn a_hand_that_is_moved_back_moves_nothing() {
    let disk = MemoryDisk::default();
    let mut life = Life::start(&disk, ManualClock::at(START), 0).unwrap();
    assert_eq!(life.batch(2, 1), Waited::Done);
    life.clock.advance(Duration::ZERO - mins(60));
    assert_eq!(life.batch(2, 1), Waited::Done);
    assert_eq!(batches(&disk), [START + secs(1), START + secs(2)]);
}

/// A life that dies with lines that no batch has, and goes on with a clock that has jumped.
fn goes_on_after(jump: Duration) -> Vec<Time> {
    let disk = MemoryDisk::default();
    let mut first = Life::start(&disk, ManualClock::at(START), 0).unwrap();
    for _ in 0..4 {
        assert_eq!(first.batch(2, 1), Waited::Done);
    }
    first.feed(2, 0);
    first.clock.advance(millstream::millis(200));
    first.wait_until("lines are received", |life| life.received() == 10);
    let died = disk.after_power_failure(millstream::disk::Names::Lost);
    drop(first);

    let wall = START + secs(4) + jump;
    let mut second = Life::start(&died, ManualClock::at(wall), 1).unwrap();
    let next = second.running.zero() + secs(1);
    second.feed(2, 1);
    second.clock.advance(secs(1));
    assert_eq!(second.wait_for_batch(next), Waited::Done);
    assert!(second.stop(Stop::Graceful).drained);
    // And again, with the checkpoint that the stop has left.
    let mut third = Life::start(&died, ManualClock::at(wall), 2).unwrap();
    let next = third.running.zero() + secs(1);
    third.feed(2, 1);
    third.clock.advance(secs(1));
    assert_eq!(third.wait_for_batch(next), Waited::Done);
    assert!(third.stop(Stop::Graceful).drained);

    let outputs = Outputs::on(&died);
    outputs.is_complete();
    let found = outputs.check(&[first_fed(), second.fed(), third.fed()]);
    assert_eq!(found, [first_fed(), second.fed(), third.fed()]);
    batches(&died)
}

/// What the life before the jump was fed.
fn first_fed() -> crate::job::Fed {
    crate::job::Fed { socket: 10, queue: 4 }
}

#[test]
fn an_hour_back_between_two_lives_is_gone_on_from_the_last_batch() {
    let expected: Vec<Time> = (1..=6).map(|n| START + secs(n)).collect();
    assert_eq!(goes_on_after(Duration::ZERO - mins(60)), expected);
}

#[test]
fn ten_years_ahead_between_two_lives_are_one_batch() {
    let after = START + secs(4) + TEN_YEARS;
    let before = (1..=4).map(|n| START + secs(n));
    let expected: Vec<Time> = before.chain([after + secs(1), after + secs(2)]).collect();
    assert_eq!(goes_on_after(TEN_YEARS), expected);
}

#[test]
fn what_a_batch_had_for_due_times_that_were_left_out_it_has_again() {
    for policy in [Overrun::Coalesce, Overrun::Skip] {
        let disk = MemoryDisk::default();
        let clock = ManualClock::at(START);
        let with = |disk: &MemoryDisk, clock: &ManualClock, number| {
            Life::with(conf(disk, clock).overrun(policy), clock.clone(), number).unwrap()
        };
        let mut first = with(&disk, &clock, 0);
        for _ in 0..3 {
            assert_eq!(first.batch(2, 1), Waited::Done);
        }
        first.feed(2, 1);
        clock.advance(secs(5));
        assert_eq!(first.wait_for_batch(START + secs(8)), Waited::Done);
        first.feed(2, 0);
        clock.advance(millstream::millis(200));
        first.wait_until("lines are received", |life| life.received() == 10);
        let died = disk.after_power_failure(millstream::disk::Names::Lost);
        drop(first);

        let mut second = with(&died, &clock, 1);
        second.feed(2, 1);
        clock.advance(secs(1));
        assert_eq!(second.wait_for_batch(START + secs(9)), Waited::Done);
        assert!(second.stop(Stop::Graceful).drained);
        let outputs = Outputs::on(&died);
        outputs.is_complete();
        let fed = [crate::job::Fed { socket: 10, queue: 4 }, second.fed()];
        assert_eq!(outputs.check(&fed), fed);
        let seconds = [1, 2, 3, 8, 9].map(|n| START + secs(n));
        assert_eq!(batches(&died), seconds, "{policy:?}");
    }
}
