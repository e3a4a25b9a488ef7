//! Random programs.

use crate::program::{
    Action, ByKey, Join, MapSpec, Node, OfHistory, OfOne, OfTwo, Operator, Output, Over, Program,
    Reads, Source, Span, Spec, State, Transform,
};
use crate::record::{Kind, Merge};
use crate::seed::Random;

const MOST_OPERATORS: usize = 16;

/// A stream has a dataset at least once in so many batches.
const LONGEST_SLIDE: usize = 4;

/// A program over `sources`; with a fragile operator somewhere if it is to be `fragile`.
pub(crate) fn program(random: &mut Random, sources: Vec<Source>, fragile: bool) -> Program {
    let number = |(number, source): (usize, &Source)| Node::source(number, *source);
    let mut nodes: Vec<Node> = sources.iter().enumerate().map(number).collect();
    let operators = 1 + random.below(MOST_OPERATORS);
    let fragile_at = fragile.then(|| random.below(operators));
    for i in 0..operators {
        // Early on: a number has no text in which a record could be marked.
        let node = match fragile_at == Some(i) {
            true => Node::behind(&nodes, Operator::Fragile, &[input(random, &nodes)]),
            false => None,
        };
        nodes.push(node.unwrap_or_else(|| any_node(random, &nodes)));
    }
    let outputs = outputs(random, &nodes);
    Program { sources, nodes, outputs }
}

/// Often the last, or one with a key, which has the most operators.
fn input(random: &mut Random, nodes: &[Node]) -> usize {
    let keyed: Vec<usize> = (0..nodes.len()).filter(|&i| is_keyed(nodes[i].kind)).collect();
    match random.below(6) {
        0 => random.below(nodes.len()),
        1..=4 if !keyed.is_empty() => random.pick(&keyed),
        _ => nodes.len() - 1,
    }
}

fn is_keyed(kind: Kind) -> bool {
    matches!(kind, Kind::Pair | Kind::Label)
}

fn any_node(random: &mut Random, nodes: &[Node]) -> Node {
    loop {
        let first = input(random, nodes);
        let operator = operator(random, &nodes[first]);
        let more = match operator.reads() {
            Reads::Nothing | Reads::One => 0,
            Reads::Two => 1,
            Reads::OneOrMore => random.below(4),
        };
        let alike = |i: &usize| {
            let (node, first) = (&nodes[*i], &nodes[first]);
            (node.kind, node.slide) == (first.kind, first.slide)
        };
        let others: Vec<usize> = (0..nodes.len()).filter(alike).collect();
        let mut reads = vec![first];
        reads.extend((0..more).map(|_| random.pick(&others)));
        match Node::behind(nodes, operator, &reads) {
            Some(node) if node.slide <= LONGEST_SLIDE => return node,
            _ => {}
        }
    }
}

fn operator(random: &mut Random, input: &Node) -> Operator {
    if matches!(input.operator, Operator::State(State::Map(_))) && random.one_in(2) {
        return Operator::Snapshots;
    }
    let merge = random.pick(&[Merge::Sum, Merge::Max]);
    match random.below(10) {
        0..=6 if is_keyed(input.kind) => of_keyed(random, merge),
        0..=5 if input.kind == Kind::Text => of_text(random),
        0..=2 if input.kind == Kind::Number => {
            let over = random.pick(&[Over::Reduce(merge), Over::ReduceWithInverse]);
            Operator::Window(over, span(random))
        }
        _ => of_any(random, merge),
    }
}

fn of_text(random: &mut Random) -> Operator {
    match random.below(10) {
        0 | 1 => Operator::Words,
        2 => Operator::Split(random.pick(&[' ', ',', 'é', '\t'])),
        3 if random.one_in(2) => Operator::WordsOfUnion,
        3 => Operator::Window(Over::Words, span(random)),
        4 => Operator::Containing(random.pick(&["a", "é", " ", "", "\r"])),
        5 | 6 => Operator::Map(Kind::Label),
        _ => Operator::Map(Kind::Pair),
    }
}

fn of_keyed(random: &mut Random, merge: Merge) -> Operator {
    match random.below(16) {
        0..=4 => Operator::ByKey(by_key(random)),
        5 => Operator::ReduceByKey(merge),
        6..=8 => Operator::State(state(random)),
        9 | 10 => Operator::Transform(of_pairs(random, merge)),
        11 => Operator::Map(random.pick(&[Kind::Pair, Kind::Label])),
        _ => Operator::Window(over_pairs(random, merge), span(random)),
    }
}

