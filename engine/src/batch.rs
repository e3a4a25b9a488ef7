//! One batch while it runs: its time, its input, what it has lent, and how its stages run.
//!
//! # The brand, and the one place that makes it
//!
//! Records borrow from blocks for `'b`, a lifetime that users can never name: a setup closure must
//! work for every `'b` (`impl for<'b> Fn(&Scope<'b>)`), its closures must be `'static`, and so
//! neither has a place in which a `'b` value could outlive its batch. That is what makes
//! [`Batch::lend`] sound: it turns `&Arc<T>` into `&'b T` and keeps the `Arc` until the batch is
//! dropped, and by then every value whose type mentions `'b` is gone:
//!
//! 1. At the end of a batch (phase one) each node of the graph drops what it has remembered; plans,
//!    datasets and partial results on the stack are gone already.
//! 2. Then (phase two) the batch is dropped, and with it what it held. A panic of a user's `Drop`
//!    anywhere between the batch's beginning and this, other than inside an output, which is
//!    caught, aborts the process.
//!
//! An [`Rdd`](crate::Rdd) that is leaked leaks its batch too, which is a loss of memory and nothing
//! worse. Only `'static` data is lent, so what is lent cannot itself hold a `'b` value. The holes
//! that are left are rustc's own: issues 84366 and 25860 let safe code stretch any lifetime, in any
//! crate.
//!
//! Early work runs a block through the same operators in a batch of its own, which ends with
//! that work.

use std::any::Any;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use parking_lot::Mutex;
use rayon::ThreadPool;
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use crate::block::SourceId;
use crate::input::{Input, Past};
use crate::intake::Committed;
use crate::panics::{drop_with_care, message_of};
use crate::progress::{StageReport, as_ms};
use crate::received::ReceivedBlock;
use crate::tally::Tallies;
use crate::time::{Duration, Time};

/// How often a task is tried before its batch fails. Spark's `spark.task.maxFailures`, which counts
/// here locally too.
pub(crate) const ATTEMPTS: u32 = 4;

/// Why a batch has failed whose task was given up.
pub(crate) fn gave_up(task: &str, reason: &str) -> String {
    format!("{task} panicked in {ATTEMPTS} attempts: {reason}")
}

/// A batch while it runs. Cheap to clone; when the last clone is dropped, what was lent goes back.
#[doc(hidden)]
pub struct Batch<'b> {
    core: Arc<Core>,
    /// Whose input is read: the batch's own time, or that of one before it.
    time: Time,
    inputs: Arc<Vec<Input>>,
    /// Blocks that any of these stages has taken in are left out.
    without: Committed,
    _brand: PhantomData<fn(&'b ()) -> &'b ()>,
}

struct Core {
    now: Time,
    /// The time from which slides are counted; the first batch of all came after it.
    zero: Time,
    /// Inputs of batches before this one, for windows.
    past: Arc<Past>,
    own_inputs: Arc<Vec<Input>>,
    /// `None` runs every task on the calling thread.
    pool: Option<Arc<ThreadPool>>,
    /// How many partitions a wide stage has.
    parallelism: usize,
    cancelled: Arc<AtomicBool>,
    /// A task has failed for good.
    failed: AtomicBool,
    stages: Mutex<Vec<StageReport>>,
    /// Records that did not parse.
    unparsed: Tallies,
    held: Mutex<Vec<Arc<dyn Any + Send + Sync>>>,
}

/// The number of a task, and what it has panicked with.
type Panic = (usize, Box<dyn Any + Send>);

/// Why a stage ended without a result; travels as a panic from the stage to its output operation.
#[derive(Debug)]
pub(crate) struct StageFailed {
    pub(crate) reason: String,
}

impl<'b> Batch<'b> {
    /// A batch at its turn.
    pub(crate) fn new(
        time: Time,
        zero: Time,
        inputs: Arc<Vec<Input>>,
        past: Arc<Past>,
        pool: Arc<ThreadPool>,
        cancelled: Arc<AtomicBool>,
    ) -> Self {
        let parallelism = pool.current_num_threads();
        Self::over(Core {
            now: time,
            zero,
            past,
            own_inputs: inputs,
            pool: Some(pool),
            parallelism,
            cancelled,
            failed: AtomicBool::new(false),
            stages: Mutex::default(),
            unparsed: Tallies::default(),
            held: Mutex::default(),
        })
    }

