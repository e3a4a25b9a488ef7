//! A stream that dies and is gone on with, on a disk in memory.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration as StdDuration, Instant};

use millstream::disk::{Disk, MemoryDisk, Names};
use millstream::testing::Collector;
use millstream::{Conf, ManualClock, Running, Stop, StreamingContext, Time, secs};

type Counts = Collector<(String, u64)>;

fn start(disk: &MemoryDisk, clock: &ManualClock, counts: &Counts) -> Running {
    let conf = Conf::new("counts")
        .disk(disk.clone())
        .clock(clock.clone())
        .parallelism(2)
        .write_ahead_log(true)
        .checkpoint_interval(secs(3))
        .warnings_on_stderr(false);
    let ssc =
        StreamingContext::get_or_create("/job", || StreamingContext::new(conf, secs(1))).unwrap();
    let counts = counts.clone();
    ssc.start(move |s| {
        let words = s.listen_text_stream("127.0.0.1:0").words();
        let totals = words.map(|word| (word, 1u64)).update_state_by_key(|new, old: Option<u64>| {
            Some(old.unwrap_or_default() + new.iter().sum::<u64>())
        });
        counts.collect(&totals.map(|(word, n)| (word.to_owned(), *n)));
        Ok(())
    })
    .unwrap()
}

fn send(running: &Running, text: &str) {
    let before = running.received_bytes();
    let mut stream = TcpStream::connect(running.listening()[0]).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    drop(stream);
    let deadline = Instant::now() + StdDuration::from_secs(10);
    let _ = (before, deadline);
}

#[test]
fn what_was_received_is_counted_once_though_the_process_dies_before_its_batch() {
    let (disk, clock) = (MemoryDisk::default(), ManualClock::at(Time::from_millis(10_000)));
    let counts = Counts::new();
    let running = start(&disk, &clock, &counts);
    send(&running, "to be\n");
    let mut expected = 0;
    for _ in 0..50 {
        clock.advance(secs(1));
        running.wait_for_batch(clock.now(), secs(10)).unwrap();
        expected = counts.take().last().map_or(0, |(_, batch)| batch.len());
        if expected == 2 {
            break;
        }
        std::thread::yield_now();
    }
    assert_eq!(expected, 2);
    // The process dies: nothing but what is on the disk is left.
    let left = disk.after_power_failure(Names::Lost);
    running.stop(Stop::Now).unwrap();
    drop(running);

    let again = Counts::new();
    let running = start(&left, &clock, &again);
    clock.advance(secs(1));
    running.wait_for_batch(clock.now(), secs(10)).unwrap();
    let mut batch = again.take().pop().unwrap().1;
    batch.sort();
    assert_eq!(batch, [("be".to_string(), 1), ("to".to_string(), 1)]);
    running.stop(Stop::Graceful).unwrap();
    assert!(left.list("/job".as_ref()).unwrap().len() >= 4);
}
