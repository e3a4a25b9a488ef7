//! What a setup closure is given: the place where streams begin.

use std::marker::PhantomData;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use crate::block::Block;
use crate::dstream::DStream;
use crate::graph::{Graph, SharedGraph, SourceKind};
use crate::intake::queue::Queue;
use crate::pipe::{Items, Lines, Pipe, UnionOfMany};

/// The place where streams begin, for the time of the setup. Its brand `'b` is what records borrow
/// for.
///
/// The setup closure only describes: it runs on the driver's thread, does no I/O, and describes the
/// same graph each time that it is run.
pub struct Scope<'b> {
    graph: SharedGraph<'b>,
}

impl<'b> Scope<'b> {
    pub(crate) fn new(early_allowed: bool) -> Self {
        Scope { graph: Arc::new(Mutex::new(Graph::new(early_allowed))) }
    }

    pub(crate) fn graph(&self) -> &SharedGraph<'b> {
        &self.graph
    }

    /// Lines from a server at `HOST:PORT`, which is dialled, and dialled again with growing pauses
    /// whenever the connection is refused or lost.
    ///
    /// A line ends with a newline, or a carriage return and a newline. An empty line is a record; a
    /// connection's last line counts with or without its line end. Lines are UTF-8; see
    /// [`Conf::invalid_utf8`](crate::Conf::invalid_utf8) and
    /// [`Conf::max_line_bytes`](crate::Conf::max_line_bytes) for lines that are not, or too long.
    /// Cost: no copy and no allocation per line.
    pub fn socket_text_stream(&self, target: impl Into<String>) -> DStream<'b, Lines> {
        let target = target.into();
        self.lines(format!("socket {target}"), SourceKind::Dial(target))
    }

    /// Lines from every client that connects to `address`, which may be `HOST:PORT`, or `:PORT` and
    /// `PORT` for loopback. Port 0 lets the system choose;
    /// [`Notice::Listening`](crate::progress::Notice::Listening) tells which. Lines of different
    /// connections are never mixed, and those of one keep their order.
    pub fn listen_text_stream(&self, address: impl Into<String>) -> DStream<'b, Lines> {
        let address = address.into();
        self.lines(format!("listener {address}"), SourceKind::Listen(address))
    }

    /// One dataset of `queue` for each batch, an empty one where there is none. Clones of the queue
    /// may be pushed to while the stream runs. Cost: a clone of each item for each output.
    pub fn queue_stream<T, Q>(&self, queue: Q) -> DStream<'b, Items<T>>
    where
        T: Clone + Send + Sync + 'static,
        Q: Into<Queue<T>>,
    {
        let queue = queue.into();
        let name: Arc<str> = "queue".into();
        let pop = move || {
            let items = queue.pop();
            let records = items.len() as u64;
            (Arc::new(items) as Arc<_>, records)
        };
        let source = self.graph.lock().add_source(name.clone(), SourceKind::Items(Box::new(pop)));
        DStream::new(self.graph.clone(), Items { source, name, _items: PhantomData })
    }

    /// As [`queue_stream`](Scope::queue_stream), but each string is a block of text and the records
    /// are its lines, borrowed from it, as if they had come over a socket. For tests and benchmarks
    /// that want the path of received text without a network.
    pub fn queue_text_stream(&self, queue: impl Into<Queue<String>>) -> DStream<'b, Lines> {
        let queue = queue.into();
        let pop = move || queue.pop().into_iter().map(block_of).collect();
        self.lines("text queue".into(), SourceKind::Texts(Box::new(pop)))
    }

    /// The records of all `streams`, which are of one type: the partitions of the first, then those
    /// of the next. Cost: none. No stream at all gives empty batches.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let streams = [1, 2, 3].map(|n| s.queue_stream([vec![n]]));
    ///     out.collect(&s.union(streams));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[1, 2, 3]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn union<P: Pipe<'b>>(
        &self,
        streams: impl IntoIterator<Item = DStream<'b, P>>,
    ) -> DStream<'b, UnionOfMany<P>> {
        let pipes = streams.into_iter().map(DStream::into_pipe).collect();
        DStream::new(self.graph.clone(), UnionOfMany { pipes })
    }

    fn lines(&self, name: String, kind: SourceKind) -> DStream<'b, Lines> {
        let name: Arc<str> = name.into();
        let source = self.graph.lock().add_source(name.clone(), kind);
        DStream::new(self.graph.clone(), Lines { source, name })
    }
}

/// A block of whole lines: the last one gets its line end where it has none.
fn block_of(mut text: String) -> Block {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    Block::of_bytes(Bytes::from(text))
}
