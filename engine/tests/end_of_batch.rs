//! A batch ends in two phases, whatever happens in it: no value that borrows from a block is ever
//! dropped after the block.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use millstream::{Conf, ManualClock, Queue, Running, Scope, Stop, StreamingContext, Time, secs};

/// What a block is filled with here; a block that was freed or used again holds something else.
const FILLING: u8 = b'x';

static DROPPED_TOO_LATE: AtomicBool = AtomicBool::new(false);

/// A record that looks at what it borrows when it is dropped.
#[derive(Clone)]
struct Peek<'b>(&'b str);

impl Drop for Peek<'_> {
    fn drop(&mut self) {
        if self.0.bytes().any(|byte| byte != FILLING) {
            DROPPED_TOO_LATE.store(true, Ordering::SeqCst);
        }
    }
}

/// An error whose `Display` panics.
#[derive(Debug)]
struct Unspeakable;

impl fmt::Display for Unspeakable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("no words")
    }
}

impl std::error::Error for Unspeakable {}

/// A panic payload whose `Drop` panics.
struct Sticky;

impl Drop for Sticky {
    fn drop(&mut self) {
        panic!("dropped")
    }
}

fn start(
    setup: impl for<'b> Fn(&Scope<'b>, &Queue<String>) + Send + Sync + 'static,
) -> (Running, ManualClock) {
    let clock = ManualClock::at(Time::default());
    let conf =
        Conf::new("end of batch").parallelism(2).clock(clock.clone()).warnings_on_stderr(false);
    let texts = Queue::new();
    for _ in 0..3 {
        texts.push(vec![String::from_utf8(vec![FILLING; 100_000]).unwrap()]);
    }
    let ssc = StreamingContext::new(conf, secs(1)).unwrap();
    let running = ssc
        .start(move |s| {
            setup(s, &texts);
            Ok(())
        })
        .unwrap();
    (running, clock)
}

fn batch(running: &Running, clock: &ManualClock) {
    clock.advance(secs(1));
    running.wait_for_batch(clock.now(), secs(30)).unwrap();
}

#[test]
fn stopping_in_the_middle_of_a_batch_ends_it_in_order() {
    let (tell, told) = channel();
    let tell = Arc::new(Mutex::new(tell));
    let go_on = Arc::new(AtomicBool::new(false));
    let held = go_on.clone();
    let (running, clock) = start(move |s, texts| {
        let pairs = s.queue_text_stream(texts).map(|l| (l.len(), Peek(l))).reduce_by_key(|a, _| a);
        pairs.for_each_rdd(|rdd, _| assert_eq!(rdd.count(), 1));
        let (tell, held) = (tell.clone(), held.clone());
        s.queue_stream([vec![1]]).for_each_rdd(move |_, _| {
            tell.lock().unwrap().send(()).unwrap();
            while !held.load(Ordering::SeqCst) {
                std::thread::yield_now();
            }
        });
        // Nobody reads these lines, so they are counted after the outputs, when the stop is already
        // ordered.
        s.queue_text_stream([vec!["never read\n".to_string()]]).for_each_rdd(|_, _| {});
    });
    clock.advance(secs(1));
    told.recv().unwrap();
    let stopping = std::thread::spawn(move || running.stop(Stop::Now));
    go_on.store(true, Ordering::SeqCst);
    stopping.join().unwrap().unwrap();
    assert!(!DROPPED_TOO_LATE.load(Ordering::SeqCst));
}

#[test]
fn an_error_that_panics_when_it_is_written_fails_its_batch_and_no_more() {
    let (running, clock) = start(|s, texts| {
        let pairs = s.queue_text_stream(texts).map(|l| (l.len(), Peek(l))).reduce_by_key(|a, _| a);
        pairs.try_for_each_rdd(|rdd, _| {
            assert_eq!(rdd.count(), 1);
            Err(Box::new(Unspeakable))
        });
    });
    batch(&running, &clock);
    batch(&running, &clock);
    assert!(running.await_termination().unwrap_err().to_string().contains("no words"));
    assert!(!DROPPED_TOO_LATE.load(Ordering::SeqCst));
}

#[test]
fn a_panic_whose_payload_panics_fails_its_batch_and_no_more() {
    let (running, clock) = start(|s, texts| {
        let pairs = s.queue_text_stream(texts).map(|l| (l.len(), Peek(l))).reduce_by_key(|a, _| a);
        pairs.for_each_rdd(|rdd, _| {
            assert_eq!(rdd.count(), 1);
            std::panic::panic_any(Sticky);
        });
    });
    batch(&running, &clock);
    batch(&running, &clock);
    assert!(
        running.await_termination().unwrap_err().to_string().contains("payload's Drop panicked")
    );
    assert!(!DROPPED_TOO_LATE.load(Ordering::SeqCst));
}

#[test]
fn records_that_are_persisted_for_a_batch_are_dropped_before_their_blocks() {
    let (running, clock) = start(|s, texts| {
        let kept = s.queue_text_stream(texts).map(|l| (l.len(), Peek(l))).reduce_by_key(|a, _| a);
        kept.map(|(n, peek)| (n, peek)).reduce_by_key(|a, _| a).for_each_rdd(|rdd, _| {
            std::mem::forget(rdd.collect());
        });
        kept.for_each_rdd(|rdd, _| assert_eq!(rdd.collect().len(), 1));
    });
    for _ in 0..3 {
        batch(&running, &clock);
    }
    assert!(running.stop(Stop::Graceful).unwrap().drained);
    assert!(!DROPPED_TOO_LATE.load(Ordering::SeqCst));
}
