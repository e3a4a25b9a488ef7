//! A running stream over a receiver that does what a test says: each of its starts hands its store
//! to the test, which stores by hand.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver as Inbox, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration as StdDuration, Instant};

use millstream::progress::{BatchReport, Listener, Notice};
use millstream::testing::Collector;
use millstream::{
    BoxError, Conf, Duration, ManualClock, Receiver, Running, Store, StreamingContext, Time, secs,
};

/// Whatever a test waits for and has not seen by then fails it.
pub(crate) const PATIENCE: StdDuration = StdDuration::from_secs(30);

/// How often batches are cut.
pub(crate) const BATCH: Duration = secs(100);

/// What a receiver does, by the number of its start, from 0.
pub(crate) struct Script {
    pub(crate) make: fn(u32),
    pub(crate) start: fn(u32) -> Result<(), BoxError>,
    pub(crate) stop: fn(u32),
}

impl Default for Script {
    fn default() -> Self {
        Script { make: |_| {}, start: |_| Ok(()), stop: |_| {} }
    }
}

/// How often the receivers of a test were made, started, stopped and dropped.
#[derive(Default)]
pub(crate) struct Calls {
    made: AtomicU32,
    started: AtomicU32,
    stopped: AtomicU32,
    dropped: AtomicU32,
}

/// What [`Rig::calls`] gives.
#[derive(Debug, PartialEq)]
pub(crate) struct Counts {
    pub(crate) made: u32,
    pub(crate) started: u32,
    pub(crate) stopped: u32,
    pub(crate) dropped: u32,
}

struct Scripted<T> {
    script: Arc<Script>,
    calls: Arc<Calls>,
    hand: ManualClock,
    starts: Sender<(Time, Store<T>)>,
}

impl<T: Clone + Send + Sync + 'static> Receiver for Scripted<T> {
    type Item = T;

    fn on_start(&mut self, store: Store<T>) -> Result<(), BoxError> {
        let number = self.calls.started.fetch_add(1, Ordering::SeqCst);
        self.starts.send((self.hand.now(), store)).expect("the test listens");
        (self.script.start)(number)
    }

    fn on_stop(&mut self) {
        (self.script.stop)(self.calls.stopped.fetch_add(1, Ordering::SeqCst));
    }
}

impl<T> Drop for Scripted<T> {
    fn drop(&mut self) {
        self.calls.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

/// Remembers everything that the engine says.
#[derive(Clone, Default)]
pub(crate) struct Ear(Arc<Heard>);

#[derive(Default)]
struct Heard {
    notices: Mutex<Vec<Notice>>,
    more: Condvar,
    reports: Mutex<Vec<BatchReport>>,
}

impl Listener for Ear {
    fn batch_completed(&self, report: &BatchReport) {
        self.0.reports.lock().expect("no test panics with it").push(report.clone());
    }

    fn notice(&self, notice: &Notice) {
        self.0.notices.lock().expect("no test panics with it").push(notice.clone());
        self.0.more.notify_all();
    }
}

impl Ear {
    /// Waits for the notice that `is` is true of, the one after `skipped` others of that kind.
    pub(crate) fn wait_for(&self, skipped: usize, is: impl Fn(&Notice) -> bool) -> Notice {
        let until = Instant::now() + PATIENCE;
        let mut heard = self.0.notices.lock().expect("no test panics with it");
        loop {
            if let Some(notice) = heard.iter().filter(|notice| is(notice)).nth(skipped) {
                return notice.clone();
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "waited in vain; heard {heard:?}");
            heard = self.0.more.wait_timeout(heard, left).expect("no test panics with it").0;
        }
    }

    /// Waits for failure `number`, from 0: why, and when it is tried again.
    pub(crate) fn failure(&self, number: usize) -> (String, Duration) {
        match self.wait_for(number, |n| matches!(n, Notice::ReceiverFailed { .. })) {
            Notice::ReceiverFailed { reason, again_after, .. } => (reason, again_after),
            other => unreachable!("{other}"),
        }
    }

    /// Waits for the receiver's own stop: why.
    pub(crate) fn own_stop(&self) -> String {
        match self.wait_for(0, |n| matches!(n, Notice::ReceiverStopped { reason: Some(_), .. })) {
            Notice::ReceiverStopped { reason: Some(reason), .. } => reason,
            other => unreachable!("{other}"),
        }
    }

    /// The warnings so far.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let heard = self.0.notices.lock().expect("no test panics with it");
        let sentences = heard.iter().filter_map(|notice| match notice {
            Notice::Warning { message } => Some(message.clone()),
            _ => None,
        });
        sentences.collect()
    }
}

/// A stream over `N` receivers, unioned.
pub(crate) struct Rig<T = u64> {
    pub(crate) hand: ManualClock,
    pub(crate) running: Running,
    pub(crate) ear: Ear,
    out: Collector<T>,
    calls: Arc<Calls>,
    starts: Inbox<(Time, Store<T>)>,
}

/// The settings of most tests.
pub(crate) fn conf() -> Conf {
    Conf::new("receivers").parallelism(2).warnings_on_stderr(false)
}

impl<T: Clone + Send + Sync + 'static> Rig<T> {
    pub(crate) fn of(script: Script) -> Self {
        Rig::start(conf(), 1, script)
    }

