//! The engine over batches in memory, under a clock that is moved by hand.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use millstream::{
    Conf, DStream, ManualClock, Pipe, Queue, Running, Scope, StreamingContext, Time, secs,
};

use super::{Found, Worker};

/// How often batches are cut. The clock is moved by hand, so this is not how long they take.
const INTERVAL: millstream::Duration = secs(1);

/// A batch that takes longer than this is not waited for.
const PATIENCE: millstream::Duration = secs(60);

/// A program over a queue.
pub(super) struct Engine<T> {
    items: Vec<T>,
    records: u64,
    bytes: u64,
    queue: Queue<T>,
    clock: ManualClock,
    seen: Seen,
    running: Running,
}

/// The result of the last batch, until it is taken.
#[derive(Clone, Default)]
pub(super) struct Seen(Arc<Mutex<Option<Found>>>);

impl Seen {
    /// Registers the output that looks at every key and its value.
    pub(super) fn see<'b, P, K, V>(&self, sums: &DStream<'b, P>)
    where
        P: Pipe<'b, Item = (K, V)>,
        V: AsSum,
    {
        let seen = self.clone();
        sums.for_each_rdd(move |rdd, _| {
            let (keys, sum) = rdd.aggregate(
                || (0, 0_u64),
                |(keys, all), (_, sum)| (keys + 1, all.wrapping_add(sum.as_sum())),
                |a, b| (a.0 + b.0, a.1.wrapping_add(b.1)),
            );
            *seen.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Found { keys, sum });
        });
    }

    fn take(&self) -> Option<Found> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What sums add up to, whatever their type.
pub(super) trait AsSum: Copy {
    /// In two's complement.
    fn as_sum(self) -> u64;
}

impl AsSum for u64 {
    fn as_sum(self) -> u64 {
        self
    }
}

impl AsSum for i64 {
    fn as_sum(self) -> u64 {
        self.cast_unsigned()
    }
}

impl<T: Send + Sync + 'static> Engine<T> {
    /// Starts the program that `describe` describes, over a queue that gets these items with every
    /// batch.
    pub(super) fn start(
        items: Vec<T>,
        (records, bytes): (u64, u64),
        threads: usize,
        describe: impl for<'b> Fn(&Scope<'b>, &Queue<T>, &Seen) + Send + Sync + 'static,
    ) -> Result<Self> {
        let clock = ManualClock::at(Time::default());
        let conf = Conf::new("memory").clock(clock.clone()).parallelism(threads);
        let ssc = StreamingContext::new(conf, INTERVAL)?;
        let (queue, seen) = (Queue::new(), Seen::default());
        let running = ssc.start({
            let (queue, seen) = (queue.clone(), seen.clone());
            move |s| {
                describe(s, &queue, &seen);
                Ok(())
            }
        })?;
        Ok(Engine { items, records, bytes, queue, clock, seen, running })
    }
}

impl<T: Clone + Send + Sync + 'static> Worker for Engine<T> {
    fn records(&self) -> u64 {
        self.records
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn provide(&mut self) {
        self.queue.push(self.items.clone());
    }

    fn work(&mut self) -> Result<Found> {
        self.clock.advance(INTERVAL);
        self.running.wait_for_batch(self.clock.now(), PATIENCE)?;
        self.seen.take().context("the batch has failed, or has given no result")
    }
}
