//! The obvious version: each batch computed from all lines that have come so far, an operator at a
//! time, with a `Vec` and a `BTreeMap`.

mod by_key;
mod state;
mod stateless;
mod transform;
mod window;

use std::ops::RangeInclusive;

use self::state::States;
use crate::case::Case;
use crate::fault::Fault;
use crate::functions::weight;
use crate::program::{Action, Node, Operator, Source, Transform};
use crate::record::Record;

/// The most records that a stream may have in a batch: joins of joins grow. What is larger need not
/// be whole.
const MOST_RECORDS: usize = 20_000;

pub(crate) type Dataset = Vec<Record>;

/// What an output has of a batch, in order of size; `None` if it fails, or the batch is none of its
/// stream's.
pub(crate) type Outcome = Option<Dataset>;

/// What a batch should come to.
pub(crate) struct Expected {
    /// By output.
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) errors: usize,
}

/// What each batch should come to; `None` if a stream has too many records.
pub(crate) fn expected(case: &Case) -> Option<Vec<Expected>> {
    let mut model = Model::new(case);
    (0..case.batches()).map(|batch| model.run(batch)).collect()
}

struct Model<'c> {
    case: &'c Case,
    /// By batch, then by node: `None` where it fails. Empty at times that are none of the stream's.
    datasets: Vec<Vec<Option<Dataset>>>,
    /// Whether each batch has succeeded.
    succeeded: Vec<bool>,
    /// By node: the states after the last batch that has succeeded.
    states: Vec<States>,
    /// Which nodes an output reads.
    read: Vec<bool>,
}

impl<'c> Model<'c> {
    fn new(case: &'c Case) -> Self {
        let initial = |node: &Node| match node.operator {
            Operator::State(state) => state::initial(state, node.slide - 1),
            _ => States::new(),
        };
        Model {
            case,
            datasets: Vec::new(),
            succeeded: Vec::new(),
            states: case.program.nodes.iter().map(initial).collect(),
            read: case.program.read(),
        }
    }

    fn run(&mut self, batch: usize) -> Option<Expected> {
        let nodes = &self.case.program.nodes;
        let mut states = self.states.clone();
        self.datasets.push(Vec::new());
        for (number, node) in nodes.iter().enumerate() {
            let dataset = match is_due(node, batch) {
                true => self.dataset(node, batch, &mut states[number]),
                false => Some(Vec::new()),
            };
            // The snapshots of a state are what has become of it just now.
            let dataset = match (node.operator, &node.reads[..]) {
                (Operator::Snapshots, &[of]) if is_due(node, batch) => {
                    self.datasets[batch][of].is_some().then(|| state::records_of(&states[of]))
                }
                _ => dataset,
            };
            if dataset.as_ref().is_some_and(|dataset| dataset.len() > MOST_RECORDS) {
                return None;
            }
            self.datasets[batch].push(dataset);
        }
        let datasets = &self.datasets[batch];

        let (mut outcomes, mut errors, mut failed) = (Vec::new(), 0, false);
        for output in &self.case.program.outputs {
            if !is_due(&nodes[output.node], batch) {
                outcomes.push(None);
                continue;
            }
            let outcome = datasets[output.node].as_ref().map(|dataset| act(output.action, dataset));
            failed |= outcome.is_none();
            let outcome = outcome.flatten();
            errors += usize::from(outcome.is_none());
            outcomes.push(outcome);
        }
        // What is kept takes the batch in whether or not an output asks for it.
        let keeps = |node: &&Node| node.operator.keeps();
        let read = nodes.iter().zip(&self.read).filter(|(_, read)| **read).map(|(node, _)| node);
        let taken_in = read.filter(keeps).flat_map(|node| &node.reads);
        if !failed && taken_in.into_iter().any(|&input| datasets[input].is_none()) {
            failed = true;
            errors += 1;
        }
        if !failed {
            self.states = states;
        }
        self.succeeded.push(!failed);
        Some(Expected { outcomes, errors })
    }

    fn dataset(&self, node: &Node, batch: usize, states: &mut States) -> Option<Dataset> {
        let case = self.case;
        let Some(&first) = node.reads.first() else {
            return stateless::evaluate(case, batch, node.operator, node.kind, &[]);
        };
        let kind = case.program.nodes[first].kind;
        match node.operator {
            Operator::Window(over, span) => {
                let parts = self.last(first, batch, span.length)?;
                Some(window::windowed(over, kind, parts.concat()))
            }
            Operator::Transform(transform @ Transform::History(datasets, _)) => {
                if case.fault == Some(Fault::InTransforms { batch }) {
                    return None;
                }
                let parts = self.last(first, batch, datasets)?;
                Some(transform::transformed(transform, batch, kind, &parts))
            }
            Operator::State(state) => {
                let records = self.datasets[batch][first].as_ref()?;
                let (after, results) = state::stated(state, states, batch, kind, records);
                *states = after;
                Some(results)
            }
            Operator::Snapshots => None,
            operator => {
                let inputs = node.reads.iter().map(|&i| self.datasets[batch][i].as_deref());
                let inputs: Vec<&[Record]> = inputs.collect::<Option<_>>()?;
                stateless::evaluate(case, batch, operator, kind, &inputs)
            }
        }
    }

    /// The last `count` datasets of a node up to `batch`, oldest first. A batch that has failed is
    /// not among them. `None` if one of them fails.
    fn last(&self, node: usize, batch: usize, count: usize) -> Option<Vec<&[Record]>> {
        let of = &self.case.program.nodes[node];
        let there = |&then: &usize| is_due(of, then) && (then == batch || self.succeeded[then]);
        let batches = within(batch, count * of.slide).filter(there);
        batches.map(|then| self.datasets[then][node].as_deref()).collect()
    }
}

/// The last `count` batches up to `batch`.
fn within(batch: usize, count: usize) -> RangeInclusive<usize> {
    (batch + 1).saturating_sub(count)..=batch
}

fn is_due(node: &Node, batch: usize) -> bool {
    (batch + 1).is_multiple_of(node.slide)
}

/// What an output makes of a dataset; `None` if it refuses it.
fn act(action: Action, records: &[Record]) -> Outcome {
    let sum = || records.iter().map(|r| weight(r.parts())).fold(0, u64::wrapping_add);
    match action {
        Action::Collect => {
            let mut sorted = records.to_vec();
            sorted.sort();
            Some(sorted)
        }
        Action::Count => Some(vec![Record::new("", records.len() as u64)]),
        Action::Aggregate => Some(vec![Record::new("", sum())]),
        Action::Refuse => sum().is_multiple_of(2).then(|| vec![Record::new("", sum())]),
    }
}
