//! A test kit: batches in, batches out, under a manual clock, without sleeping.
//!
//! ```
//! use millstream::{secs, testing};
//!
//! let batches = testing::run(secs(1), 2, |s, out| {
//!     let words = s.queue_stream([vec!["to be or", "not to be"]]).flat_map(|line| line.split(' '));
//!     out.collect(&words.map(|w| (w.to_owned(), 1u64)).reduce_by_key(|a, b| a + b));
//!     Ok(())
//! })?;
//! assert_eq!(
//!     testing::sorted(batches),
//!     [vec![("be".into(), 2), ("not".into(), 1), ("or".into(), 1), ("to".into(), 2)], vec![]],
//! );
//! # Ok::<(), millstream::Error>(())
//! ```

use std::sync::Arc;

use parking_lot::Mutex;

use crate::clock::ManualClock;
use crate::conf::Conf;
use crate::context::StreamingContext;
use crate::dstream::DStream;
use crate::error::{BoxError, Result};
use crate::pipe::Pipe;
use crate::scope::Scope;
use crate::status::Stop;
use crate::time::{Duration, Time, secs};

/// A batch that takes longer than this fails the test.
const PATIENCE: Duration = secs(60);

/// Collects what a stream gives, batch by batch. Clones collect into the same place.
pub struct Collector<T>(Arc<Mutex<Batches<T>>>);

/// What was collected in each batch, with the batch's time.
type Batches<T> = Vec<(Time, Vec<T>)>;

impl<T> Clone for Collector<T> {
    fn clone(&self) -> Self {
        Collector(self.0.clone())
    }
}

impl<T> Default for Collector<T> {
    fn default() -> Self {
        Collector(Arc::default())
    }
}

impl<T: Send + 'static> Collector<T> {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers an output that collects the records of `stream`. They must own what they are made
    /// of, like everything that leaves a batch.
    pub fn collect<'b, P: Pipe<'b, Item = T>>(&self, stream: &DStream<'b, P>) {
        let into = self.clone();
        stream.for_each_rdd(move |rdd, time| into.push(time, rdd.collect()));
    }

    /// Adds a batch by hand.
    pub fn push(&self, time: Time, records: Vec<T>) {
        self.0.lock().push((time, records));
    }

    /// Takes out what has been collected, each batch with its time.
    pub fn take(&self) -> Vec<(Time, Vec<T>)> {
        std::mem::take(&mut *self.0.lock())
    }
}

/// Runs `batches` batches of what `setup` describes, with two tasks at once, and gives what was
/// collected in each. The clock starts at zero and is moved by hand, so the first batch is at
/// `interval`.
///
/// Fails with the first error of an output.
pub fn run<T: Send + 'static>(
    interval: Duration,
    batches: usize,
    setup: impl for<'b> Fn(&Scope<'b>, &Collector<T>) -> Result<(), BoxError> + Send + Sync + 'static,
) -> Result<Vec<Vec<T>>> {
    run_with(Conf::new("test").parallelism(2), interval, batches, setup)
}

/// [`run`] with a configuration; its clock is replaced. Fails where the start, or a batch, does.
pub fn run_with<T: Send + 'static>(
    conf: Conf,
    interval: Duration,
    batches: usize,
    setup: impl for<'b> Fn(&Scope<'b>, &Collector<T>) -> Result<(), BoxError> + Send + Sync + 'static,
) -> Result<Vec<Vec<T>>> {
    let hand = ManualClock::at(Time::default());
    let ssc = StreamingContext::new(conf.clock(hand.clone()).warnings_on_stderr(false), interval)?;
    let collector = Collector::new();
    let collected = collector.clone();
    let running = ssc.start(move |s| setup(s, &collector))?;
    for _ in 0..batches {
        hand.advance(interval);
        running.wait_for_batch(hand.now(), PATIENCE)?;
    }
    running.await_termination_or_timeout(Duration::ZERO)?;
    running.stop(Stop::Now)?;
    Ok(collected.take().into_iter().map(|(_, records)| records).collect())
}

/// The batches with their records in order of size, for results whose order is not promised.
pub fn sorted<T: Ord>(mut batches: Vec<Vec<T>>) -> Vec<Vec<T>> {
    for batch in &mut batches {
        batch.sort();
    }
    batches
}