    /// A batch of one source's blocks, run on the calling thread: early work.
    pub(crate) fn of_blocks(
        time: Time,
        sources: usize,
        source: SourceId,
        blocks: Vec<Arc<ReceivedBlock>>,
    ) -> Self {
        let mut inputs: Vec<Input> = (0..sources).map(|_| Input::Nothing).collect();
        inputs[source] = Input::Blocks(blocks.into_iter().map(|block| (block, 0)).collect());
        Self::over(Core {
            now: time,
            zero: Time::default(),
            past: Arc::default(),
            own_inputs: Arc::new(inputs),
            pool: None,
            parallelism: 1,
            cancelled: Arc::default(),
            failed: AtomicBool::new(false),
            stages: Mutex::default(),
            unparsed: Tallies::default(),
            held: Mutex::default(),
        })
    }

    fn over(core: Core) -> Self {
        Batch {
            time: core.now,
            inputs: core.own_inputs.clone(),
            core: Arc::new(core),
            without: 0,
            _brand: PhantomData,
        }
    }

    /// The same batch without the blocks that `stages` have taken in.
    pub(crate) fn without(&self, stages: Committed) -> Self {
        Batch { without: self.without | stages, ..self.clone() }
    }

    /// The batch at `time`, this one or one before it, as its stages would see it if they ran now;
    /// what is lent still comes back at this batch's end. `None` where nothing of that batch is
    /// kept: it has failed, or there never was one.
    pub(crate) fn at(&self, time: Time) -> Option<Self> {
        let inputs = match time == self.core.now {
            true => &self.core.own_inputs,
            false => self.core.past.get(&time)?,
        };
        Some(Batch { time, inputs: inputs.clone(), without: 0, ..self.clone() })
    }

    /// The batches whose times end `step`s before this one's, as many as there are in the
    /// `length` up to it, oldest first.
    pub(crate) fn window(&self, length: Duration, step: Duration) -> Vec<Self> {
        let after = (self.time - length).max(self.core.zero);
        let first =
            after + Duration::from_millis((self.time - after).as_millis() % step.as_millis());
        let first = if first == after { first + step } else { first };
        first.to(self.time, step).filter_map(|time| self.at(time)).collect()
    }

    /// The time of the batch whose input is read.
    pub(crate) fn time(&self) -> Time {
        self.time
    }

    /// Whether this is the batch whose turn it is, not one before it that a window reads again.
    pub(crate) fn is_current(&self) -> bool {
        self.time == self.core.now
    }

    /// Whether a stream with this slide has a dataset now.
    pub(crate) fn is_due(&self, slide: Duration) -> bool {
        (self.core.now - self.core.zero).is_multiple_of(slide)
    }

    /// Whether a task has failed for good.
    pub(crate) fn has_failed(&self) -> bool {
        self.core.failed.load(Ordering::Relaxed)
    }

    /// Set when whatever takes long had better end.
    pub(crate) fn cancelled(&self) -> &Arc<AtomicBool> {
        &self.core.cancelled
    }

    /// How many partitions a wide stage has.
    pub(crate) fn parallelism(&self) -> usize {
        self.core.parallelism
    }

    /// Where records that do not parse are counted.
    pub(crate) fn unparsed(&self) -> &Tallies {
        &self.core.unparsed
    }

