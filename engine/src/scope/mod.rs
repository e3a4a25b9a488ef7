//! What a setup closure is given: the place where streams begin.

mod queues;
mod sockets;

use std::sync::Arc;

use parking_lot::Mutex;

use crate::dstream::DStream;
use crate::graph::{Graph, SharedGraph, SourceKind};
use crate::pipe::{Lines, Pipe, UnionOfMany};

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
