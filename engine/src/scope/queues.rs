//! Streams that begin at queues, which a program fills itself.

use std::marker::PhantomData;
use std::sync::Arc;

use super::Scope;
use crate::dstream::DStream;
use crate::graph::SourceKind;
use crate::intake::queue::{Queue, QueuedItems, QueuedTexts};
use crate::pipe::{Items, Lines};

impl<'b> Scope<'b> {
    /// One dataset of `queue` for each batch, an empty one where there is none. Clones of the queue
    /// may be pushed to while the stream runs. Cost: a clone of each item for each output.
    pub fn queue_stream<T, Q>(&self, queue: Q) -> DStream<'b, Items<T>>
    where
        T: Clone + Send + Sync + 'static,
        Q: Into<Queue<T>>,
    {
        let queue = queue.into();
        let name: Arc<str> = "queue".into();
        let poll = Box::new(QueuedItems(queue));
        let source = self.graph.lock().add_source(name.clone(), SourceKind::Polled(poll));
        self.stream(Items { source, name, _items: PhantomData })
    }

    /// As [`queue_stream`](Scope::queue_stream), but each string is a block of text and the records
    /// are its lines, borrowed from it, as if they had come over a socket. For tests and benchmarks
    /// that want the path of received text without a network.
    pub fn queue_text_stream(&self, queue: impl Into<Queue<String>>) -> DStream<'b, Lines> {
        let poll = Box::new(QueuedTexts(queue.into()));
        self.lines("text queue".into(), SourceKind::Polled(poll))
    }
}
