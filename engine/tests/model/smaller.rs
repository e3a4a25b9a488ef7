//! What can be taken away from a case. Each step leaves strictly less, so taking away comes to an
//! end.

use std::iter::successors;
use std::ops::Range;

use crate::case::{Case, Restart};
use crate::program::{Action, Operator, Program, Reads, Span};

/// Cases with a little less than `case`, those with much less first.
pub(crate) fn smaller(case: &Case) -> impl Iterator<Item = Case> {
    without_a_batch(case)
        .chain(programs(&case.program).map(|program| Case { program, ..case.clone() }))
        .chain(calmer(case))
        .chain(fewer_lines(case))
        .chain(shorter_lines(case))
}

fn without_a_batch(case: &Case) -> impl Iterator<Item = Case> {
    (0..case.batches()).filter(|_| case.batches() > 1).map(|batch| {
        let mut less = case.clone();
        for batches in &mut less.input {
            batches.remove(batch);
        }
        let before = |restart: Restart| restart.before - usize::from(batch < restart.before);
        less.restart = less.restart.map(|restart| Restart { before: before(restart), ..restart });
        less.restart = less.restart.filter(|r| r.before > 0 && r.before < less.batches());
        less
    })
}

fn programs(program: &Program) -> impl Iterator<Item = Program> {
    let unread = program.without_the_unread();
    (unread != *program)
        .then_some(unread)
        .into_iter()
        .chain(without_an_output(program))
        .chain(without_an_operator(program))
        .chain(unions_of_less(program))
        .chain(smaller_windows(program))
        .chain(plainer_outputs(program))
}

fn without_an_output(program: &Program) -> impl Iterator<Item = Program> {
    (0..program.outputs.len()).filter(|_| program.outputs.len() > 1).map(|output| {
        let mut less = program.clone();
        less.outputs.remove(output);
        less
    })
}

/// Each operator left out whose readers can as well read what it reads.
fn without_an_operator(program: &Program) -> impl Iterator<Item = Program> {
    program.nodes.iter().enumerate().flat_map(move |(i, node)| {
        node.reads.iter().filter_map(move |&input| {
            let mut less = program.clone();
            let reads = less.nodes.iter_mut().flat_map(|node| &mut node.reads);
            let outputs = less.outputs.iter_mut().map(|output| &mut output.node);
            reads.chain(outputs).filter(|read| **read == i).for_each(|read| *read = input);
            less.without_the_unread().retyped()
        })
    })
}

fn unions_of_less(program: &Program) -> impl Iterator<Item = Program> {
    program.nodes.iter().enumerate().flat_map(move |(i, node)| {
        let spare = node.operator.reads() == Reads::OneOrMore;
        (0..node.reads.len()).filter(move |_| spare && node.reads.len() > 1).map(move |read| {
            let mut less = program.clone();
            less.nodes[i].reads.remove(read);
            less
        })
    })
}

/// Shorter windows, and windows that slide more often.
fn smaller_windows(program: &Program) -> impl Iterator<Item = Program> {
    program.nodes.iter().enumerate().flat_map(move |(i, node)| {
        let Operator::Window(over, Span { length, slide }) = node.operator else {
            return Vec::new();
        };
        let with = |span: Span| {
            let mut less = program.clone();
            less.nodes[i].operator = Operator::Window(over, span);
            less.retyped()
        };
        let shorter = (length > 1).then(|| with(Span { length: length - 1, slide })).flatten();
        let oftener = (slide > 1).then(|| with(Span { length, slide: slide - 1 })).flatten();
        shorter.into_iter().chain(oftener).collect()
    })
}

fn plainer_outputs(program: &Program) -> impl Iterator<Item = Program> {
    let outputs = program.outputs.iter().enumerate();
    outputs.filter(|(_, output)| output.action != Action::Collect).map(|(i, _)| {
        let mut less = program.clone();
        less.outputs[i].action = Action::Collect;
        less
    })
}

/// The same work with less going on around it.
fn calmer(case: &Case) -> impl Iterator<Item = Case> {
    let healthy = case.fault.map(|_| Case { fault: None, ..case.clone() });
    let late = case.early_work.then(|| Case { early_work: false, ..case.clone() });
    let fewer = [1, 2, case.parallelism - 1];
    let fewer = fewer.into_iter().filter(|&p| p > 0 && p < case.parallelism);
    let narrower = fewer.map(|parallelism| Case { parallelism, ..case.clone() });
    let whole = case.restart.map(|_| Case { restart: None, ..case.clone() });
    healthy.into_iter().chain(whole).chain(late).chain(narrower)
}

fn fewer_lines(case: &Case) -> impl Iterator<Item = Case> {
    places(case).flat_map(move |(source, batch)| {
        pieces(case.input[source][batch].len()).map(move |lines| {
            let mut less = case.clone();
            less.input[source][batch].drain(lines);
            less
        })
    })
}

fn shorter_lines(case: &Case) -> impl Iterator<Item = Case> {
    places(case).flat_map(move |(source, batch)| {
        case.input[source][batch].iter().enumerate().flat_map(move |(i, line)| {
            let whole = |piece: &Range<usize>| {
                line.is_char_boundary(piece.start) && line.is_char_boundary(piece.end)
            };
            pieces(line.len()).filter(whole).map(move |piece| {
                let mut less = case.clone();
                less.input[source][batch][i].replace_range(piece, "");
                less
            })
        })
    })
}

/// Where the lines are: source and batch.
fn places(case: &Case) -> impl Iterator<Item = (usize, usize)> {
    let batches = case.batches();
    (0..case.input.len()).flat_map(move |source| (0..batches).map(move |batch| (source, batch)))
}

/// What to leave out of `0..len`: all, either half, each quarter, down to single places.
fn pieces(len: usize) -> impl Iterator<Item = Range<usize>> {
    let sizes = successors(Some(len), |&size| (size > 1).then(|| size.div_ceil(2)));
    sizes
        .filter(|&size| size > 0)
        .flat_map(move |size| (0..len).step_by(size).map(move |at| at..(at + size).min(len)))
}
