//! What a setup closure is given: the place where streams begin.

mod files;
mod queues;
mod receivers;
mod sockets;

use std::marker::PhantomData;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::conf::Conf;
use crate::dstream::DStream;
use crate::framing::Framing;
use crate::graph::{Graph, SharedGraph, SourceKind};
use crate::intake::polled::Poll;
use crate::pipe::{Items, Lines, Pipe, Records, Trace, UnionOfMany};
use crate::rdd::Rdd;
use crate::spill::Overflow;
use crate::stage::Transformed;
use crate::storage::StorageLevel;
use crate::time::{Duration, Time};

/// The place where streams begin, for the time of the setup. Its brand `'b` is what records borrow
/// for.
///
/// The setup closure only describes: it runs on the driver's thread, does no I/O, and describes the
/// same graph each time that it is run.
pub struct Scope<'b> {
    graph: SharedGraph<'b>,
    most_record_bytes: usize,
    level: StorageLevel,
}

impl<'b> Scope<'b> {
    pub(crate) fn new(batch_interval: Duration, conf: &Conf, overflow: Overflow) -> Self {
        let mut graph = Graph::new(batch_interval, conf.early_work, conf.unparsed);
        graph.overflow = Some(overflow);
        Scope {
            graph: Arc::new(Mutex::new(graph)),
            most_record_bytes: conf.max_line_bytes,
            level: conf.storage_level,
        }
    }

    pub(crate) fn graph(&self) -> &SharedGraph<'b> {
        &self.graph
    }

    /// The same place, but what is received by streams that begin there waits at `level`, whatever
    /// [`Conf::storage_level`](crate::Conf::storage_level) says. It is of use for sockets: what queues and
    /// receivers of one's own hold are items of any type, and files are on disk already. Cost: none.
    ///
    /// ```
    /// # use millstream::{Conf, StorageLevel, StreamingContext, Window, mins, secs};
    /// # let ssc = StreamingContext::new(Conf::new("levels"), secs(1))?;
    /// let running = ssc.start(|s| {
    ///     let orders = s.at_level(StorageLevel::MEMORY_AND_DISK).listen_text_stream(":0");
    ///     // An hour of raw lines, of which memory has as much as there is room for.
    ///     orders.window(Window::every_batch(mins(60))).count().print();
    ///     Ok(())
    /// })?;
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn at_level(&self, level: StorageLevel) -> Scope<'b> {
        Scope { graph: self.graph.clone(), most_record_bytes: self.most_record_bytes, level }
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
        let streams: Vec<DStream<'b, P>> = streams.into_iter().collect();
        let slide = common_slide(self, "union", &streams);
        let pipes = streams.into_iter().map(DStream::into_pipe).collect();
        DStream::new(self.graph.clone(), slide, UnionOfMany { pipes })
    }

    /// The dataset that `f` makes of each batch's datasets of all `streams`, which are of one type, in
    /// their order, with the batch's time. All must have the same slide. See
    /// [`DStream::transform`], whose cost it has, and [`DStream::transform_with`] for two streams of
    /// different types. Spark's `StreamingContext.transform`.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let streams = [1, 2, 3].map(|n| s.queue_stream([vec![n]]));
    ///     out.collect(&s.transform(streams, |rdds, _time| rdds[2].union(&rdds[0])));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[3, 1]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn transform<P, Q, F>(
        &self,
        streams: impl IntoIterator<Item = DStream<'b, P>>,
        f: F,
    ) -> DStream<'b, Transformed<'b, Q>>
    where
        P: Pipe<'b>,
        Q: Pipe<'b>,
        F: Fn(Vec<Rdd<'b, P>>, Time) -> Rdd<'b, Q> + Send + Sync + 'static,
    {
        let streams: Vec<DStream<'b, P>> = streams.into_iter().collect();
        let slide = common_slide(self, "transform", &streams);
        let pipes: Vec<P> = streams.into_iter().map(DStream::into_pipe).collect();
        let trace = Trace::join("transform", pipes.iter().map(Pipe::trace).collect());
        let transformed = Transformed::new(trace.whole(), move |batch| {
            let rdds = pipes.iter().map(|pipe| Rdd::new(batch, pipe.clone())).collect();
            f(rdds, batch.time()).into_parts()
        });
        self.graph.lock().notes.push(transformed.remembers());
        DStream::new(self.graph.clone(), slide, transformed)
    }

    fn lines(&self, name: String, kind: SourceKind) -> DStream<'b, Lines> {
        let name: Arc<str> = name.into();
        let source = self.graph.lock().add_source(name.clone(), kind, self.level);
        self.stream(Lines { source, name })
    }

    fn items<T>(&self, name: &str, poll: impl Poll + 'static) -> DStream<'b, Items<T>>
    where
        T: Clone + Send + Sync + 'static,
    {
        let name: Arc<str> = name.into();
        let kind = SourceKind::Polled(Box::new(poll));
        let source = self.graph.lock().add_source(name.clone(), kind, self.level);
        self.stream(Items { source, name, _items: PhantomData })
    }

    /// A source of bytes, refused where no record so framed could be received.
    fn records(&self, name: String, framing: Framing, kind: SourceKind) -> DStream<'b, Records> {
        let name: Arc<str> = name.into();
        let mut graph = self.graph.lock();
        if let Err(e) = framing.check(&name, self.most_record_bytes) {
            graph.refuse(e);
        }
        let source = graph.add_source(name.clone(), kind, self.level);
        drop(graph);
        self.stream(Records { source, name })
    }

    /// A stream with a dataset for every batch.
    fn stream<P: Pipe<'b>>(&self, pipe: P) -> DStream<'b, P> {
        let slide = self.graph.lock().batch_interval;
        DStream::new(self.graph.clone(), slide, pipe)
    }
}

/// The slide that all of the streams have; a batch interval where there are none.
fn common_slide<'b, P: Pipe<'b>>(
    scope: &Scope<'b>,
    operation: &'static str,
    streams: &[DStream<'b, P>],
) -> Duration {
    match streams.split_first() {
        None => scope.graph.lock().batch_interval,
        Some((first, others)) => {
            others.iter().for_each(|other| first.require_same_slide(operation, other));
            first.slide()
        }
    }
}
