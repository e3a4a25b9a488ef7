//! State by key.

use std::sync::Arc;

use millstream::{KeyState, KeyText, StateSpec, Time};

use super::{Flow, Stream};
use crate::fault::Attempts;
use crate::functions::{
    Called, INITIAL, Next, called_often, called_once, timed_out, updated as updated_number,
    updated_text, weight,
};
use crate::program::{MapSpec, Spec, State};
use crate::run::{BATCH_INTERVAL, number_of_batch};

fn spec_of(spec: Spec) -> StateSpec<KeyText, u64> {
    let mut of = StateSpec::new();
    if spec.initial {
        of = of.initial_state(INITIAL.map(|(key, state)| (key.into(), state)));
    }
    match spec.partitions {
        Some(partitions) => of.partitions(partitions),
        None => of,
    }
}

pub(super) fn updated<'b>(
    stream: &Stream<'b>,
    state: State,
    attempts: &Arc<Attempts>,
) -> Stream<'b> {
    let attempts = attempts.clone();
    match (stream, state) {
        (Stream::Pair(s), State::Update) => {
            let states = s.update_state_by_key(move |new: &[u64], old| {
                attempts.merge();
                updated_number(old, new, 0)
            });
            Stream::Pair(states.map(|(key, state)| (key, *state)).boxed())
        }
        (Stream::Pair(s), State::UpdateWith(spec)) => {
            let update = move |time, key: &&str, new: &[u64], old| {
                attempts.merge();
                updated_number(old, new, weight((key, number_of_batch(time))))
            };
            let states = s.update_state_by_key_with(spec_of(spec), update);
            Stream::Pair(states.map(|(key, state)| (key, *state)).boxed())
        }
        (Stream::Label(s), State::Update) => {
            let states = s.update_state_by_key(move |new: &[&str], old: Option<String>| {
                attempts.merge();
                updated_text(old.as_deref(), new)
            });
            Stream::Label(states.map(|(label, state)| (label, state.as_str())).boxed())
        }
        (_, state) => unreachable!("{state:?} of what is no pair"),
    }
}

/// The stream, and that of its snapshots.
pub(super) fn mapped<'b>(
    stream: &Stream<'b>,
    spec: MapSpec,
    attempts: &Arc<Attempts>,
) -> (Stream<'b>, Stream<'b>) {
    match stream {
        Stream::Pair(s) if spec.once => {
            of_pairs(&s.reduce_by_key(u64::wrapping_add).boxed(), spec, attempts)
        }
        Stream::Pair(s) => of_pairs(s, spec, attempts),
        _ => unreachable!("{spec:?} of what is no pair"),
    }
}

fn of_pairs<'b>(
    s: &Flow<'b, (&'b str, u64)>,
    spec: MapSpec,
    attempts: &Arc<Attempts>,
) -> (Stream<'b>, Stream<'b>) {
    let mut of = spec_of(spec.spec);
    if let Some(batches) = spec.timeout {
        of = of.timeout(BATCH_INTERVAL * batches as i64);
    }
    let attempts = attempts.clone();
    let call = move |batch: u64, value: Option<u64>, state: &mut KeyState<'_, u64>| {
        attempts.merge();
        call(spec, batch, value, state)
    };
    match spec.filters {
        true => {
            let f = move |time: Time, key, value, state: &mut KeyState<'_, u64>| {
                let called = call(number_of_batch(time), value, state);
                called.passes.then_some((key, called.result))
            };
            let mapped = s.filter_map_with_state(of, f);
            let states = mapped.state_snapshots().map(|(key, state)| (key, *state));
            (Stream::Pair(mapped.boxed()), Stream::Pair(states.boxed()))
        }
        false => {
            let f = move |key, value, state: &mut KeyState<'_, u64>| {
                (key, call(0, value, state).result)
            };
            let mapped = s.map_with_state(of, f);
            let states = mapped.state_snapshots().map(|(key, state)| (key, *state));
            (Stream::Pair(mapped.boxed()), Stream::Pair(states.boxed()))
        }
    }
}

fn call(spec: MapSpec, batch: u64, value: Option<u64>, state: &mut KeyState<'_, u64>) -> Called {
    let before = state.get().copied();
    let Some(value) = value else {
        assert!(state.is_timing_out(), "a call without a value is the last one");
        return timed_out(batch, before.expect("what times out has a state"));
    };
    let called = match spec.once {
        true => called_once(batch, value, before),
        false => called_often(batch, value, before, spec.filters),
    };
    match called.next {
        Next::Stay => {}
        Next::Set(new) => state.update(new),
        Next::Remove => state.remove(),
    }
    called
}
