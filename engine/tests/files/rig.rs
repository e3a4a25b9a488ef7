//! A running stream over files, in a test's hands.

use std::path::Path;
use std::sync::{Arc, Mutex};

use millstream::disk::{Disk, MemoryDisk};
use millstream::progress::{BatchReport, Listener};
use millstream::testing::Collector;
use millstream::{
    BoxError, Conf, DStream, Duration, ManualClock, Result, Running, Scope, Stop, Stopped,
    StreamingContext, Time, secs,
};

/// A batch that takes longer than this fails its test.
const PATIENCE: Duration = secs(30);

/// How often batches are cut.
pub(crate) const BATCH: Duration = secs(1);

/// When the clock starts.
pub(crate) const START: Time = Time::from_millis(1_000_000);

/// `n` batches after the start.
pub(crate) fn batch(n: i64) -> Time {
    START + BATCH * n
}

/// A running stream.
pub(crate) struct Rig {
    pub(crate) running: Running,
    clock: ManualClock,
    reports: Reports,
}

#[derive(Clone, Default)]
struct Reports(Arc<Mutex<Vec<BatchReport>>>);

impl Listener for Reports {
    fn batch_completed(&self, report: &BatchReport) {
        self.0.lock().expect("no test panics with it").push(report.clone());
    }
}

/// The settings of most tests.
pub(crate) fn conf(disk: &MemoryDisk) -> Conf {
    Conf::new("files").parallelism(2).disk(disk.clone())
}

impl Rig {
    pub(crate) fn start(
        conf: Conf,
        setup: impl for<'b> Fn(&Scope<'b>) -> Result<(), BoxError> + Send + Sync + 'static,
    ) -> Result<Rig> {
        let (clock, reports) = (ManualClock::at(START), Reports::default());
        let conf = conf.clock(clock.clone()).warnings_on_stderr(false).listener(reports.clone());
        let running = StreamingContext::new(conf, BATCH)?.start(setup)?;
        Ok(Rig { running, clock, reports })
    }

    /// Lets the time of the next batch come.
    pub(crate) fn tick(&self) {
        self.clock.advance(BATCH);
    }

    /// Runs the next batch and gives its report.
    pub(crate) fn batch(&self) -> BatchReport {
        self.tick();
        self.running.wait_for_batch(self.clock.now(), PATIENCE).expect("the batch ends");
        self.reports.0.lock().expect("no test panics with it").pop().expect("it was reported")
    }

    pub(crate) fn stop(self) -> Stopped {
        self.running.stop(Stop::Graceful).expect("the test's thread may stop it")
    }

    /// What `await_termination` would return now, if it is an error.
    pub(crate) fn error(&self) -> Option<String> {
        let ended = self.running.await_termination_or_timeout(Duration::ZERO);
        ended.err().map(|e| e.to_string())
    }
}

/// A stream of lines, batch by batch.
pub(crate) struct Lines {
    pub(crate) rig: Rig,
    out: Collector<String>,
    last: Mutex<Option<BatchReport>>,
}

impl Lines {
    /// Starts a stream of the lines of files on `disk`.
    pub(crate) fn of(
        disk: &MemoryDisk,
        files: impl for<'b> Fn(&Scope<'b>) -> DStream<'b, millstream::Lines> + Send + Sync + 'static,
    ) -> Lines {
        Lines::with(conf(disk), files)
    }

    pub(crate) fn with(
        conf: Conf,
        files: impl for<'b> Fn(&Scope<'b>) -> DStream<'b, millstream::Lines> + Send + Sync + 'static,
    ) -> Lines {
        let out = Collector::new();
        let collected = out.clone();
        let setup = move |s: &Scope<'_>| {
            out.collect(&files(s).map(str::to_owned));
            Ok(())
        };
        let rig = Rig::start(conf, setup).expect("it starts");
        Lines { rig, out: collected, last: Mutex::default() }
    }

    /// Runs the next batch and gives its lines.
    pub(crate) fn next(&self) -> Vec<String> {
        *self.last.lock().expect("no test panics with it") = Some(self.rig.batch());
        self.out.take().pop().expect("every batch has an output").1
    }

    /// The stream, and where its further lines come out.
    pub(crate) fn into_parts(self) -> (Collector<String>, Rig) {
        (self.out, self.rig)
    }

    /// The report of the last batch.
    pub(crate) fn report(&self) -> BatchReport {
        self.last.lock().expect("no test panics with it").clone().expect("a batch has run")
    }

    /// What the source could not give to the last batch.
    pub(crate) fn troubles(&self) -> Vec<String> {
        self.report().sources[0].troubles.clone()
    }
}

/// The content of a file, as text.
pub(crate) fn text(disk: &impl Disk, path: impl AsRef<Path>) -> String {
    let bytes = disk.read(path.as_ref()).expect("the file is there");
    String::from_utf8(bytes).expect("it is text")
}

/// The names in a directory.
pub(crate) fn names(disk: &impl Disk, directory: impl AsRef<Path>) -> Vec<String> {
    let entries = disk.list(directory.as_ref()).expect("the directory is there");
    let name = |entry: &millstream::disk::Entry| entry.name.to_string_lossy().into_owned();
    entries.iter().map(name).collect()
}
