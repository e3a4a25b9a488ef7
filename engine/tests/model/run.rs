//! A case run by the engine, under a clock that is moved by hand.

use std::sync::{Arc, Mutex};

use millstream::progress::{BatchReport, Listener};
use millstream::testing::Collector;
use millstream::{
    Conf, Duration, ManualClock, Queue, Snapshot, Stop, StreamingContext, Time, millis, secs,
};

use crate::build::describe;
use crate::case::Case;
use crate::fault::Attempts;
use crate::input;
use crate::naive::Outcome;
use crate::program::Source;
use crate::record::Record;
use crate::seed::Random;
use crate::sockets::Sockets;

/// Long enough for as many blocks as a slow machine may need until it has taken a batch's bytes in.
pub(crate) const BATCH_INTERVAL: Duration = secs(10);
pub(crate) const BLOCK_INTERVAL: Duration = millis(1);

/// Enough for the windows of raw records over what is received; what is not filled is not there.
const MEMORY_BYTES: u64 = 256 << 20;

/// A batch that takes longer is stuck.
const PATIENCE: Duration = secs(60);

/// What the engine made of a case.
pub(crate) struct Observed {
    /// By batch, then by output.
    pub(crate) outcomes: Vec<Vec<Outcome>>,
    pub(crate) reports: Vec<BatchReport>,
}

struct Reports(Arc<Mutex<Vec<BatchReport>>>);

impl Listener for Reports {
    fn batch_completed(&self, report: &BatchReport) {
        self.0.lock().expect("nobody panics with this lock").push(report.clone());
    }
}

pub(crate) fn observe(case: &Case) -> millstream::Result<Observed> {
    let mut random = Random::new(case.cuts);
    let queues: Vec<Queue<String>> =
        (0..case.input.len()).map(|source| queue(case, source, &mut random)).collect();
    let collectors: Vec<Collector<Record>> =
        case.program.outputs.iter().map(|_| Collector::new()).collect();
    let clock = ManualClock::at(Time::default());
    let reports = Arc::new(Mutex::default());
    let attempts = Arc::new(Attempts::new(case.fault));

    let start = |parallelism: usize, snapshot: Option<Snapshot>| {
        let conf = Conf::new("model")
            .parallelism(parallelism)
            .early_work(case.early_work)
            .clock(clock.clone())
            .block_interval(BLOCK_INTERVAL)
            .memory_bytes(MEMORY_BYTES)
            .max_connections(8)
            .warnings_on_stderr(false)
            .listener(Reports(reports.clone()));
        let ssc = StreamingContext::new(conf, BATCH_INTERVAL)?;
        if let Some(snapshot) = snapshot {
            ssc.restore(snapshot);
        }
        let (program, recovers) = (case.program.clone(), case.restart.is_some());
        let (queues, attempts) = (queues.clone(), attempts.clone());
        let into = collectors.clone();
        ssc.start(move |scope| {
            describe(scope, &program, &queues, recovers, &attempts, &into);
            Ok(())
        })
    };
    let mut running = start(case.parallelism, None)?;
    let mut sockets = Sockets::connect(case, running.listening(), &mut random);
    for batch in 0..case.batches() {
        if let Some(restart) = case.restart.filter(|restart| restart.before == batch) {
            let snapshot = written_and_read(running.snapshot()?);
            running.stop(Stop::Now)?;
            running = start(restart.parallelism, Some(snapshot))?;
            sockets = Sockets::connect(case, running.listening(), &mut random);
        }
        attempts.begin_batch();
        let due = clock.now().floor(BATCH_INTERVAL) + BATCH_INTERVAL;
        sockets.send(case, batch, &mut random, (&running, &clock), due);
        clock.advance(due - clock.now());
        running.wait_for_batch(due, PATIENCE)?;
    }
    running.stop(Stop::Now)?;
    let reports = std::mem::take(&mut *reports.lock().expect("nobody panics with this lock"));
    Ok(Observed { outcomes: by_batch(case, &collectors), reports })
}

/// The number of the batch at `time`, from 1.
pub(crate) fn number_of_batch(time: Time) -> u64 {
    (time.as_millis() / BATCH_INTERVAL.as_millis()) as u64
}

/// As it comes back from a file.
fn written_and_read(snapshot: Snapshot) -> Snapshot {
    let bytes = rmp_serde::to_vec(&snapshot).expect("a snapshot can be written");
    rmp_serde::from_slice(&bytes).expect("what was written can be read")
}

fn queue(case: &Case, source: usize, random: &mut Random) -> Queue<String> {
    let batches = case.input[source].iter();
    let queued: Vec<Vec<String>> = match case.program.sources[source] {
        Source::TextQueue => batches.map(|lines| input::blocks(random, lines)).collect(),
        Source::Queue => batches.cloned().collect(),
        Source::Socket => Vec::new(),
    };
    queued.into()
}

fn by_batch(case: &Case, collectors: &[Collector<Record>]) -> Vec<Vec<Outcome>> {
    let mut outcomes = vec![vec![None; collectors.len()]; case.batches()];
    for (output, collector) in collectors.iter().enumerate() {
        for (time, mut records) in collector.take() {
            records.sort();
            let batch = number_of_batch(time) as usize - 1;
            let before = outcomes[batch][output].replace(records);
            assert!(before.is_none(), "output {output} ran twice in batch {batch}");
        }
    }
    outcomes
}
