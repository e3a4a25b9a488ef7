//! A new job that goes on from a snapshot of another one, and dies at once.

use millstream::disk::{MemoryDisk, Names};
use millstream::{ManualClock, Queue, StreamingContext, Time, secs};

use crate::job::{DIRECTORY, Life, Waited, conf, described};
use crate::oracle::Outputs;

const START: Time = Time::from_millis(1_000_000);

#[test]
fn what_it_was_given_is_in_its_first_checkpoint() {
    let mut other = Life::start(&MemoryDisk::default(), ManualClock::at(START), 0).unwrap();
    assert_eq!(other.batch(0, 1), Waited::Done);
    let snapshot = other.running.snapshot().unwrap();

    let disk = MemoryDisk::default();
    let clock = ManualClock::at(START + secs(1));
    let made = || StreamingContext::new(conf(&disk, &clock), secs(1));
    let ssc = StreamingContext::get_or_create(DIRECTORY, made).unwrap();
    ssc.restore(snapshot);
    let running = ssc.start(|s| described(s, &Queue::new())).unwrap();
    let died = disk.after_power_failure(Names::Lost);
    drop(running);

    let mut again = Life::start(&died, clock, 0).unwrap();
    assert_eq!(again.batch(0, 0), Waited::Done);
    let results = Outputs::on(&died).results;
    let (_, lines) = results.last_key_value().unwrap();
    let all = ["(total,0,1,20000000)", "(window,0,1,20000000)", "(raw,0,1,20000000)"];
    assert_eq!(lines, &all.map(str::to_owned));
}
