//! A stream of a program: its operator, what that reads, and what follows from these.

use super::{Operator, Reads, Source, State};
use crate::record::Kind;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Node {
    pub(crate) operator: Operator,
    /// What it reads, by number: nothing, one, or what it brings together.
    pub(crate) reads: Vec<usize>,
    pub(crate) kind: Kind,
    /// Every so many batches it has a dataset.
    pub(crate) slide: usize,
    /// Whether it can be read again when its batch is over.
    pub(crate) replays: bool,
}

impl Node {
    pub(crate) fn source(number: usize, source: Source) -> Node {
        let kind = match source {
            Source::Queue => Kind::Owned,
            Source::TextQueue | Source::Socket => Kind::Text,
        };
        let operator = Operator::Source(number);
        Node { operator, reads: Vec::new(), kind, slide: 1, replays: true }
    }

    /// The node behind some of those `before`; `None` if the operator does not take them.
    pub(crate) fn behind(before: &[Node], operator: Operator, reads: &[usize]) -> Option<Node> {
        let inputs: Vec<&Node> = reads.iter().map(|&i| &before[i]).collect();
        let first = *inputs.first()?;
        let enough = match operator.reads() {
            Reads::Nothing => false,
            Reads::One => inputs.len() == 1,
            Reads::Two => inputs.len() == 2,
            Reads::OneOrMore => true,
        };
        let alike = |input: &&Node| (input.kind, input.slide) == (first.kind, first.slide);
        let replays = inputs.iter().all(|input| input.replays);
        let stateful = matches!(first.operator, Operator::State(State::Map(_)));
        let fits = enough
            && inputs.iter().all(alike)
            && (replays || !operator.reads_again())
            && (stateful || operator != Operator::Snapshots);
        let slide = match operator {
            Operator::Window(_, span) => first.slide * span.slide,
            _ => first.slide,
        };
        let replays = match operator {
            Operator::State(_) | Operator::Snapshots => false,
            // It reads what it has kept.
            Operator::Window(..) if operator.keeps() => true,
            _ => replays,
        };
        let kind = operator.kind(first.kind).filter(|_| fits)?;
        Some(Node { operator, reads: reads.to_vec(), kind, slide, replays })
    }
}
