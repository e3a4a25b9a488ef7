//! At each acknowledgement, whatever has become of the link: both copies hold the line, though the power of both
//! machines fails just then.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::TcpStream;
use std::time::{Duration as StdDuration, Instant};

use millstream::disk::MemoryDisk;
use millstream::testing::Collector;
use millstream::{ManualClock, Stop, StreamingContext, millis, secs};

use crate::job::{DIRECTORY, PATIENCE};
use crate::pair::{COPY, Pair, START, durable, mirrored};
use crate::patience::each_of;
use crate::proxy::Proxy;
use crate::seed::Random;

const LINES: u64 = 40;

/// Looked for so often while the job has something to do.
const LOOK: StdDuration = StdDuration::from_millis(2);

fn line(number: u64) -> String {
    format!("line {number:05} of the sender\n")
}

/// Every line below `acknowledged` is in the log of a copy, when all that was not synced is gone.
fn holds(disk: &MemoryDisk, directory: &str, acknowledged: u64) {
    let left = disk.after_power_failure_where(|_| false);
    let logs = durable(&left, directory).into_iter().filter(|(path, _)| path.starts_with("blocks"));
    let logged: Vec<u8> = logs.flat_map(|(_, bytes)| bytes).collect();
    for number in 0..acknowledged {
        let line = line(number);
        let is_there = memchr::memmem::find(&logged, line.as_bytes()).is_some();
        assert!(is_there, "{line:?} is acknowledged, and not in {directory}");
    }
}

#[test]
fn both_copies_hold_what_is_acknowledged() {
    each_of((0..16).collect(), |&seed: &u64| {
        let mut random = Random::new(seed);
        let pair = Pair::new();
        let proxy = Proxy::to(pair.replica.address());
        let clock = ManualClock::at(START);
        // What is in a checkpoint leaves the log.
        let conf = mirrored(&pair.here, &clock, proxy.address).checkpoint_interval(secs(1000));
        let made = || StreamingContext::new(conf, secs(1));
        let ssc = StreamingContext::get_or_create(DIRECTORY, made).expect("the disks work");
        let out = Collector::new();
        let collected = out.clone();
        let running = ssc
            .start(move |s| {
                collected.collect(&s.acknowledged_text_stream("127.0.0.1:0").map(str::to_owned));
                Ok(())
            })
            .expect("it starts");

        let mut sender = TcpStream::connect(running.listening()[0]).expect("it listens");
        let mut heard = BufReader::new(sender.try_clone().expect("it can be copied"));
        let (mut sent, mut acknowledged, mut answer) = (0, 0, String::new());
        let until = Instant::now() + PATIENCE;
        sender.set_read_timeout(Some(PATIENCE)).expect("it can be set");
        writeln!(sender, "MILLSTREAM 1 s").expect("it is read");
        heard.read_line(&mut answer).expect("it answers");
        assert_eq!(std::mem::take(&mut answer), "RESUME 0\n");
        sender.set_read_timeout(Some(LOOK)).expect("it can be set");
        while acknowledged < LINES {
            assert!(Instant::now() < until, "{acknowledged} of {sent} are acknowledged");
            if sent < LINES && sent - acknowledged < 10 {
                proxy.cut_after(random.below(1500) as u64);
                for _ in 0..=random.below(5).min((LINES - sent - 1) as usize) {
                    sender.write_all(line(sent).as_bytes()).expect("it is read");
                    sent += 1;
                }
            }
            clock.advance(millis(200));
            match heard.read_line(&mut answer) {
                Ok(_) => {
                    if let Some(number) = answer.trim().strip_prefix("ACK ") {
                        acknowledged = number.parse().expect("a number");
                        holds(&pair.here, DIRECTORY, acknowledged);
                        holds(&pair.there, COPY, acknowledged);
                    }
                    answer.clear();
                }
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(e) => panic!("{e}"),
            }
        }
        assert!(proxy.cuts() > 0);
        running.stop(Stop::Now).expect("a test's thread may stop it");
    });
}
