//! The job: two sources, a state, two windows, and two outputs to files; and a life of it, in which it is
//! fed, under a clock that is moved by hand.

use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration as StdDuration, Instant};

use millstream::disk::MemoryDisk;
use millstream::progress::BatchReport;
use millstream::{
    BoxError, Conf, ManualClock, Queue, Result, Running, Scope, Stop, Stopped, StreamingContext,
    Time, Window, millis, secs,
};

use crate::ear::Ear;

/// Whatever takes longer hangs.
pub(crate) const PATIENCE: StdDuration = StdDuration::from_secs(5);

/// Where the job has its durable files.
pub(crate) const DIRECTORY: &str = "/job";

/// How far back windows look.
pub(crate) const WINDOW: millstream::Duration = secs(3);

/// Every line has so many bytes.
const LINE_BYTES: u64 = 14;

/// What the job says when it waits for room.
pub(crate) const HELD_BACK: &str = "senders are held back";

/// How often a test looks whether what it waits for has come, beside being told.
const LOOK: StdDuration = StdDuration::from_millis(1);

/// A record: its key, and a number that no other has.
pub(crate) type Record = (u64, u64);

/// Where records come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Source {
    Socket = 1,
    Queue = 2,
}

/// The `n`th record that a source is fed in a life of the job. The number says all three.
pub(crate) fn record(source: Source, life: u64, n: u64) -> Record {
    let id = source as u64 * 10_000_000 + life * 10_000 + n;
    (n % 5, id)
}

/// Which source, life and record a number is of.
pub(crate) fn origin(id: u64) -> (Source, u64, u64) {
    let source = if id / 10_000_000 == 1 { Source::Socket } else { Source::Queue };
    (source, id / 10_000 % 1000, id % 10_000)
}

/// The settings of the job.
pub(crate) fn conf(disk: &MemoryDisk, clock: &ManualClock) -> Conf {
    Conf::new("counts")
        .disk(disk.clone())
        .clock(clock.clone())
        .parallelism(1)
        .max_line_bytes(100)
        .memory_bytes(64 << 20)
        .write_ahead_log(true)
        .checkpoint_interval(secs(2))
        .graceful_stop_timeout(secs(20))
        .warnings_on_stderr(false)
}

/// What the job computes: `records` has each batch's, `results` the state of each key and the windows.
pub(crate) fn described(s: &Scope<'_>, queue: &Queue<Record>) -> Result<(), BoxError> {
    let lines = s.listen_text_stream("127.0.0.1:0").map(|line| {
        let (key, id) = line.split_once(' ').expect("every line has a key and a number");
        (key.parse().expect("it is a number"), id.trim().parse().expect("it is a number"))
    });
    let records = lines.union(&s.recoverable_queue_stream(queue));
    records.save_as_text_files("out/records", "");
    let counts = records.map(|(key, id)| (key, (1, id)));
    let totals = counts.update_state_by_key(|new: &[(u64, u64)], old: Option<(u64, u64)>| {
        Some(new.iter().fold(old.unwrap_or_default(), |sum, each| added(sum, *each)))
    });
    let totals = totals.map(|(key, &(count, sum))| ("total", key, count, sum));
    let window = Window::every_batch(WINDOW);
    let slid = counts.reduce_by_key_and_window(added, window);
    let slid = slid.map(|(key, (count, sum))| ("window", key, count, sum));
    let raw = records.window(window).map(|(key, id)| ("raw", key, 1, id));
    totals.union(&slid).union(&raw).save_as_text_files("out/results", "");
    Ok(())
}

pub(crate) fn added(a: (u64, u64), b: (u64, u64)) -> (u64, u64) {
    (a.0 + b.0, a.1 + b.1)
}

/// The job while it runs.
pub(crate) struct Life {
    pub(crate) clock: ManualClock,
    pub(crate) running: Running,
    pub(crate) ear: Ear,
    queue: Queue<Record>,
    number: u64,
    fed: Fed,
    /// What had been received before anything was fed.
    received_before: u64,
    /// Nobody will make room, so there is nothing to wait for where it lacks.
    pub(crate) leaves_when_held: bool,
}

/// How many records each source was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Hash)]
pub(crate) struct Fed {
    pub(crate) socket: u64,
    pub(crate) queue: u64,
}

/// How the wait for a batch has ended.
#[derive(Debug, PartialEq)]
pub(crate) enum Waited {
    Done,
    /// The stream has ended, or an output has failed, with this sentence.
    Failed(String),
    /// The engine has said that it waits for room.
    Held,
}

