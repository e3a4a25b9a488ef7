//! What listeners hear, and that none of them can end the stream.

use std::sync::{Arc, Mutex};

use millstream::progress::{BatchReport, Listener, Notice};
use millstream::{Conf, ManualClock, Stop, StreamingContext, Time, secs};

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<i64>>>);

impl Listener for Heard {
    fn batch_completed(&self, report: &BatchReport) {
        self.0.lock().unwrap().push(report.batch_time_ms);
    }
}

struct Panics;

impl Listener for Panics {
    fn batch_completed(&self, _: &BatchReport) {
        panic!("a listener of a user's");
    }

    fn notice(&self, _: &Notice) {
        panic!("a listener of a user's");
    }
}

#[test]
fn a_listener_that_panics_ends_neither_the_stream_nor_what_others_hear() {
    let (clock, heard) = (ManualClock::at(Time::default()), Heard::default());
    let conf = Conf::new("listeners").clock(clock.clone()).listener(Panics).listener(heard.clone());
    let ssc = StreamingContext::new(conf, secs(1)).unwrap();
    let running = ssc
        .start(|s| {
            s.queue_stream([vec![1]]).for_each_rdd(|rdd, _| {
                rdd.count();
            });
            // It has something to notice.
            s.listen_text_stream("127.0.0.1:0").for_each_rdd(|_, _| {});
            Ok(())
        })
        .unwrap();
    for _ in 0..3 {
        clock.advance(secs(1));
        running.wait_for_batch(clock.now(), secs(30)).unwrap();
    }
    assert!(running.stop(Stop::Graceful).unwrap().drained);
    assert_eq!(*heard.0.lock().unwrap(), [1000, 2000, 3000]);
}
