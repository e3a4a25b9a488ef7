//! Random programs.

use crate::program::{Action, Node, Operator, Output, Program, Source};
use crate::record::{Kind, Merge};
use crate::seed::Random;

const MOST_OPERATORS: usize = 10;

/// A program over `sources`; with a fragile operator somewhere if it is to be `fragile`.
pub(crate) fn program(random: &mut Random, sources: Vec<Source>, fragile: bool) -> Program {
    let mut nodes: Vec<Node> = sources.iter().enumerate().map(source).collect();
    let operators = 1 + random.below(MOST_OPERATORS);
    let fragile_at = fragile.then(|| random.below(operators));
    for i in 0..operators {
        // Early on: a number has no text in which a record could be marked.
        let input = match random.one_in(3) {
            true => random.below(nodes.len()),
            false => nodes.len() - 1,
        };
        let operator = match fragile_at == Some(i) {
            true => Operator::Fragile,
            false => operator(random, nodes[input].kind),
        };
        let mut reads = vec![input];
        if operator.unites() {
            let like = |i: &usize| nodes[*i].kind == nodes[input].kind;
            let others: Vec<usize> = (0..nodes.len()).filter(like).collect();
            let more = match operator {
                Operator::Union => 1,
                _ => random.below(4),
            };
            reads.extend((0..more).map(|_| random.pick(&others)));
        }
        let kind = operator.kind(nodes[input].kind);
        nodes.push(Node { operator, reads, kind });
    }
    let outputs = outputs(random, &nodes);
    Program { sources, nodes, outputs }
}

fn source((i, source): (usize, &Source)) -> Node {
    let kind = match source {
        Source::Queue => Kind::Owned,
        Source::TextQueue | Source::Socket => Kind::Text,
    };
    Node { operator: Operator::Source(i), reads: Vec::new(), kind }
}

fn operator(random: &mut Random, of: Kind) -> Operator {
    loop {
        let merge = random.pick(&[Merge::Sum, Merge::Max]);
        let kinds = [Kind::Text, Kind::Number, Kind::Pair, Kind::Pair, Kind::Label, Kind::Owned];
        let operator = match random.below(20) {
            0..=2 => Operator::Words,
            3 => Operator::Split(random.pick(&[' ', ',', 'é', '\t'])),
            4 | 5 => Operator::Filter(2 + random.below(4) as u64),
            6 => Operator::Repeat(2 + random.below(3) as u64),
            7 => Operator::Reverse,
            8..=11 => Operator::Map(random.pick(&kinds)),
            12 => Operator::Union,
            13 => random.pick(&[Operator::UnionOfMany, Operator::WordsOfUnion]),
            14 => Operator::Count,
            15 => Operator::CountByValue,
            16 => Operator::Reduce(merge),
            _ => Operator::ReduceByKey(merge),
        };
        if operator.takes(of) {
            return operator;
        }
    }
}

/// One to four outputs; often the last stream, and sometimes one stream twice. Some streams are
/// read by none.
fn outputs(random: &mut Random, nodes: &[Node]) -> Vec<Output> {
    let actions = [Action::Collect, Action::Collect, Action::Collect, Action::Count];
    let mut outputs = vec![Output { node: nodes.len() - 1, action: Action::Collect }];
    for _ in 0..random.below(4) {
        let action = match random.one_in(8) {
            true => Action::Aggregate,
            false => random.pick(&actions),
        };
        outputs.push(Output { node: random.below(nodes.len()), action });
    }
    outputs
}
