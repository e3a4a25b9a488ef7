//! Streams that begin at queues, which a program fills itself.

use super::Scope;
use crate::dstream::DStream;
use crate::durable::Durable;
use crate::graph::SourceKind;
use crate::intake::queue::{Queue, QueuedItems, QueuedTexts};
use crate::intake::recoverable::Recoverable;
use crate::pipe::{Items, Lines};

impl<'b> Scope<'b> {
    /// One dataset of `queue` for each batch, an empty one where there is none. Clones of the queue
    /// may be pushed to while the stream runs. The items are spread over as many partitions as tasks
    /// run at once. Cost: a clone of each item for each output.
    ///
    /// If the process dies, what is in no checkpoint is lost. With
    /// [`Conf::write_ahead_log`](crate::Conf::write_ahead_log) the start fails, for nothing says how to
    /// write the items; [`recoverable_queue_stream`](Scope::recoverable_queue_stream) takes those that can
    /// be.
    ///
    /// ```
    /// # use millstream::{Queue, secs, testing};
    /// let queue = Queue::from([vec![1, 2], vec![3]]);
    /// let out = testing::run(secs(1), 3, move |s, out| {
    ///     out.collect(&s.queue_stream(&queue));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [vec![1, 2], vec![3], vec![]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn queue_stream<T, Q>(&self, queue: Q) -> DStream<'b, Items<T>>
    where
        T: Clone + Send + Sync + 'static,
        Q: Into<Queue<T>>,
    {
        self.items("queue", QueuedItems { queue: queue.into(), all_at_once: false })
    }

    /// As [`queue_stream`](Scope::queue_stream), but each batch gets all the datasets that wait, in
    /// their order: Spark's `queueStream(queue, oneAtATime = false)`. Cost, and what becomes of items when
    /// the process dies: as `queue_stream`.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 2, |s, out| {
    ///     out.collect(&s.queue_stream_of_all([vec![1, 2], vec![], vec![3]]));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [vec![1, 2, 3], vec![]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn queue_stream_of_all<T, Q>(&self, queue: Q) -> DStream<'b, Items<T>>
    where
        T: Clone + Send + Sync + 'static,
        Q: Into<Queue<T>>,
    {
        self.items("queue", QueuedItems { queue: queue.into(), all_at_once: true })
    }

    /// As [`queue_stream`](Scope::queue_stream), for items that can be written down: a window of raw
    /// records over them is part of a [`Snapshot`](crate::Snapshot), and with
    /// [`Conf::write_ahead_log`](crate::Conf::write_ahead_log) what a batch gets is logged before it runs.
    /// Cost: as `queue_stream`, and with the log the items as MessagePack, written and synced once a batch.
    ///
    /// If the process dies, what a batch was given is processed once, after the restart if it had not been
    /// done. What still waited in the queue is lost, for it was nowhere but in memory.
    ///
    /// ```
    /// # use millstream::{Window, secs, testing};
    /// let out = testing::run(secs(1), 2, |s, out| {
    ///     let numbers = s.recoverable_queue_stream([vec![1], vec![2]]);
    ///     out.collect(&numbers.window(Window::every_batch(secs(2))));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [vec![1], vec![1, 2]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn recoverable_queue_stream<T, Q>(&self, queue: Q) -> DStream<'b, Items<T>>
    where
        T: Durable,
        Q: Into<Queue<T>>,
    {
        let queued = QueuedItems { queue: queue.into(), all_at_once: false };
        self.items("queue", Recoverable::<T, _>::new(queued))
    }

    /// As [`queue_stream`](Scope::queue_stream), but each string is a block of text and the records
    /// are its lines, borrowed from it, as if they had come over a socket. For tests and benchmarks
    /// that want the path of received text without a network. Cost: no copy per line; no early work,
    /// for a queue is asked at the batch's turn; with the log its bytes are written once more. When the
    /// process dies, what becomes of them is as with
    /// [`recoverable_queue_stream`](Scope::recoverable_queue_stream).
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let lines = s.queue_text_stream([vec!["to be\nor".to_string(), "not".to_string()]]);
    ///     out.collect(&lines.map(str::to_owned));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [["to be", "or", "not"]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn queue_text_stream(&self, queue: impl Into<Queue<String>>) -> DStream<'b, Lines> {
        let poll = Box::new(QueuedTexts(queue.into()));
        self.lines("text queue".into(), SourceKind::Polled(poll))
    }
}
