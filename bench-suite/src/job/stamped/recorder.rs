//! Keeps what is seen of stamped records until their results are out, and how late they then are.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use loadgen::{Checker, HdrLog, Latency, WallClock, WallWatch};

use super::seen::{Moment, Seen};
use super::summary::StampedSummary;
use crate::job::Answer;

/// How often latencies are written to a file.
const LOG_INTERVAL: Duration = Duration::from_secs(1);

/// A result that is out before its record was due shows that two clocks differ, if it is more than
/// what moments are kept to.
const EARLY_US: u64 = 1000;

/// Clones are the same.
#[derive(Clone)]
pub(in crate::job) struct Recorder(Arc<Mutex<State>>);

struct State {
    clock: WallClock,
    watch: WallWatch,
    warm_up: Duration,
    /// Records that were due before are not measured; unknown until the first have come.
    measured_from_us: Option<u64>,
    checker: Checker,
    /// Of records whose results are not yet out.
    waiting: Vec<Moment>,
    latency: Latency,
    /// Of the batch whose results are out: kept, for making one costs as much as using it.
    of_batch: Latency,
    early: u64,
    without_result: u64,
    wall_step_ms: i64,
    log: Option<Log>,
}

struct Log {
    path: PathBuf,
    log: HdrLog<BufWriter<File>>,
    /// What is not yet written, and since when.
    pending: Latency,
    since: Instant,
    failure: Option<std::io::Error>,
}

impl Recorder {
    /// Leaves out records that were due within `warm_up` after the first; writes an HdrHistogram log
    /// if there is a path for it.
    pub(in crate::job) fn new(warm_up: Duration, hdr_log: Option<&Path>) -> Result<Self> {
        let log = hdr_log.map(|path| {
            let written = || format!("{} could not be written", path.display());
            let file = File::create(path).with_context(written)?;
            let log = HdrLog::begin(BufWriter::new(file)).with_context(written)?;
            let (pending, since) = (Latency::new(), Instant::now());
            Ok::<_, anyhow::Error>(Log { path: path.into(), log, pending, since, failure: None })
        });
        Ok(Self(Arc::new(Mutex::new(State {
            clock: WallClock::now(),
            watch: WallWatch::new(),
            warm_up,
            measured_from_us: None,
            checker: Checker::default(),
            waiting: Vec::new(),
            latency: Latency::new(),
            of_batch: Latency::new(),
            early: 0,
            without_result: 0,
            wall_step_ms: 0,
            log: log.transpose()?,
        }))))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what a batch's tasks have seen.
    pub(super) fn take_in(&self, seen: impl Iterator<Item = Seen>) {
        let mut state = self.lock();
        for seen in seen {
            state.checker.merge(&seen.checker);
            state.waiting.extend(seen.moments);
        }
    }

    /// Says that the results of all records so far are out now; gives how late they are.
    pub(super) fn results_are_out(&self) -> Answer {
        let state = &mut *self.lock();
        let now_us = state.clock.now_us();
        state.wall_step_ms += state.watch.step_ms().unwrap_or(0);
        let waiting = std::mem::take(&mut state.waiting);
        let measured_from_us = state.measured_from_us(&waiting);
        let of_batch = &mut state.of_batch;
        of_batch.clear();
        for moment in &waiting {
            state.early += if now_us + EARLY_US < moment.intended_us { moment.records } else { 0 };
            if moment.intended_us >= measured_from_us {
                let corrected_us = now_us.saturating_sub(moment.intended_us);
                let raw_us = now_us.saturating_sub(moment.sent_us);
                of_batch.record_us(corrected_us, raw_us, moment.records);
            }
        }
        state.latency.add(of_batch);
        if let Some(log) = &mut state.log {
            log.add(of_batch);
        }
        let records: u64 = waiting.iter().map(|moment| moment.records).sum();
        // The vector keeps its room for the next batch.
        state.waiting = waiting;
        state.waiting.clear();
        let answer = Answer::default().adding("stamped", records);
        if of_batch.records() == 0 {
            return answer;
        }
        let latency = of_batch.corrected();
        answer.standing("latency_p50_ms", latency.p50).standing("latency_p99_ms", latency.p99)
    }

    /// Says that the batch has failed: its records are in no result, and have no latency.
    pub(super) fn results_will_not_come(&self) {
        let mut state = self.lock();
        let waiting = std::mem::take(&mut state.waiting);
        state.without_result += waiting.iter().map(|moment| moment.records).sum::<u64>();
    }

    /// All that was found; the log is ended.
    pub(in crate::job) fn end(&self) -> Result<StampedSummary> {
        let mut state = self.lock();
        if let Some(log) = state.log.take() {
            log.end()?;
        }
        // Of windows that have not come.
        state.without_result += state.waiting.iter().map(|moment| moment.records).sum::<u64>();
        let verdict = state.checker.verdict();
        let measured = Some(&state.latency).filter(|latency| latency.records() > 0);
        Ok(StampedSummary {
            measured: state.latency.records(),
            latency_ms: measured.map(Latency::corrected),
            raw_latency_ms: measured.map(Latency::raw),
            without_result: state.without_result,
            early: state.early,
            wall_step_ms: state.wall_step_ms,
            whole: verdict.is_whole(),
            proven: verdict.is_proven(),
            check: verdict,
        })
    }
}

impl State {
    /// Sources begin together, but not in one order: the earliest of the first moments counts.
    fn measured_from_us(&mut self, waiting: &[Moment]) -> u64 {
        if self.warm_up.is_zero() {
            return 0;
        }
        let earliest_us = waiting.iter().map(|moment| moment.intended_us).min();
        let after_warm_up = |us: u64| us.saturating_add(self.warm_up.as_micros() as u64);
        self.measured_from_us = self.measured_from_us.or(earliest_us.map(after_warm_up));
        self.measured_from_us.unwrap_or(0)
    }
}

impl Log {
    fn add(&mut self, latency: &Latency) {
        self.pending.add(latency);
        if self.since.elapsed() >= LOG_INTERVAL {
            self.write();
        }
    }

    /// The first failure is told at the end: the run is worth more than its record.
    fn write(&mut self) {
        if self.failure.is_none() {
            self.failure = self.log.write(&self.pending, self.since.elapsed()).err();
        }
        self.pending.clear();
        self.since = Instant::now();
    }

    fn end(mut self) -> Result<()> {
        self.write();
        self.failure
            .map_or(Ok(()), Err)
            .with_context(|| format!("{} could not be written", self.path.display()))
    }
}
