//! Streams, as programs see them: operators and outputs.

mod aggregation;
mod columns;
mod join;
mod output;
mod pairs;
mod sliced;
mod state;
mod save;
mod transform;
mod whole;
mod window;
mod window_by_key;

pub use state::WithState;
pub use window::WindowedWhole;

use std::sync::Arc;

use crate::error::Error;
use crate::graph::{SharedGraph, Stage, Work};
use crate::pipe::Pipe;
use crate::stage::{Aggregate, AggregateNode, Compute, Edge};
use crate::time::Duration;

/// A discretized stream: a sequence of datasets, one for each batch.
///
/// A stream is a description. It is cheap to clone, its methods take `&self`, and one stream may
/// feed several others; as in Spark, what several outputs read is computed for each, apart from
/// what lies behind a stage's edge. Records may borrow from the batch (`&'b str` does), and the
/// compiler sees to it that none outlives it.
///
/// # Rough edges, and their cures
///
/// Where the compiler says that `s` *escapes the closure body*, or that `'1` *must outlive `'static`*,
/// a record is being kept longer than its batch, or it is one of the first three.
///
/// - A queue of literals has records of `&'static str`, whose lifetime is not the batch's, so they
///   are no keys: an identity `map(|pair| pair)` behind it makes them so.
/// - `map(String::from)` does not infer: write `map(|s| String::from(s))`, or `map(str::to_owned)`.
/// - A closure that is bound to a variable first loses its lifetime: write it where it is used, or
///   as a function.
/// - An `if` whose branches are different pipelines wants [`boxed`](DStream::boxed) on both.
/// - `lines.union(&literals)` wants the same type on both sides: an identity `map(|text| text)` on
///   both makes it so.
/// - A floating-point number is no key. Use its bits, or an integer of a fixed scale.
#[must_use = "a stream does nothing until an output operation (print, for_each_rdd, ..) reads it"]
pub struct DStream<'b, P> {
    graph: SharedGraph<'b>,
    pipe: P,
    /// How often it has a dataset.
    slide: Duration,
    /// The same for clones, and for nothing else.
    number: usize,
    /// What it is among the graph's operators, where it is a window or holds state.
    operator: Option<usize>,
}

impl<P: Clone> Clone for DStream<'_, P> {
    fn clone(&self) -> Self {
        DStream { graph: self.graph.clone(), pipe: self.pipe.clone(), ..*self }
    }
}

impl<'b, P: Pipe<'b>> DStream<'b, P> {
    pub(crate) fn new(graph: SharedGraph<'b>, slide: Duration, pipe: P) -> Self {
        let number = graph.lock().next_stream();
        DStream { graph, pipe, slide, number, operator: None }
    }

    pub(crate) fn into_pipe(self) -> P {
        self.pipe
    }

    /// Names the window or state that this stream is of. A snapshot finds it again by this name;
    /// without one it is called after what it is and its place among the others, so that it is lost
    /// once another is put before it. Names are refused at the start where two are the same, and
    /// behind what keeps nothing. Windows that share their slices are one state, under the name of
    /// the first of them.
    ///
    /// ```
    /// # use millstream::{Window, secs, testing};
    /// let refused = testing::run::<(char, u64)>(secs(1), 1, |s, out| {
    ///     let letters = s.queue_stream([vec!['a']]);
    ///     for length in [secs(2), secs(3)] {
    ///         let window = Window::every_batch(length);
    ///         out.collect(&letters.count_by_value_and_window(window).named("letters"));
    ///     }
    ///     Ok(())
    /// });
    /// assert!(refused.unwrap_err().to_string().contains("two operators are named \"letters\""));
    /// ```
    pub fn named(&self, name: impl Into<String>) -> Self {
        let name = name.into();
        let mut graph = self.graph.lock();
        match self.operator {
            Some(operator) => graph.name_operator(operator, name),
            None => {
                let stream = self.pipe.trace().text;
                graph.refuse(Error::NothingToName { name, stream });
            }
        }
        drop(graph);
        self.clone()
    }

    /// How often it has a dataset.
    pub(crate) fn slide(&self) -> Duration {
        self.slide
    }

    /// A stream of the same graph.
    fn with<Q: Pipe<'b>>(&self, pipe: Q) -> DStream<'b, Q> {
        DStream::new(self.graph.clone(), self.slide, pipe)
    }

    /// Refuses to bring streams together of which one has datasets more often than the other.
    pub(crate) fn require_same_slide<Q>(&self, operation: &'static str, other: &DStream<'b, Q>) {
        let (first, second) = (self.slide, other.slide);
        if first != second {
            self.graph.lock().refuse(Error::DifferentSlides { operation, first, second });
        }
    }

    /// Refuses to read batches that are over again where state stands between.
    fn require_replay(&self, operation: &'static str) {
        let trace = self.pipe.trace();
        if !trace.replays {
            self.graph.lock().refuse(Error::NoReplay { operation, stream: trace.text });
        }
    }

    /// The stream behind a new stage that aggregates this one.
    fn aggregated<A: Aggregate<'b, P>>(&self, aggregate: A) -> DStream<'b, Edge<'b, A::Out>> {
        let name = aggregate.name();
        let trace = self.pipe.trace();
        let bit = self.graph.lock().early_bit(&trace, aggregate.keeps_owned());
        let node = Arc::new(AggregateNode::new(self.pipe.clone(), aggregate, bit));
        let work = match bit {
            0 => Work::WhenAsked,
            _ => Work::Early(node.clone()),
        };
        self.at_edge(name, node, work)
    }

    /// The stream behind a new stage's edge.
    fn at_edge<T: Clone + Send + Sync + 'b>(
        &self,
        name: &'static str,
        compute: Arc<dyn Compute<'b, T> + 'b>,
        work: Work<'b>,
    ) -> DStream<'b, Edge<'b, T>> {
        let upstream = self.pipe.trace();
        let mut graph = self.graph.lock();
        let edge = Edge::new(graph.stages.len(), name, upstream.replays, compute);
        let node = edge.remembers();
        graph.stages.push(Stage { name, upstream, slide: self.slide, node, work });
        drop(graph);
        self.with(edge)
    }
}
