//! A failing case made small: whatever can go while it still fails goes.

use std::time::{Duration, Instant};

use crate::case::Case;
use crate::program::{Action, Operator, Program};

/// Shrinking ends after this, with what it has.
const PATIENCE: Duration = Duration::from_secs(20);

/// The smallest case found for which `fails` says why, and what it says. `case` fails because of `reason`.
pub(crate) fn shrink(
    mut case: Case,
    mut reason: String,
    fails: impl Fn(&Case) -> Option<String>,
) -> (Case, String) {
    let started = Instant::now();
    loop {
        let found = smaller(&case)
            .take_while(|_| started.elapsed() < PATIENCE)
            .find_map(|less| fails(&less).map(|why| (less, why)));
        match found {
            Some(less) => (case, reason) = less,
            None => return (case, reason),
        }
    }
}

/// Cases with a little less, those with much less first. Each is smaller by a measure that cannot fall for ever.
fn smaller(case: &Case) -> impl Iterator<Item = Case> {
    let batches = (0..case.batches()).filter(|_| case.batches() > 1).map(|batch| {
        let mut input = case.input.clone();
        input.iter_mut().for_each(|batches| drop(batches.remove(batch)));
        Case { input, ..case.clone() }
    });
    let programs = smaller_programs(&case.program).map(|program| Case { program, ..case.clone() });
    let parallelism = [1, 2, case.parallelism / 2, case.parallelism - 1];
    let parallelism = parallelism.into_iter().filter(|&p| p > 0 && p < case.parallelism);
    let alone = parallelism.map(|parallelism| Case { parallelism, ..case.clone() });
    let healthy = case.fault.map(|_| Case { fault: None, ..case.clone() });
    let late = case.early_work.then(|| Case { early_work: false, ..case.clone() });
    batches.chain(programs).chain(healthy).chain(late).chain(alone).chain(less_input(case))
}

fn smaller_programs(program: &Program) -> impl Iterator<Item = Program> {
    let unread = program.without_the_unread();
    let unread = (unread != *program).then_some(unread);
    let outputs =
        (0..program.outputs.len()).filter(|_| program.outputs.len() > 1).map(move |output| {
            let mut less = program.clone();
            less.outputs.remove(output);
            less
        });
    let earlier = (0..program.outputs.len()).flat_map(move |output| {
        let node = program.outputs[output].node;
        program.nodes[node].reads.iter().map(move |&input| {
            let mut less = program.clone();
            less.outputs[output].node = input;
            less
        })
    });
    let plain = (0..program.outputs.len())
        .filter(|&output| program.outputs[output].action != Action::Collect)
        .map(move |output| {
            let mut less = program.clone();
            less.outputs[output].action = Action::Collect;
            less
        });
    unread.into_iter().chain(outputs).chain(bypasses(program)).chain(earlier).chain(plain)
}

/// Each operator left out whose readers can read what it reads.
fn bypasses(program: &Program) -> impl Iterator<Item = Program> {
    let nodes = program.nodes.iter().enumerate();
    nodes.filter(|(_, node)| !matches!(node.operator, Operator::Source(_))).flat_map(
        move |(i, node)| {
            let alike = move |&&input: &&usize| program.nodes[input].kind == node.kind;
            node.reads.iter().filter(alike).map(move |&input| {
                let mut less = program.clone();
                let reads = less.nodes.iter_mut().flat_map(|node| &mut node.reads);
                let outputs = less.outputs.iter_mut().map(|output| &mut output.node);
                reads.chain(outputs).filter(|read| **read == i).for_each(|read| *read = input);
                less.without_the_unread()
            })
        },
    )
}

/// Less of each batch's lines: halves, then quarters, down to single lines; then less of each line.
fn less_input(case: &Case) -> impl Iterator<Item = Case> {
    let places = (0..case.input.len()).flat_map(|s| (0..case.batches()).map(move |b| (s, b)));
    let fewer = places.clone().flat_map(move |(source, batch)| {
        let lines = case.input[source][batch].len();
        let sizes = std::iter::successors(Some(lines.div_ceil(2)), |size| Some(size / 2));
        let cuts = sizes.take_while(|&size| size > 0).flat_map(move |size| {
            (0..lines).step_by(size).map(move |from| from..(from + size).min(lines))
        });
        cuts.map(move |cut| {
            let mut less = case.clone();
            less.input[source][batch].drain(cut);
            less
        })
    });
    let shorter = places.flat_map(move |(source, batch)| {
        let lines = case.input[source][batch].iter().enumerate();
        lines.filter(|(_, line)| !line.is_empty()).flat_map(move |(i, line)| {
            let middle = line.floor_char_boundary(line.len() / 2);
            let second = line.floor_char_boundary(line.len() - 1);
            [&line[..middle], &line[middle..], &line[..second]]
                .into_iter()
                .filter(|piece| piece.len() < line.len())
                .map(move |piece| {
                    let mut less = case.clone();
                    less.input[source][batch][i] = piece.into();
                    less
                })
        })
    });
    fewer.chain(shorter)
}
