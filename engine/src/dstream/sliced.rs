//! Windows over slices: what each batch leaves, made once for all windows that can share it.

use std::any::TypeId;
use std::sync::Arc;

use super::DStream;
use crate::durable::Durable;
use crate::graph::{Kept, SharedSlices, SlicesOf, Stage, Work};
use crate::keyed::key::Key;
use crate::pipe::{Needs, Pipe, Trace};
use crate::stage::Edge;
use crate::stage::window::{Fill, Fold, KeyedWindow, Slices, SlicesNode};
use crate::window::Window;

/// Where a window finds the slices of its stream.
pub(super) struct Sliced<'b, O, V> {
    slices: Arc<Slices<O, V>>,
    fill: Arc<dyn Fill<'b> + 'b>,
    stage: usize,
    /// Whether another window reads them already.
    shared: bool,
}

impl<'b, P: Pipe<'b>> DStream<'b, P> {
    /// The slices of `what` this stream has, brought together by a function of type `F`: those that
    /// are there already, or new ones of `partials`. A function that captures nothing is the same
    /// wherever its type is.
    pub(super) fn sliced<F: 'static, K, V>(
        &self,
        what: &'static str,
        partials: impl FnOnce() -> DStream<'b, Edge<'b, (K, V)>>,
    ) -> Sliced<'b, K::Owned, V>
    where
        K: Key<'b>,
        V: Durable,
    {
        let of = SlicesOf { stream: self.number, what, function: TypeId::of::<F>() };
        let captures_nothing = size_of::<F>() == 0 || of.function == TypeId::of::<fn()>();
        let there = self.graph.lock().shared.iter().find_map(|there| {
            let same = captures_nothing && there.of == of;
            let slices = there.slices.clone().downcast().ok().filter(|_| same)?;
            Some(Sliced { slices, fill: there.fill.clone(), stage: there.stage, shared: true })
        });
        there.unwrap_or_else(|| {
            let partials = partials();
            let slices = Arc::new(Slices::new());
            let node = Arc::new(SlicesNode::new(partials.pipe.clone(), slices.clone()));
            let mut graph = self.graph.lock();
            let stage = graph.stages.len();
            graph.stages.push(Stage {
                name: "slices",
                upstream: partials.pipe.trace(),
                slide: self.slide,
                node: node.clone(),
                work: Work::Always(Kept {
                    stateful: node.clone(),
                    take_in: Box::new({
                        let node = node.clone();
                        move |batch| node.fill(batch)
                    }),
                }),
            });
            let (fill, any) = (node.clone(), slices.clone());
            graph.shared.push(SharedSlices { of, slices: any, fill, stage });
            Sliced { slices, fill: node, stage, shared: false }
        })
    }

    /// The stream of a window over slices.
    pub(super) fn slid<K: Key<'b>, V: Durable, F: Fold<V>>(
        &self,
        name: &'static str,
        window: Window,
        fold: F,
        sliced: Sliced<'b, K::Owned, V>,
    ) -> DStream<'b, Edge<'b, (K, F::Out)>> {
        let span = self.span(name, window);
        let Sliced { slices, fill, stage: slices_stage, shared } = sliced;
        let node = Arc::new(KeyedWindow::<K, V, F>::new(name, span, fold, fill, slices));
        let mut graph = self.graph.lock();
        let stage = graph.stages.len();
        let edge = Edge::new(stage, name, true, node.clone());
        graph.stages.push(Stage {
            name,
            upstream: Trace {
                text: format!("stage {slices_stage} (slices)"),
                sources: Vec::new(),
                stages: vec![Needs::now(slices_stage)],
                per_block: false,
                replays: true,
            },
            slide: span.slide,
            node: edge.remembers(),
            work: Work::Always(Kept { stateful: node, take_in: edge.taking_in() }),
        });
        let keeps = (!shared).then_some(slices_stage);
        let operator = graph.add_operator(name, Some(stage), keeps);
        drop(graph);
        DStream { slide: span.slide, operator: Some(operator), ..self.with(edge) }
    }
}