    /// The blocks of a source of bytes.
    pub(crate) fn blocks(&self, source: SourceId) -> Vec<&'b ReceivedBlock> {
        match &self.inputs[source] {
            Input::Blocks(blocks) => {
                let wanted = blocks.iter().filter(|(_, committed)| committed & self.without == 0);
                wanted.map(|(block, _)| self.lend(block)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The items of a queue.
    pub(crate) fn items<T: Send + Sync + 'static>(&self, source: SourceId) -> &'b [T] {
        match &self.inputs[source] {
            Input::Items(items) => {
                let items = items
                    .clone()
                    .downcast::<Vec<T>>()
                    .expect("a queue's items have the type of its stream");
                self.lend::<Vec<T>>(&items)
            }
            _ => &[],
        }
    }

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

    /// Lends `value` until the end of the batch.
    pub(crate) fn lend<T: Send + Sync + 'static>(&self, value: &Arc<T>) -> &'b T {
        self.core.held.lock().push(value.clone());
        brand::lend(value)
    }
}

impl Clone for Batch<'_> {
    fn clone(&self) -> Self {
        Batch {
            core: self.core.clone(),
            time: self.time,
            inputs: self.inputs.clone(),
            without: self.without,
            _brand: PhantomData,
        }
    }
}

/// The message of a panic, as far as it has one.
pub(crate) fn panic_message(payload: &(dyn Any + Send)) -> String {
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

/// The door to the one line that needs `unsafe`.
mod brand {
    #![allow(unsafe_code)]

    use std::sync::Arc;

    /// Stretches a loan to the brand. Only for a caller that keeps the `Arc` until every `'b` value
    /// is gone.
    pub(super) fn lend<'b, T: Send + Sync + 'static>(value: &Arc<T>) -> &'b T {
        // SAFETY: the one caller, `Batch::lend`, has put a clone of `value` into `held`, which is
        // emptied only when the batch is dropped; an `Arc`'s content does not move, and `T` is not
        // mutated while it is shared. `'b` is universally quantified for everybody but the engine,
        // so no user can keep the reference longer; the engine drops its own `'b` values before the
        // batch, as the module's documentation lays out. `T: 'static` holds no `'b` value that
        // could dangle in turn. Whoever leaks a `Batch` leaks `held` with it.
        unsafe { &*Arc::as_ptr(value) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    fn batch(threads: usize) -> Batch<'static> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let (inputs, past) = (Arc::default(), Arc::default());
        let time = Time::default() + crate::time::secs(1);
        Batch::new(time, Time::default(), inputs, past, Arc::new(pool), Arc::default())
    }

    #[test]
    fn only_several_tasks_with_something_to_do_go_to_other_threads() {
        let batch = batch(2);
        let here = std::thread::current().id();
        let threads = |busy: usize| {
            let run = |_| std::thread::current().id();
            batch.run_stage_where("stage", 4, |i| i < busy, run)
        };
        assert!(threads(0).iter().chain(&threads(1)).all(|thread| *thread == here));
        assert!(threads(2).iter().all(|thread| *thread != here));
    }

    #[test]
    fn tasks_of_a_stage_run_at_the_same_time() {
        let running = AtomicUsize::new(0);
        let until = Instant::now() + std::time::Duration::from_secs(30);
        let most = batch(2).run_stage("stage", 2, |_| {
            running.fetch_add(1, Ordering::Relaxed);
            while running.load(Ordering::Relaxed) < 2 && Instant::now() < until {
                std::thread::yield_now();
            }
            running.load(Ordering::Relaxed)
        });
        assert_eq!(most, [2, 2]);
    }

    #[test]
    fn what_is_lent_comes_back_when_the_batch_is_dropped_and_not_before() {
        let value = Arc::new(String::from("lent"));
        let batch = batch(1);
        let copy = batch.clone();
        assert_eq!(batch.lend(&value), "lent");
        drop(batch);
        assert_eq!(Arc::strong_count(&value), 2);
        drop(copy);
        assert_eq!(Arc::strong_count(&value), 1);
    }

    #[test]
    fn a_task_that_panics_is_tried_again_and_alone() {
        let runs = AtomicUsize::new(0);
        let results = batch(2).run_stage("test", 8, |i| {
            if runs.fetch_add(1, Ordering::SeqCst) < 3 && i == 3 {
                panic!("not yet");
            }
            i * 10
        });
        assert_eq!(results, (0..8).map(|i| i * 10).collect::<Vec<_>>());
        assert!(runs.load(Ordering::SeqCst) <= 8 + 3);
    }

    #[test]
    fn four_attempts_and_then_the_stage_fails_with_the_message() {
        let runs = AtomicUsize::new(0);
        let failed = catch_unwind(AssertUnwindSafe(|| {
            batch(2).run_stage("filter", 1, |_| {
                runs.fetch_add(1, Ordering::SeqCst);
                panic!("always");
            })
        }));
        let reason = panic_message(&*failed.unwrap_err());
        assert_eq!(reason, "filter panicked in 4 attempts: always");
        assert_eq!(runs.load(Ordering::SeqCst), 4);
    }
}