impl Life {
    /// Starts the job, for the `number`th time, at what the clock shows.
    pub(crate) fn start(disk: &MemoryDisk, clock: ManualClock, number: u64) -> Result<Life> {
        Life::with(conf(disk, &clock), clock, number)
    }

    pub(crate) fn with(conf: Conf, clock: ManualClock, number: u64) -> Result<Life> {
        let (queue, ear) = (Queue::new(), Ear::default());
        let conf = conf.listener(ear.clone());
        let ssc =
            StreamingContext::get_or_create(DIRECTORY, || StreamingContext::new(conf, secs(1)))?;
        let items = queue.clone();
        let running = ssc.start(move |s| described(s, &items))?;
        let received_before = running.received_bytes();
        Ok(Life {
            clock,
            running,
            ear,
            queue,
            number,
            fed: Fed::default(),
            received_before,
            leaves_when_held: false,
        })
    }

    /// Feeds the next records, which are all in when this returns. Where the job does not listen any more,
    /// they never are.
    pub(crate) fn feed(&mut self, lines: u64, items: u64) {
        let ended = self.ear.disconnected() + usize::from(lines > 0);
        if self.feed_unheard(lines, items) {
            self.wait("the end of a connection", || {
                (self.ear.disconnected() >= ended || self.failed().is_some()).then_some(())
            });
        }
    }

    /// Feeds the next records, and does not wait for them. Says whether the job has listened.
    pub(crate) fn feed_unheard(&mut self, lines: u64, items: u64) -> bool {
        let number = self.number;
        let next = |source, from, n| (from..from + n).map(move |n| record(source, number, n));
        self.queue.push(next(Source::Queue, self.fed.queue, items).collect());
        self.fed.queue += items;
        if lines == 0 {
            return true;
        }
        let text: String = next(Source::Socket, self.fed.socket, lines).map(line).collect();
        self.fed.socket += lines;
        send(self.running.listening()[0], &text).is_ok()
    }

    /// Lets the next batch run, feeding it first, and waits for it.
    pub(crate) fn batch(&mut self, lines: u64, items: u64) -> Waited {
        self.feed(lines, items);
        self.clock.advance(secs(1));
        self.wait_for_batch(self.clock.now())
    }

    /// Waits for a batch, or until it is known that it will not come.
    pub(crate) fn wait_for_batch(&self, time: Time) -> Waited {
        self.wait("a batch", || {
            if self.is_done(time) {
                return Some(Waited::Done);
            }
            let is_held = self.leaves_when_held && !self.ear.warnings(HELD_BACK).is_empty();
            self.failed().map(Waited::Failed).or(is_held.then_some(Waited::Held))
        })
    }

    /// Whether the batch at `time` was reported, and without an error.
    fn is_done(&self, time: Time) -> bool {
        self.ear.so_far(|heard| heard.report(time).is_some_and(BatchReport::succeeded))
    }

    /// The first failure, if there was one.
    pub(crate) fn failed(&self) -> Option<String> {
        let ended = self.running.await_termination_or_timeout(millis(0));
        ended.err().map(|error| error.to_string())
    }

    /// What was fed.
    pub(crate) fn fed(&self) -> Fed {
        self.fed
    }

    /// How many lines count as received.
    pub(crate) fn received(&self) -> u64 {
        let bytes = self.running.received_bytes() - self.received_before;
        assert_eq!(bytes % LINE_BYTES, 0, "whole lines are received");
        bytes / LINE_BYTES
    }

    /// Stops the job; the last thing that it says is how.
    pub(crate) fn stop(&self, how: Stop) -> Stopped {
        self.running.stop(how).expect("a test's thread may stop it")
    }

    /// Waits until something is so.
    pub(crate) fn wait_until(&self, what: &str, is_so: impl Fn(&Life) -> bool) {
        self.wait(what, || is_so(self).then_some(()));
    }

    fn wait<R>(&self, what: &str, mut look: impl FnMut() -> Option<R>) -> R {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(
                Instant::now() < until,
                "waited in vain for {what}: {:?}",
                self.ear.warnings("")
            );
            self.ear.listen(LOOK);
        }
    }
}

fn line((key, id): Record) -> String {
    let line = format!("{key} {id:>11}\n");
    assert_eq!(line.len() as u64, LINE_BYTES);
    line
}

/// Sends text over a connection of its own, and closes that.
fn send(to: SocketAddr, text: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect(to)?;
    stream.write_all(text.as_bytes())?;
    stream.shutdown(Shutdown::Both)
}
