//! Settings of what outlives the process: checkpoints, the log, and how a stream ends.

use super::Conf;
use crate::time::{Duration, secs};

impl Conf {
    /// How long a graceful stop may take before it turns into an immediate one. Left out, it is ten
    /// batch intervals, and ten seconds at least.
    pub fn graceful_stop_timeout(mut self, limit: Duration) -> Self {
        self.graceful_stop_timeout = Some(limit);
        self
    }

    /// How far apart checkpoints are, where the context has a directory for them: so many batch intervals as
    /// it takes to reach this. Left out, 10 seconds, as in the original.
    pub fn checkpoint_interval(mut self, interval: Duration) -> Self {
        self.checkpoint_interval = Some(interval);
        self
    }

    /// Whether what receivers take in is written to the log in the checkpoint directory, and durable, before it
    /// counts as received. Off by default, as in the original: then what was received and not processed when
    /// the process dies is lost. What queues, files and receivers of one's own give is written down with the
    /// batch that is given it, so a source of items that nobody can write makes the start fail.
    ///
    /// Cost: what is received is written once more, and each batch waits for a sync, an empty one too. The disk
    /// must have room for what comes in two [`checkpoint_interval`](Conf::checkpoint_interval)s, for four files of
    /// 64 MiB, two of each log, and for three checkpoints: the oldest goes once the newest is whole. No batch is
    /// given more than half of [`memory_bytes`](Conf::memory_bytes), and no line may be longer than 256 MiB: a process
    /// that goes on reads back into memory what is in no checkpoint.
    ///
    /// ```
    /// use millstream::{Conf, Queue, StreamingContext, Stop, secs, testing::Collector};
    ///
    /// let directory = tempfile::tempdir()?;
    /// let conf = || Conf::new("counts").write_ahead_log(true).checkpoint_interval(secs(10));
    /// // The first start makes the directory; one after a crash goes on from there.
    /// let ssc = StreamingContext::get_or_create(directory.path(), || StreamingContext::new(conf(), secs(1)))?;
    /// let (input, counts) = (Queue::new(), Collector::new());
    /// input.push(vec!["to be or not to be".to_string()]);
    /// let running = ssc.start(move |s| {
    ///     counts.collect(&s.queue_text_stream(&input).words().count());
    ///     Ok(())
    /// })?;
    /// assert!(running.stop(Stop::Graceful)?.checkpointed);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write_ahead_log(mut self, on: bool) -> Self {
        self.write_ahead_log = on;
        self
    }

    pub(crate) fn checkpoint_interval_for(&self, batch: Duration) -> Duration {
        let wanted = self.checkpoint_interval.unwrap_or(secs(10)).as_millis().max(1);
        let batch_ms = batch.as_millis().max(1);
        batch * ((wanted + batch_ms - 1) / batch_ms)
    }

    pub(crate) fn graceful_stop_limit(&self, batch: Duration) -> Duration {
        self.graceful_stop_timeout.unwrap_or_else(|| (batch * 10).max(secs(10)))
    }
}
