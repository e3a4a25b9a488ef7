//! What an output by `for_each_rdd` is given of a batch that runs again.

use millstream::disk::{MemoryDisk, Names};
use millstream::testing::Collector;
use millstream::{ManualClock, Queue, Running, Stop, StreamingContext, Time, secs};

use crate::job::{DIRECTORY, conf};

const START: Time = Time::from_millis(1_000_000);

/// The partitions of each batch, by its time.
type Given = Collector<Vec<Vec<u64>>>;

fn start(disk: &MemoryDisk, clock: &ManualClock, queue: &Queue<u64>) -> (Running, Given) {
    let (given, queue) = (Given::new(), queue.clone());
    let made = || StreamingContext::new(conf(disk, clock).parallelism(3), secs(1));
    let ssc = StreamingContext::get_or_create(DIRECTORY, made).unwrap();
    let collected = given.clone();
    let running = ssc.start(move |s| {
        let collected = collected.clone();
        let numbers = s.recoverable_queue_stream(&queue).repartition(3);
        numbers.for_each_rdd(move |rdd, time| collected.push(time, vec![rdd.glom()]));
        Ok(())
    });
    (running.unwrap(), given)
}

#[test]
fn it_is_the_same_time_with_the_same_records_in_the_same_partitions() {
    let (disk, clock, queue) = (MemoryDisk::default(), ManualClock::at(START), Queue::new());
    let (running, given) = start(&disk, &clock, &queue);
    queue.push((0..20).collect());
    clock.advance(secs(1));
    running.wait_for_batch(clock.now(), secs(10)).unwrap();
    let first = given.take();
    // That it is done is not synced before something else is.
    let died = disk.after_power_failure(Names::Lost);
    running.stop(Stop::Now).unwrap();

    let (running, given) = start(&died, &clock, &queue);
    running.stop(Stop::Now).unwrap();
    let again = given.take();
    assert_eq!((first.len(), first[0].1[0].len()), (1, 3));
    assert_eq!(again, first);
}
