//! How the stages of a batch run: as tasks, each tried again where it panics, and what is reported of
//! them.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::Ordering;
use std::time::Instant;

use parking_lot::Mutex;
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use super::Batch;
use crate::panics::{drop_with_care, message_of};
use crate::progress::{StageReport, as_ms};

/// How often a task is tried before its batch fails. Spark's `spark.task.maxFailures`, which counts
/// here locally too.
pub(crate) const ATTEMPTS: u32 = 4;

/// Why a batch has failed whose task was given up.
pub(crate) fn gave_up(task: &str, reason: &str) -> String {
    format!("{task} panicked in {ATTEMPTS} attempts: {reason}")
}

/// The number of a task, and what it has panicked with.
type Panic = (usize, Box<dyn Any + Send>);

/// Why a stage ended without a result; travels as a panic from the stage to its output operation.
#[derive(Debug)]
pub(crate) struct StageFailed {
    pub(crate) reason: String,
}

impl Batch<'_> {
    /// Runs `tasks` tasks on the pool and gives their results in order. A task that panics is tried
    /// again, four times in all; a task that still panics fails the batch. One task alone runs on
    /// the calling thread.
    pub(crate) fn run_stage<R: Send>(
        &self,
        name: &'static str,
        tasks: usize,
        task: impl Fn(usize) -> R + Sync,
    ) -> Vec<R> {
        self.run_stage_where(name, tasks, |_| true, task)
    }

    /// [`run_stage`](Batch::run_stage) where `is_worth_it` knows of tasks that another thread would
    /// not be woken for. Unless several others are left, all run on the calling thread.
    pub(crate) fn run_stage_where<R: Send>(
        &self,
        name: &'static str,
        tasks: usize,
        is_worth_it: impl Fn(usize) -> bool,
        task: impl Fn(usize) -> R + Sync,
    ) -> Vec<R> {
        let results: Vec<Mutex<Option<R>>> = (0..tasks).map(|_| Mutex::new(None)).collect();
        let divide = (0..tasks).filter(|&i| is_worth_it(i)).nth(1).is_some();
        self.run_tasks(name, tasks, divide, &|i| {
            let result = task(i);
            *results[i].lock() = Some(result);
        });
        let results = results.into_iter().map(Mutex::into_inner);
        results.map(|result| result.expect("a stage ends when no result is missing")).collect()
    }

    /// [`run_stage`](Batch::run_stage) without the types of its results, so that it is compiled once
    /// and not for each stage of each program.
    fn run_tasks(
        &self,
        name: &'static str,
        tasks: usize,
        divide: bool,
        task: &(dyn Fn(usize) + Sync),
    ) {
        let started = Instant::now();
        let mut panics = self.attempt(tasks, divide, task);
        let mut retries = 0;
        loop {
            let missing: Vec<usize> = panics.iter().map(|(i, _)| *i).collect();
            let last = panics.pop();
            panics.into_iter().for_each(|(_, payload)| drop(reason_of(payload)));
            match last.map(|(_, payload)| payload) {
                None => break,
                Some(payload) if payload.is::<StageFailed>() => {
                    self.core.failed.store(true, Ordering::Relaxed);
                    resume_unwind(payload)
                }
                Some(payload) if retries + 1 == ATTEMPTS => {
                    self.fail(gave_up(name, &reason_of(payload)))
                }
                Some(payload) => {
                    reason_of(payload);
                    retries += 1;
                }
            }
            panics = self.attempt(missing.len(), divide, &|i| task(missing[i]));
            panics.iter_mut().for_each(|(i, _)| *i = missing[*i]);
        }
        let millis = as_ms(started.elapsed());
        self.core.stages.lock().push(StageReport { name, tasks, millis, retries, entries: 0 });
    }

    /// Gives the stage up, and with it the batch.
    pub(crate) fn fail(&self, reason: String) -> ! {
        self.core.failed.store(true, Ordering::Relaxed);
        resume_unwind(Box::new(StageFailed { reason }))
    }

    /// Runs tasks `0..tasks` once, and gives the panics of those that did, in order.
    fn attempt(&self, tasks: usize, divide: bool, task: &(dyn Fn(usize) + Sync)) -> Vec<Panic> {
        let panic_of = |i: usize| {
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                if self.core.cancelled.load(Ordering::Relaxed) {
                    let reason =
                        "the stream was stopped at once, before this batch was done".into();
                    resume_unwind(Box::new(StageFailed { reason }));
                }
                task(i)
            }));
            outcome.err().map(|payload| (i, payload))
        };
        match &self.core.pool {
            Some(pool) if divide && tasks > 1 => {
                let panics = Mutex::new(Vec::new());
                pool.install(|| {
                    let tasks = (0..tasks).into_par_iter().with_max_len(1);
                    tasks.filter_map(panic_of).for_each(|panic| panics.lock().push(panic));
                });
                let mut panics = panics.into_inner();
                panics.sort_by_key(|(i, _)| *i);
                panics
            }
            _ => (0..tasks).filter_map(panic_of).collect(),
        }
    }

    /// Notes with the stage that has run last that this many partial results have entered or left.
    pub(crate) fn count_entries(&self, entries: u64) {
        if let Some(stage) = self.core.stages.lock().last_mut() {
            stage.entries += entries;
        }
    }

    /// Notes that work on blocks before the batch's turn was tried again so often.
    pub(crate) fn count_early_retries(&self, name: &'static str, retries: u32) {
        if retries > 0 {
            let early = StageReport { name, tasks: 0, millis: 0.0, retries, entries: 0 };
            self.core.stages.lock().push(early);
        }
    }

    /// The stages that have run, and how long each took.
    pub(crate) fn take_stages(&self) -> Vec<StageReport> {
        std::mem::take(&mut self.core.stages.lock())
    }
}

/// The message of a panic, as far as it has one.
pub(super) fn panic_message(payload: &(dyn Any + Send)) -> String {
    match payload.downcast_ref::<StageFailed>() {
        Some(failed) => failed.reason.clone(),
        None => message_of(payload),
    }
}

/// Why users' code panicked. The payload is dropped with care, for its `Drop` may panic as well.
pub(crate) fn reason_of(panic: Box<dyn Any + Send>) -> String {
    let reason = panic_message(&*panic);
    drop_with_care(panic, reason)
}