    pub(crate) fn start(conf: Conf, receivers: usize, script: Script) -> Self {
        let (hand, ear, out) = (ManualClock::at(Time::default()), Ear::default(), Collector::new());
        let conf = conf.clock(hand.clone()).listener(ear.clone());
        let ssc = StreamingContext::new(conf, BATCH).expect("the settings are right");
        let (script, calls) = (Arc::new(script), Arc::<Calls>::default());
        let (tell, starts) = channel();
        let collected = out.clone();
        let (counted, clock) = (calls.clone(), hand.clone());
        let make = move || {
            (script.make)(counted.made.fetch_add(1, Ordering::SeqCst));
            let (script, calls) = (script.clone(), counted.clone());
            Scripted { script, calls, hand: clock.clone(), starts: tell.clone() }
        };
        let running = ssc.start(move |s| {
            let streams = (0..receivers).map(|_| s.receiver_stream(make.clone()));
            collected.collect(&s.union(streams));
            Ok(())
        });
        Rig { hand, running: running.expect("it starts"), ear, out, calls, starts }
    }

    /// The store of the next start, and when on the clock that was.
    pub(crate) fn next_start(&self) -> (Time, Store<T>) {
        self.starts.recv_timeout(PATIENCE).expect("the receiver is started")
    }

    /// The store of the next start.
    pub(crate) fn store(&self) -> Store<T> {
        self.next_start().1
    }

    /// Waits for failure `number`, from 0, and moves the clock to where it is tried again.
    pub(crate) fn wait_out(&self, number: usize) {
        let (_, again_after) = self.ear.failure(number);
        self.hand.advance(again_after);
    }

    /// Moves the clock to the next tick and gives what the batch collected.
    pub(crate) fn batch(&self) -> Vec<T> {
        let tick = self.hand.now().floor(BATCH) + BATCH;
        self.hand.advance(tick - self.hand.now());
        self.running.wait_for_batch(tick, secs(30)).expect("the batch ends");
        self.collected()
    }

    /// What was collected since it was asked last.
    pub(crate) fn collected(&self) -> Vec<T> {
        self.out.take().into_iter().flat_map(|(_, records)| records).collect()
    }

    /// The reports of all batches.
    pub(crate) fn reports(&self) -> Vec<BatchReport> {
        self.ear.0.reports.lock().expect("no test panics with it").clone()
    }

    /// How often the receivers were made, started, stopped and dropped so far.
    pub(crate) fn calls(&self) -> Counts {
        let load = |n: &AtomicU32| n.load(Ordering::SeqCst);
        let Calls { made, started, stopped, dropped } = &*self.calls;
        let (made, started, stopped, dropped) =
            (load(made), load(started), load(stopped), load(dropped));
        Counts { made, started, stopped, dropped }
    }
}
