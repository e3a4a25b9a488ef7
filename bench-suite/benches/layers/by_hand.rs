//! A stream whose batches come when they are asked for: from memory, under a manual clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use millstream::{
    Conf, DStream, Duration, ManualClock, Pipe, Queue, Running, Scope, StreamingContext, Time, secs,
};

/// The clock is moved by hand, so this is not how long a batch takes.
pub(crate) const INTERVAL: Duration = secs(1);

/// A batch that takes longer than this is not waited for.
const PATIENCE: Duration = secs(60);

/// A stream over batches of `T`.
pub(crate) struct ByHand<T> {
    queue: Queue<T>,
    clock: ManualClock,
    results: Results,
    running: Running,
}

/// The output: counts the records of a batch's result.
#[derive(Clone, Default)]
pub(crate) struct Results(Arc<AtomicU64>);

impl Results {
    /// Registers the output.
    pub(crate) fn count<'b, P: Pipe<'b>>(&self, stream: &DStream<'b, P>) {
        let counted = self.0.clone();
        stream.for_each_rdd(move |rdd, _| counted.store(rdd.count(), Ordering::Relaxed));
    }
}

impl<T: Send + Sync + 'static> ByHand<T> {
    /// Starts what `describe` describes, with so many tasks at once.
    pub(crate) fn start(
        parallelism: usize,
        describe: impl for<'b> Fn(&Scope<'b>, &Queue<T>, &Results) + Send + Sync + 'static,
    ) -> Self {
        let (queue, results) = (Queue::new(), Results::default());
        let clock = ManualClock::at(Time::default());
        let conf = Conf::new("by hand").parallelism(parallelism).clock(clock.clone());
        let ssc = StreamingContext::new(conf, INTERVAL).expect("the settings are usual ones");
        let (from, to) = (queue.clone(), results.clone());
        let running = ssc.start(move |s| {
            describe(s, &from, &to);
            Ok(())
        });
        ByHand { queue, clock, results, running: running.expect("the stream is a usual one") }
    }

    /// Has the batch at hand, so that making it is no part of its turn.
    pub(crate) fn give(&self, batch: Vec<T>) {
        self.queue.push(batch);
    }

    /// Cuts the next batch and waits until it is over, what it changes in states and windows
    /// included. Says how many records its result had.
    pub(crate) fn turn(&self) -> u64 {
        self.clock.advance(INTERVAL);
        let over = self.running.wait_for_batch(self.clock.now(), PATIENCE);
        over.expect("a batch of a benchmark is short");
        self.results.0.swap(0, Ordering::Relaxed)
    }
}
