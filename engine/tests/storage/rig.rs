//! A stream with little memory, fed over a socket under a clock that is moved by hand.

use std::io::Write;
use std::net::TcpStream;
use std::thread::{self, JoinHandle};
use std::time::{Duration as StdDuration, Instant};

use millstream::progress::BatchReport;
use millstream::{
    BoxError, Conf, ManualClock, Running, Scope, Stop, Stopped, StorageLevel, StreamingContext,
    Time, millis, secs,
};

use crate::ear::Ear;

/// Whatever takes longer hangs.
pub(crate) const PATIENCE: StdDuration = StdDuration::from_secs(20);

/// How often a test looks whether what it waits for has come, beside being told.
const LOOK: StdDuration = StdDuration::from_millis(1);

/// How often batches are cut: so long that the first may take in several times the memory.
pub(crate) const BATCH: millstream::Duration = secs(10);

/// Six slabs, and the part for unfinished lines.
pub(crate) const MEMORY_BYTES: u64 = 8 << 20;

/// Where blocks go that are moved to disk, on disks in memory.
pub(crate) const SPILL: &str = "/spill";

/// Every line has so many bytes.
pub(crate) const LINE_BYTES: u64 = 64;

pub(crate) fn conf(level: StorageLevel) -> Conf {
    Conf::new("storage")
        .parallelism(2)
        .memory_bytes(MEMORY_BYTES)
        .max_line_bytes(100)
        .storage_level(level)
        .spill_directory(SPILL)
        .warnings_on_stderr(false)
}

/// A stream while it runs.
pub(crate) struct Rig {
    pub(crate) clock: ManualClock,
    pub(crate) running: Running,
    pub(crate) ear: Ear,
    fed: u64,
    connections: usize,
}

impl Rig {
    pub(crate) fn start(
        conf: Conf,
        setup: impl for<'b> Fn(&Scope<'b>) -> Result<(), BoxError> + Send + Sync + 'static,
    ) -> Rig {
        Rig::keeping(None, conf, setup)
    }

    /// With a directory for checkpoints, where there is one.
    pub(crate) fn keeping(
        directory: Option<&str>,
        conf: Conf,
        setup: impl for<'b> Fn(&Scope<'b>) -> Result<(), BoxError> + Send + Sync + 'static,
    ) -> Rig {
        let (clock, ear) = (ManualClock::at(Time::default()), Ear::default());
        let conf = conf.clock(clock.clone()).listener(ear.clone());
        let made = || StreamingContext::new(conf, BATCH);
        let ssc = match directory {
            None => made(),
            Some(directory) => StreamingContext::get_or_create(directory, made),
        };
        let running = ssc.unwrap().start(setup).unwrap();
        Rig { clock, running, ear, fed: 0, connections: 0 }
    }

    /// Begins to send so many numbered lines, over a connection of their own, as quickly as they are taken.
    pub(crate) fn send(&mut self, lines: u64) -> JoinHandle<()> {
        let numbers = self.fed..self.fed + lines;
        self.fed = numbers.end;
        self.connections += 1;
        let to = self.running.listening()[0];
        thread::spawn(move || {
            let mut stream = TcpStream::connect(to).unwrap();
            stream.set_write_timeout(Some(PATIENCE)).unwrap();
            let text: String = numbers.map(line).collect();
            stream.write_all(text.as_bytes()).unwrap();
        })
    }

    /// Sends so many lines, and waits until all of them are stored.
    pub(crate) fn feed(&mut self, lines: u64) {
        self.send(lines).join().unwrap();
        self.all_is_stored();
    }

    /// Sends `bytes`, and waits until they are read.
    pub(crate) fn feed_bytes(&mut self, bytes: &[u8]) {
        let mut stream = TcpStream::connect(self.running.listening()[0]).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(bytes).unwrap();
        drop(stream);
        self.connections += 1;
        self.wait("the ends of all connections", || self.ear.disconnected() == self.connections);
    }

    /// Waits until what was sent is read, and closes its blocks.
    pub(crate) fn all_is_stored(&self) {
        self.wait("the ends of all connections", || self.ear.disconnected() == self.connections);
        self.clock.advance(millis(200));
        let fed = self.fed * LINE_BYTES;
        self.wait("all to be stored", || self.running.received_bytes() == fed);
    }

    /// Lets the next batch run, and gives its report.
    pub(crate) fn batch(&self) -> BatchReport {
        let now = self.clock.now();
        let time = now.floor(BATCH) + BATCH;
        self.clock.advance(time - now);
        self.running.wait_for_batch(time, secs(20)).unwrap();
        self.ear.report(time)
    }

    pub(crate) fn stop(self) -> Stopped {
        self.running.stop(Stop::Now).unwrap()
    }

    pub(crate) fn wait(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let until = Instant::now() + PATIENCE;
        while !is_so() {
            let (received, said) = (self.running.received_bytes(), self.ear.warnings(""));
            assert!(Instant::now() < until, "waited in vain for {what}: {received} {said:?}");
            self.ear.listen(LOOK);
        }
    }
}

/// A line that is a number and padding.
fn line(number: u64) -> String {
    format!("{number:<63}\n")
}

/// The number of a line.
pub(crate) fn number(line: &str) -> u64 {
    line.trim_end().parse().unwrap()
}

/// The sum of the numbers below.
pub(crate) fn sum_below(lines: u64) -> u64 {
    lines * (lines - 1) / 2
}
