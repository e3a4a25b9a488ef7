//! A job whose log is switched off after it was on.

use millstream::disk::{MemoryDisk, Names};
use millstream::replica::Replica;
use millstream::{Conf, ManualClock, Stop, StreamingContext, Time, millis, secs};

use crate::ear::Ear;
use crate::job::{Life, Waited, conf};
use crate::oracle::Outputs;

const START: Time = Time::from_millis(1_000_000);

#[test]
fn what_waited_in_the_log_is_counted_once_though_nothing_is_logged_any_more() {
    let (disk, clock) = (MemoryDisk::default(), ManualClock::at(START));
    let mut life = Life::start(&disk, clock.clone(), 0).unwrap();
    assert_eq!(life.batch(0, 0), Waited::Done);
    life.feed(2, 0);
    // A block ends, and no batch.
    clock.advance(millis(200));
    life.wait_until("the lines to be logged", |life| life.received() == 2);
    let died = disk.after_power_failure(Names::Lost);
    drop(life);
    clock.advance(millis(800));

    for number in 1..4 {
        let conf = conf(&died, &clock).write_ahead_log(number == 3);
        let mut life = Life::with(conf, clock.clone(), number).unwrap();
        for _ in 0..4 {
            assert_eq!(life.batch(0, 0), Waited::Done);
        }
        assert!(life.stop(Stop::Graceful).checkpointed);
        let results = Outputs::on(&died).results;
        let (_, lines) = results.last_key_value().unwrap();
        let totals = lines.iter().filter(|line| line.starts_with("(total,"));
        let expected = ["(total,0,1,10000000)", "(total,1,1,10000001)"];
        let mut totals: Vec<_> = totals.cloned().collect();
        totals.sort();
        assert_eq!(totals, expected, "life {number}");
    }
}

#[test]
fn a_second_copy_of_checkpoints_alone_is_told_of_at_the_start() {
    const TOKEN: &str = "0123456789-secret";
    let settings = Replica::settings("/copies", TOKEN).disk(MemoryDisk::default());
    let replica = settings.listen("127.0.0.1:0").unwrap();
    let told = |is_logged, name: &str| {
        let (disk, clock) = (MemoryDisk::default(), ManualClock::at(START));
        let conf = Conf::new(name).clock(clock).disk(disk).warnings_on_stderr(false);
        let ear = Ear::default();
        let conf = conf.listener(ear.clone()).write_ahead_log(is_logged);
        let conf = conf.replica(replica.address().to_string(), TOKEN);
        let made = || StreamingContext::new(conf, secs(1));
        let ssc = StreamingContext::get_or_create("job", made).unwrap();
        let running = ssc
            .start(|s| {
                s.listen_text_stream("127.0.0.1:0").count().print();
                Ok(())
            })
            .unwrap();
        running.stop(Stop::Graceful).unwrap();
        ear.warnings("a copy of checkpoints alone")
    };
    let sentences = told(false, "not logged");
    assert!(sentences.len() == 1 && sentences[0].contains("set Conf::write_ahead_log"));
    assert!(told(true, "logged").is_empty());
}
