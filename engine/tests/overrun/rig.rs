//! A stream whose batches end when a test lets them, under a clock that it moves by hand.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration as StdDuration, Instant};

use millstream::progress::BatchReport;
use millstream::{
    BoxError, Conf, Duration, ManualClock, Overrun, Running, Scope, Stop, StreamingContext, Time,
    millis, secs,
};

use crate::ear::Ear;

/// Whatever a test waits for and has not seen by then fails it.
const PATIENCE: StdDuration = StdDuration::from_secs(30);

/// How often it is looked whether something has come.
const LOOK: StdDuration = StdDuration::from_millis(1);

/// How often batches are cut.
pub(crate) const BATCH: Duration = secs(1);

/// How often blocks close.
pub(crate) const BLOCK: Duration = millis(200);

/// Where each batch stops until it may go on.
pub(crate) struct Gate {
    entered: Mutex<Sender<Time>>,
    open: Mutex<Receiver<()>>,
}

impl Gate {
    /// Called by a batch. Once the test has gone, nobody waits any more.
    pub(crate) fn pass(&self, time: Time) {
        let told = self.entered.lock().unwrap().send(time).is_ok();
        if told {
            self.open.lock().unwrap().recv().unwrap_or_default();
        }
    }
}

pub(crate) struct Rig {
    pub(crate) hand: ManualClock,
    pub(crate) running: Running,
    ear: Ear,
    entered: Receiver<Time>,
    open: Sender<()>,
}

/// The settings of a test.
pub(crate) fn conf(policy: Overrun) -> Conf {
    let conf = Conf::new("overrun").parallelism(2).block_interval(BLOCK).overrun(policy);
    conf.warnings_on_stderr(false)
}

pub(crate) fn at(seconds: i64) -> Time {
    Time::from_millis(seconds * 1000)
}

impl Rig {
    /// Starts what `setup` describes at time zero.
    pub(crate) fn start(
        conf: Conf,
        setup: impl for<'b> Fn(&Scope<'b>, &Arc<Gate>) -> Result<(), BoxError> + Send + Sync + 'static,
    ) -> Self {
        let (hand, ear) = (ManualClock::at(at(0)), Ear::default());
        let ((tell, entered), (open, opens)) = (channel(), channel());
        let gate = Arc::new(Gate { entered: Mutex::new(tell), open: Mutex::new(opens) });
        let conf = conf.clock(hand.clone()).listener(ear.clone());
        let ssc = StreamingContext::new(conf, BATCH).unwrap();
        let running = ssc.start(move |s| setup(s, &gate)).unwrap();
        Rig { hand, running, ear, entered, open }
    }

    /// Waits until a batch is at the gate, moving the clock on meanwhile where none is due; its time.
    pub(crate) fn next_batch(&self) -> Time {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.entered.recv_timeout(LOOK) {
                Ok(time) => return time,
                Err(RecvTimeoutError::Timeout) => self.hand.advance(BLOCK),
                Err(RecvTimeoutError::Disconnected) => panic!("the stream has ended"),
            }
            assert!(Instant::now() < until, "waited in vain for a batch");
        }
    }

    /// Waits until the batch at `time` is at the gate, which must be the next one, though the clock stands.
    pub(crate) fn batch_at(&self, time: Time) {
        assert_eq!(self.entered.recv_timeout(PATIENCE), Ok(time));
    }

    /// Lets the batch at the gate go on.
    pub(crate) fn open(&self) {
        self.open.send(()).unwrap();
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.running.listening()[0]
    }

    /// Sends text over a connection of its own, which is read sooner or later: a receiver is held back while
    /// batches are late.
    pub(crate) fn send(&self, text: &str) {
        TcpStream::connect(self.address()).unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// The same, and waits until it has been read.
    pub(crate) fn send_and_wait(&self, text: &str) {
        let ends = self.ear.disconnected();
        self.send(text);
        self.ear.wait_for_ends(ends + 1);
    }

    /// Moves the clock on by `blocks` blocks, one by one, and gives the receiver a moment after each to close
    /// what it has open.
    pub(crate) fn close_blocks(&self, blocks: u64) {
        for _ in 0..blocks {
            std::thread::sleep(LOOK);
            self.hand.advance(BLOCK);
        }
    }

    /// Waits until the batch at `time` is over.
    pub(crate) fn wait_for(&self, time: Time) {
        self.running.wait_for_batch(time, secs(30)).unwrap();
    }

    pub(crate) fn warnings(&self) -> Vec<String> {
        self.ear.warnings("")
    }

    /// The batches so far, in seconds, and what each stands for.
    pub(crate) fn batches(&self) -> Vec<(i64, u64)> {
        let reports = self.ear.reports();
        reports.iter().map(|r| (r.batch_time_ms / 1000, r.covers_batches)).collect()
    }

    /// Lets all go on, stops when everything is done, and gives the reports.
    pub(crate) fn end(self) -> Vec<BatchReport> {
        drop((self.entered, self.open));
        assert!(self.running.stop(Stop::Graceful).unwrap().drained);
        self.ear.reports()
    }
}
