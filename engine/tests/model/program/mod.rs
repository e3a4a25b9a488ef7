//! A program: operators in the order in which they are made, each reading some that were made
//! before, and outputs.

mod names;
mod node;
mod operator;

use std::fmt;

pub(crate) use node::Node;
pub(crate) use operator::{
    ByKey, Join, MapSpec, OfHistory, OfOne, OfTwo, Operator, Over, Reads, Span, Spec, State,
    Transform,
};

/// Where a stream begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Source {
    /// `queue_text_stream`: lines that borrow.
    TextQueue,
    /// `queue_stream`: strings, over as many partitions as there are tasks.
    Queue,
    /// `listen_text_stream`: received lines, the only ones that early work takes in.
    Socket,
}

/// What an output does with a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Action {
    Collect,
    Count,
    /// The sum of the weights, by `Rdd::aggregate`.
    Aggregate,
    /// As `Aggregate`, and an error or a panic of the output's closure where the sum is odd. It fails
    /// the output, and nothing else.
    Refuse,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Output {
    pub(crate) node: usize,
    pub(crate) action: Action,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Program {
    pub(crate) sources: Vec<Source>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) outputs: Vec<Output>,
}

impl Program {
    /// Which nodes some output reads, directly or not.
    pub(crate) fn read(&self) -> Vec<bool> {
        let mut read = vec![false; self.nodes.len()];
        for output in &self.outputs {
            read[output.node] = true;
        }
        for (i, node) in self.nodes.iter().enumerate().rev() {
            if read[i] {
                node.reads.iter().for_each(|&input| read[input] = true);
            }
        }
        read
    }

    /// The program without what no output reads, sources apart.
    pub(crate) fn without_the_unread(&self) -> Program {
        let mut stays = self.read();
        for (stays, node) in stays.iter_mut().zip(&self.nodes) {
            *stays |= matches!(node.operator, Operator::Source(_));
        }
        let place = |i: usize| stays[..i].iter().filter(|&&stays| stays).count();
        let nodes = self.nodes.iter().enumerate().filter(|(i, _)| stays[*i]).map(|(_, node)| {
            Node { reads: node.reads.iter().map(|&i| place(i)).collect(), ..node.clone() }
        });
        let outputs =
            self.outputs.iter().map(|output| Output { node: place(output.node), ..output.clone() });
        Program {
            nodes: nodes.collect(),
            outputs: outputs.collect(),
            sources: self.sources.clone(),
        }
    }

    /// The same operators with what follows from what they read; `None` if one does not take what it
    /// reads.
    pub(crate) fn retyped(mut self) -> Option<Program> {
        for i in 0..self.nodes.len() {
            let (before, rest) = self.nodes.split_at_mut(i);
            let node = &mut rest[0];
            if !node.reads.is_empty() {
                *node = Node::behind(before, node.operator, &node.reads)?;
            }
        }
        Some(self)
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, Node { operator, reads, kind, slide, .. }) in self.nodes.iter().enumerate() {
            write!(f, "s{i} = ")?;
            match (operator, &reads[..]) {
                (Operator::Source(source), _) => {
                    write!(f, "source {source}, {:?}", self.sources[*source])?;
                }
                (_, [input]) => write!(f, "s{input}.{}: {operator:?}", operator.call())?,
                (_, inputs) => write!(f, "{} of {inputs:?}: {operator:?}", operator.call())?,
            }
            match slide {
                1 => writeln!(f, "  -> {kind:?}")?,
                slide => writeln!(f, "  -> {kind:?}, every {slide} batches")?,
            }
        }
        for (i, output) in self.outputs.iter().enumerate() {
            writeln!(f, "output {i}: s{}, {:?}", output.node, output.action)?;
        }
        Ok(())
    }
}
