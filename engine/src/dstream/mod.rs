//! Streams, as programs see them: operators and outputs.

mod aggregation;
mod output;
mod pairs;
mod transform;

use std::sync::Arc;

use crate::graph::SharedGraph;
use crate::pipe::Pipe;
use crate::stage::{Aggregate, AggregateNode, EarlyStage, Edge};

/// A discretized stream: a sequence of datasets, one for each batch.
///
/// A stream is a description. It is cheap to clone, its methods take `&self`, and one stream may
/// feed several others; as in Spark, what several outputs read is computed for each, apart from
/// what lies behind a stage's edge. Records may borrow from the batch (`&'b str` does), and the
/// compiler sees to it that none outlives it.
///
/// # Rough edges, and their cures
///
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
}

impl<P: Clone> Clone for DStream<'_, P> {
    fn clone(&self) -> Self {
        DStream { graph: self.graph.clone(), pipe: self.pipe.clone() }
    }
}

impl<'b, P: Pipe<'b>> DStream<'b, P> {
    pub(crate) fn new(graph: SharedGraph<'b>, pipe: P) -> Self {
        DStream { graph, pipe }
    }

    pub(crate) fn into_pipe(self) -> P {
        self.pipe
    }

    /// A stream of the same graph.
    fn with<Q: Pipe<'b>>(&self, pipe: Q) -> DStream<'b, Q> {
        DStream { graph: self.graph.clone(), pipe }
    }

    /// The stream behind a new stage that aggregates this one.
    fn aggregated<A: Aggregate<'b, P>>(&self, aggregate: A) -> DStream<'b, Edge<'b, A::Out>> {
        let trace = self.pipe.trace();
        let name = aggregate.name();
        let mut graph = self.graph.lock();
        let (number, bit) = graph.next_stage(&trace, aggregate.keeps_owned());
        let node = Arc::new(AggregateNode::new(self.pipe.clone(), aggregate, bit));
        let early = (bit != 0).then(|| node.clone() as Arc<dyn EarlyStage<'b> + 'b>);
        let edge = Edge::new(number, name, node);
        graph.add_stage(name, trace, edge.remembers(), early);
        drop(graph);
        self.with(edge)
    }
}