fn of_any(random: &mut Random, merge: Merge) -> Operator {
    let kinds = [Kind::Text, Kind::Number, Kind::Pair, Kind::Pair, Kind::Label, Kind::Owned];
    match random.below(25) {
        0 | 1 => Operator::Filter(2 + random.below(4) as u64),
        2 => Operator::Repeat(2 + random.below(3) as u64),
        3 => Operator::Reverse,
        4..=6 => Operator::Map(random.pick(&kinds)),
        7 => Operator::Union,
        8 => Operator::UnionOfMany,
        9 => Operator::Count,
        10 => Operator::CountByValue,
        11 => Operator::Reduce(merge),
        12 => Operator::ReduceByKey(merge),
        13 => Operator::Glom,
        14 => Operator::Repartition(1 + random.below(9)),
        15 => Operator::Persist,
        16..=19 => Operator::Transform(transform(random)),
        _ => Operator::Window(over(random, merge), span(random)),
    }
}

fn by_key(random: &mut Random) -> ByKey {
    match random.below(8) {
        0 => ByKey::MapValues,
        1 => ByKey::FlatMapValues,
        2 => ByKey::Group,
        3 => ByKey::Combine,
        4 => ByKey::Cogroup,
        _ => ByKey::Join(join(random)),
    }
}

fn join(random: &mut Random) -> Join {
    random.pick(&[Join::Inner, Join::Left, Join::Right, Join::Full])
}

fn of_pairs(random: &mut Random, merge: Merge) -> Transform {
    match random.below(6) {
        0 => Transform::One(OfOne::SortByKey),
        1 | 2 => Transform::One(OfOne::ReduceByKey(merge)),
        _ => Transform::Two(OfTwo::Join(join(random))),
    }
}

fn transform(random: &mut Random) -> Transform {
    match random.below(10) {
        0 => Transform::One(OfOne::SortBy),
        1 => Transform::One(OfOne::Distinct),
        2 => Transform::One(OfOne::Doubled),
        3 => Transform::One(OfOne::Cartesian),
        4 => Transform::One(OfOne::ByTime),
        5 => Transform::Two(OfTwo::Subtract),
        6 => Transform::Two(OfTwo::Union),
        7 => Transform::Many,
        8 => Transform::History(1 + random.below(4), OfHistory::Union),
        _ => Transform::History(1 + random.below(4), OfHistory::New),
    }
}

fn over_pairs(random: &mut Random, merge: Merge) -> Over {
    match random.below(5) {
        0 => Over::Group,
        1 | 2 => Over::ReduceByKey(merge),
        3 => Over::ReduceByKeyWithInverse,
        _ => Over::ReduceByKeyWithInverseAndFilter(2 + random.below(3) as u64),
    }
}

fn over(random: &mut Random, merge: Merge) -> Over {
    match random.below(7) {
        0..=3 => Over::Raw,
        4 => Over::Reduce(merge),
        5 => Over::Count,
        _ => Over::CountByValue,
    }
}

/// The slide is shorter than the length, the same, or longer.
fn span(random: &mut Random) -> Span {
    Span { length: 1 + random.below(5), slide: random.pick(&[1, 1, 1, 2, 3, 4]) }
}

fn state(random: &mut Random) -> State {
    let spec = Spec {
        initial: random.one_in(2),
        partitions: random.one_in(2).then(|| 1 + random.below(9)),
    };
    match random.below(6) {
        0 => State::Update,
        1 | 2 => State::UpdateWith(spec),
        _ => State::Map(MapSpec {
            spec,
            timeout: random.one_in(2).then(|| 1 + random.below(3)),
            filters: random.one_in(2),
            once: random.one_in(2),
        }),
    }
}

/// One to five outputs; often the last stream, and sometimes one stream twice. Some streams are
/// read by none.
fn outputs(random: &mut Random, nodes: &[Node]) -> Vec<Output> {
    let actions = [Action::Collect, Action::Collect, Action::Collect, Action::Count];
    let mut outputs = vec![Output { node: nodes.len() - 1, action: Action::Collect }];
    for _ in 0..random.below(5) {
        let action = match random.below(16) {
            0 | 1 => Action::Aggregate,
            2 => Action::Refuse,
            _ => random.pick(&actions),
        };
        // Of two the later, behind which there is more.
        let node = random.below(nodes.len()).max(random.below(nodes.len()));
        outputs.push(Output { node, action });
    }
    outputs
}
