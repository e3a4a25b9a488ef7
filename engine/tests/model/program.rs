//! A program: operators in the order in which they are made, each reading some that were made
//! before, and outputs.

use std::fmt;

use crate::record::{Kind, Merge};

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

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Operator {
    Source(usize),
    Words,
    Split(char),
    /// Leaves out the records whose weight is a multiple.
    Filter(u64),
    /// A `flat_map`: each record as often as its weight says, fewer times than this.
    Repeat(u64),
    /// A `map_partitions` that turns each partition round, which no multiset shows.
    Reverse,
    /// A `map` to records of this kind.
    Map(Kind),
    /// A `map` that changes nothing, and panics when the case says so.
    Fragile,
    Union,
    /// `Scope::union`, of up to four streams.
    UnionOfMany,
    /// The words of a union, in one loop with it where the streams are sources.
    WordsOfUnion,
    Count,
    CountByValue,
    Reduce(Merge),
    ReduceByKey(Merge),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Node {
    pub(crate) operator: Operator,
    /// What it reads: nothing, one, or what it unites.
    pub(crate) reads: Vec<usize>,
    pub(crate) kind: Kind,
}

/// What an output does with a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Action {
    Collect,
    Count,
    /// The sum of the weights, by `Rdd::aggregate`.
    Aggregate,
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

impl Operator {
    /// The kind of what it makes of records of kind `of`.
    pub(crate) fn kind(self, of: Kind) -> Kind {
        match self {
            Operator::Map(kind) => kind,
            Operator::Count => Kind::Number,
            Operator::CountByValue if of == Kind::Text => Kind::Pair,
            _ => of,
        }
    }

    /// Whether it brings several streams together.
    pub(crate) fn unites(self) -> bool {
        matches!(self, Operator::Union | Operator::UnionOfMany | Operator::WordsOfUnion)
    }

    /// Whether there is such an operator on records of kind `of`.
    pub(crate) fn takes(self, of: Kind) -> bool {
        let borrows = matches!(of, Kind::Text | Kind::Pair | Kind::Label);
        match self {
            Operator::Source(_) => false,
            Operator::Words | Operator::WordsOfUnion | Operator::Split(_) => of == Kind::Text,
            Operator::Map(Kind::Number | Kind::Owned) => true,
            Operator::Map(_) => borrows,
            Operator::ReduceByKey(_) => of != Kind::Text && of != Kind::Number,
            _ => true,
        }
    }
}

impl Program {
    /// The program without what no output reads, sources apart.
    pub(crate) fn without_the_unread(&self) -> Program {
        let mut read = vec![false; self.nodes.len()];
        for output in &self.outputs {
            read[output.node] = true;
        }
        for (i, node) in self.nodes.iter().enumerate().rev() {
            read[i] |= matches!(node.operator, Operator::Source(_));
            if read[i] {
                node.reads.iter().for_each(|&input| read[input] = true);
            }
        }
        let place = |i: usize| read[..i].iter().filter(|&&read| read).count();
        let nodes = self.nodes.iter().enumerate().filter(|(i, _)| read[*i]).map(|(_, node)| Node {
            reads: node.reads.iter().map(|&i| place(i)).collect(),
            ..node.clone()
        });
        let outputs =
            self.outputs.iter().map(|output| Output { node: place(output.node), ..output.clone() });
        Program {
            nodes: nodes.collect(),
            outputs: outputs.collect(),
            sources: self.sources.clone(),
        }
    }
}

impl Program {
    /// The same operators with the kinds that follow from what they read; `None` if one does not
    /// take what it reads.
    pub(crate) fn retyped(mut self) -> Option<Program> {
        for i in 0..self.nodes.len() {
            let (before, rest) = self.nodes.split_at_mut(i);
            let node = &mut rest[0];
            let Some(&first) = node.reads.first() else { continue };
            let of = before[first].kind;
            let alike = node.reads.iter().all(|&input| before[input].kind == of);
            if !alike || !node.operator.takes(of) {
                return None;
            }
            node.kind = node.operator.kind(of);
        }
        Some(self)
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, node) in self.nodes.iter().enumerate() {
            let call = match node.operator {
                Operator::Source(source) => format!("source {source}, {:?}", self.sources[source]),
                Operator::Words => "words()".into(),
                Operator::Split(separator) => format!("split({separator:?})"),
                Operator::Filter(m) => format!("filter(weight % {m} != 0)"),
                Operator::Repeat(m) => format!("flat_map(repeat weight % {m} times)"),
                Operator::Reverse => "map_partitions(reverse)".into(),
                Operator::Map(kind) => format!("map(to {kind:?})"),
                Operator::Fragile => "map(fragile)".into(),
                Operator::Union => format!("union(s{})", node.reads[1]),
                Operator::UnionOfMany => format!("union of many({:?})", node.reads),
                Operator::WordsOfUnion => format!("words of union({:?})", node.reads),
                Operator::Count => "count()".into(),
                Operator::CountByValue => "count_by_value()".into(),
                Operator::Reduce(merge) => format!("reduce({merge:?})"),
                Operator::ReduceByKey(merge) => format!("reduce_by_key({merge:?})"),
            };
            match node.reads.first() {
                Some(input) => writeln!(f, "s{i} = s{input}.{call}  -> {:?}", node.kind)?,
                None => writeln!(f, "s{i} = {call}  -> {:?}", node.kind)?,
            }
        }
        for (i, output) in self.outputs.iter().enumerate() {
            writeln!(f, "output {i}: s{}, {:?}", output.node, output.action)?;
        }
        Ok(())
    }
}
