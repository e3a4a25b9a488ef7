//! Random programs held against a naive model: the same lines, cut into batches and blocks at
//! random, go through the engine and through a few loops over `Vec` and `BTreeMap`, and both must
//! give the same multisets, while tasks panic and the stream goes on from snapshots.
//!
//! A case that fails is made small and printed with its seed. `MILLSTREAM_SEED=17` runs that seed
//! alone, and `MILLSTREAM_SEED=1000..9000` goes on a longer hunt.

mod build;
mod case;
mod check;
mod fault;
mod functions;
mod generate;
mod input;
mod naive;
mod program;
mod record;
mod run;
mod seed;
mod shrink;
mod smaller;
mod sockets;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use case::{Case, Trouble};
use check::{Seen, check};
use program::{Operator, Program, Source};
use shrink::shrink;

/// One case in so many has a restart.
const NEVER: usize = usize::MAX;

/// A failure over sockets may take the right moment, so a case that has not failed is tried again
/// this often.
const TRIES_OVER_A_SOCKET: usize = 4;

#[test]
fn programs_over_queues_agree_with_the_model() {
    for_each_seed(0..6200, |seed| hold(seed, &Case::new(seed, None, Trouble::Nothing, NEVER)));
}

#[test]
fn programs_over_sockets_agree_with_the_model_with_early_work_and_without() {
    let seen = for_each_seed(0..500, |seed| {
        early_and_late(seed, &Case::new(seed, Some(Source::Socket), Trouble::Nothing, NEVER))
    });
    assert!(seen.early_bytes > 0, "no early work was done");
}

#[test]
fn a_stream_that_is_stopped_goes_on_from_its_snapshot_as_if_it_had_not_been() {
    for_each_seed(0..1500, |seed| hold(seed, &Case::new(seed, None, Trouble::Nothing, 1)));
    for_each_seed(0..50, |seed| {
        early_and_late(seed, &Case::new(seed, Some(Source::Socket), Trouble::Nothing, 1))
    });
}

#[test]
fn panics_that_pass_leave_no_trace() {
    let seen =
        for_each_seed(0..1000, |seed| hold(seed, &Case::new(seed, None, Trouble::Passes, 4)));
    assert!(seen.retries > 0, "no task was tried again");
}

#[test]
fn panics_that_pass_leave_no_trace_of_early_work() {
    let seen = for_each_seed(0..120, |seed| {
        early_and_late(seed, &Case::new(seed, Some(Source::Socket), Trouble::Passes, 8))
    });
    assert!(seen.early_bytes > 0 && seen.retries > 0, "there was nothing to get over");
}

#[test]
fn a_record_that_always_panics_fails_what_reads_it_and_its_batch_leaves_no_trace() {
    let seen = for_each_seed(0..1200, |seed| hold(seed, &Case::new(seed, None, Trouble::Stays, 4)));
    let over_sockets = for_each_seed(0..80, |seed| {
        early_and_late(seed, &Case::new(seed, Some(Source::Socket), Trouble::Stays, 8))
    });
    assert!(seen.and(over_sockets).failures > 0, "no output failed");
}

#[test]
fn every_operator_is_in_many_programs() {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 0..2000 {
        let Program { nodes, .. } =
            Case::new(seed, None, Trouble::Nothing, NEVER).program.without_the_unread();
        let operators = nodes.iter().map(|node| node.operator);
        let names: BTreeSet<String> = operators.flat_map(|o| [o.name(), o.call().into()]).collect();
        for name in names {
            *times.entry(name).or_default() += 1;
        }
    }
    for call in Operator::CALLS {
        let times = times.get(call).copied().unwrap_or(0);
        assert!(times >= 40, "{call} is in {times} of 2000 programs");
    }
    for (name, times) in times {
        assert!(times >= 20, "{name} is in {times} of 2000 programs");
    }
}

#[test]
fn shrinking_leaves_what_matters() {
    let matters = |case: &Case| {
        let unites =
            case.program.without_the_unread().nodes.iter().any(|node| node.operator.unites());
        let odd = case.input.iter().flatten().flatten().any(|line| line.contains('é'));
        (unites && odd).then(|| "it has a union and an é".to_string())
    };
    let mut cases = (0..).map(|seed| Case::new(seed, None, Trouble::Nothing, NEVER));
    let case = cases.find(|case| matters(case).is_some()).expect("one of many has both");
    let (small, _) = shrink(case, String::new(), matters);
    assert!(small.program.nodes.len() <= small.program.sources.len() + 2, "{small}");
    let lines: Vec<&String> = small.input.iter().flatten().flatten().collect();
    assert_eq!(lines, ["é"], "{small}");
    assert_eq!((small.batches(), small.parallelism), (1, 1), "{small}");
}

/// Runs a test for each of `usual`, or for the seeds that the environment asks for.
fn for_each_seed(usual: Range<u64>, test: impl Fn(u64) -> Seen) -> Seen {
    fault::silence();
    let seeds = match std::env::var("MILLSTREAM_SEED") {
        Ok(wanted) => range(&wanted).expect("MILLSTREAM_SEED is a number, or two with .. between"),
        Err(_) => usual,
    };
    seeds.map(test).reduce(Seen::and).unwrap_or_default()
}

fn range(text: &str) -> Option<Range<u64>> {
    match text.split_once("..") {
        Some((from, to)) => Some(from.parse().ok()?..to.parse().ok()?),
        None => text.parse().ok().map(|seed| seed..seed + 1),
    }
}

fn early_and_late(seed: u64, case: &Case) -> Seen {
    let late = hold(seed, &Case { early_work: false, ..case.clone() });
    assert_eq!(late.early_bytes, 0, "seed {seed}: early work was done though it was off");
    late.and(hold(seed, case))
}

/// Fails with the smallest case that still fails.
fn hold(seed: u64, case: &Case) -> Seen {
    let reason = match check(case) {
        Ok(seen) => return seen,
        Err(reason) => reason,
    };
    let tries = match case.program.sources.contains(&Source::Socket) {
        true => TRIES_OVER_A_SOCKET,
        false => 1,
    };
    let (small, reason) =
        shrink(case.clone(), reason, |case| (0..tries).find_map(|_| check(case).err()));
    panic!("MILLSTREAM_SEED={seed}\n{small}{reason}");
}
