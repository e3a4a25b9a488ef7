//! A case under a manual clock, stopped and restored in the middle where it says so.

use std::sync::{Arc, Mutex};

use millstream::progress::{BatchReport, Listener};
use millstream::{
    BoxError, Conf, Duration, ManualClock, Queue, Running, Scope, Stop, StreamingContext, Time,
    secs,
};

use crate::build::{Inputs, Stream, build};
use crate::case::Case;
use crate::pipeline::Program;
use crate::value::Value;

/// A batch that takes longer fails its case.
const PATIENCE: Duration = secs(60);

/// What a run gave.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) outputs: Vec<Batch>,
    /// What `count()` of the input gives.
    pub(crate) counts: Vec<Batch>,
    pub(crate) snapshots: Vec<Batch>,
    /// The times of the batches that were run.
    pub(crate) batch_times: Vec<i64>,
    /// Why it was refused, or what failed in its batches.
    pub(crate) errors: Vec<String>,
}

/// One batch of one output.
#[derive(Clone)]
pub(crate) struct Batch {
    pub(crate) time: Time,
    pub(crate) values: Vec<Value>,
    pub(crate) partitions: usize,
}

/// Where an output's batches are put.
#[derive(Clone, Default)]
struct Batches(Arc<Mutex<Vec<Batch>>>);

impl Batches {
    fn of<'b>(&self, stream: &Stream<'b>) {
        let batches = self.clone();
        stream.for_each_rdd(move |rdd, time| {
            let partitions = rdd.num_partitions();
            let values = rdd.collect();
            batches.0.lock().expect("no push panics").push(Batch { time, values, partitions });
        });
    }

    fn take(&self) -> Vec<Batch> {
        std::mem::take(&mut self.0.lock().expect("no push panics"))
    }
}

/// Hears of failures.
#[derive(Clone, Default)]
struct Failures(Arc<Mutex<Vec<String>>>);

impl Listener for Failures {
    fn batch_completed(&self, report: &BatchReport) {
        self.0.lock().expect("no push panics").extend(report.errors.iter().cloned());
    }
}

/// What a run is made of; it outlives the contexts.
struct Rig {
    program: Arc<Program>,
    hand: ManualClock,
    inputs: Inputs,
    count_too: bool,
    outputs: Batches,
    counts: Batches,
    snapshots: Batches,
    failures: Failures,
}

pub(crate) fn run(case: &Case, program: &Arc<Program>) -> Outcome {
    let rig = Arc::new(Rig {
        program: program.clone(),
        hand: ManualClock::at(Time::default()),
        inputs: Inputs {
            first: Queue::from(case.input.clone().unwrap_or_default()),
            second: case.input2.clone().map(Queue::from),
        },
        count_too: case.also_count.is_some(),
        outputs: Batches::default(),
        counts: Batches::default(),
        snapshots: Batches::default(),
        failures: Failures::default(),
    });
    let mut batch_times = Vec::new();
    let refused = run_batches(case, &rig, &mut batch_times).err();
    let failures = std::mem::take(&mut *rig.failures.0.lock().expect("no push panics"));
    Outcome {
        outputs: rig.outputs.take(),
        counts: rig.counts.take(),
        snapshots: rig.snapshots.take(),
        batch_times,
        errors: failures.into_iter().chain(refused.map(|e| e.to_string())).collect(),
    }
}

fn run_batches(case: &Case, rig: &Arc<Rig>, times: &mut Vec<i64>) -> Result<(), BoxError> {
    let interval = case.batch()?;
    let mut ssc = context(case, rig, interval)?;
    let mut running = start(&ssc, rig)?;
    for n in 0..case.batches() {
        if case.restart_after() == Some(n) {
            let snapshot = serde_json::to_vec(&running.snapshot()?)?;
            running.stop(Stop::Now)?;
            ssc = context(case, rig, interval)?;
            ssc.restore(serde_json::from_slice(&snapshot)?);
            running = start(&ssc, rig)?;
        }
        rig.hand.advance(interval);
        running.wait_for_batch(rig.hand.now(), PATIENCE)?;
        times.push(rig.hand.now().as_millis());
    }
    running.stop(Stop::Now)?;
    Ok(())
}

fn context(case: &Case, rig: &Rig, interval: Duration) -> millstream::Result<StreamingContext> {
    let conf = Conf::new("conformance")
        .parallelism(case.parallelism())
        .clock(rig.hand.clone())
        .warnings_on_stderr(false)
        .listener(rig.failures.clone());
    StreamingContext::new(conf, interval)
}

fn start(ssc: &StreamingContext, rig: &Arc<Rig>) -> millstream::Result<Running> {
    let rig = rig.clone();
    ssc.start(move |s| rig.describe(s))
}

impl Rig {
    fn describe(&self, s: &Scope<'_>) -> Result<(), BoxError> {
        let built = build(s, &self.program, &self.inputs)?;
        self.outputs.of(&built.stream);
        if let Some(snapshots) = &built.snapshots {
            self.snapshots.of(snapshots);
        }
        if self.count_too {
            self.counts.of(&built.input.count().map(|n| Value::Int(n as i64)).boxed());
        }
        Ok(())
    }
}
