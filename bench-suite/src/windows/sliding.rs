//! One window that slides, batch by batch, under a clock that is moved by hand.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use millstream::progress::{BatchReport, Listener};
use millstream::{Conf, ManualClock, Queue, Running, StreamingContext, Time, Window, secs};

use super::batches::{Batches, Pair};
use super::calls::Calls;
use super::operation::Operation;
use super::seen::Seen;

/// How often batches are cut. The clock is moved by hand, so this is not how long they take.
const INTERVAL: millstream::Duration = secs(1);

/// Batches that are at hand at most.
const MOST_PROVIDED: usize = 100;

/// A batch that takes longer than this is not waited for.
const PATIENCE: millstream::Duration = secs(60);

/// A window, and what is known of it.
pub(crate) struct Sliding {
    operation: Operation,
    /// In batches; it slides with every batch.
    pub(super) length: usize,
    batches: Batches,
    /// How many batches it has seen.
    done: usize,
    clock: ManualClock,
    queue: Queue<Pair>,
    calls: Calls,
    seen: Seen,
    entries: Arc<AtomicU64>,
    running: Running,
}

/// What one slide took.
pub(crate) struct Slide {
    /// From the clock's move until the batch was done, what it changes in the window included.
    pub(crate) ms: f64,
    /// Partial results that entered or left.
    pub(super) entries: u64,
    /// Calls of the functions that the window was given.
    pub(super) calls: u64,
    /// Keys in the result.
    pub(super) keys: usize,
}

impl Sliding {
    /// Starts a window of so many batches, on so many tasks at once, or one for each core.
    pub(crate) fn start(
        operation: Operation,
        length: usize,
        batches: Batches,
        parallelism: Option<usize>,
        calls: Calls,
    ) -> Result<Self> {
        let clock = ManualClock::at(Time::default());
        let entries = Arc::new(AtomicU64::new(0));
        let mut conf = Conf::new("windows").clock(clock.clone()).listener(Entries(entries.clone()));
        if let Some(tasks) = parallelism {
            conf = conf.parallelism(tasks);
        }
        let ssc = StreamingContext::new(conf, INTERVAL)?;
        let (queue, seen) = (Queue::new(), Seen::default());
        let window = Window::every_batch(INTERVAL * i64::try_from(length)?);
        let running = ssc.start({
            let (queue, calls, seen) = (queue.clone(), calls.clone(), seen.clone());
            move |s| {
                let pairs = s.queue_stream(&queue);
                operation.describe(&pairs, window, calls.clone(), seen.clone());
                Ok(())
            }
        })?;
        Ok(Sliding {
            operation,
            length,
            batches,
            done: 0,
            clock,
            queue,
            calls,
            seen,
            entries,
            running,
        })
    }

    /// Slides until the window is full, so that something leaves with every slide to come.
    pub(crate) fn fill(&mut self) -> Result<()> {
        let mut left = self.length;
        while left > 0 {
            let now = left.min(MOST_PROVIDED);
            self.provide(now);
            for _ in 0..now {
                self.slide()?;
            }
            left -= now;
        }
        Ok(())
    }

    /// Makes so many batches at hand, so that making them is no part of a slide.
    pub(crate) fn provide(&self, batches: usize) {
        for number in self.done..self.done + batches {
            self.queue.push(self.batches.batch(number));
        }
    }

    /// Slides by one of the batches that are at hand.
    pub(crate) fn slide(&mut self) -> Result<Slide> {
        let (entries, calls) = (self.entries.load(Ordering::Relaxed), self.calls.so_far());
        let started = Instant::now();
        self.clock.advance(INTERVAL);
        self.running.wait_for_batch(self.clock.now(), PATIENCE)?;
        let ms = started.elapsed().as_secs_f64() * 1e3;
        self.done += 1;
        Ok(Slide {
            ms,
            entries: self.entries.load(Ordering::Relaxed) - entries,
            calls: self.calls.so_far() - calls,
            keys: self.seen.keys.load(Ordering::Relaxed),
        })
    }

    /// Slides once more, and says whether the result is what a recomputation gives.
    pub(crate) fn check(&mut self) -> Result<bool> {
        self.seen.wanted.store(true, Ordering::Relaxed);
        self.provide(1);
        self.slide()?;
        let [(_, result)] = &self.seen.results.take()[..] else {
            bail!("{} has not given one result for a batch", self.operation.name())
        };
        let window = self.done.saturating_sub(self.length)..self.done;
        let naive = self.operation.naive(window.flat_map(|number| self.batches.batch(number)));
        let by_key: BTreeMap<u64, u64> = result.iter().copied().collect();
        Ok(result.len() == naive.len() && by_key == naive)
    }

    /// Fails where a batch has.
    pub(super) fn end(self) -> Result<()> {
        self.running
            .await_termination_or_timeout(millstream::Duration::ZERO)
            .map(drop)
            .context("a window has failed")
    }
}

/// Counts the partial results of all slides.
struct Entries(Arc<AtomicU64>);

impl Listener for Entries {
    fn batch_completed(&self, report: &BatchReport) {
        let entries = report.stages.iter().map(|stage| stage.entries).sum();
        self.0.fetch_add(entries, Ordering::Relaxed);
    }
}
