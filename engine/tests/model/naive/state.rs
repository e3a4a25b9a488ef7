//! State by key, in a `BTreeMap` that is copied for each batch.

use std::collections::{BTreeMap, BTreeSet};

use super::Dataset;
use super::by_key::{Key, grouped, reduced_by_key};
use crate::functions::{
    Called, INITIAL, Next, called_often, called_once, timed_out, updated, updated_text, weight,
};
use crate::program::{MapSpec, State};
use crate::record::{Kind, Merge, Record};

/// All keys with their states.
pub(super) type States = BTreeMap<Key, Kept>;

#[derive(Clone)]
pub(super) struct Kept {
    /// The number of a pair, the text of a label, beside its key.
    state: Record,
    /// The last batch that has touched it.
    touched: usize,
}

/// The states as records.
pub(super) fn records_of(states: &States) -> Dataset {
    states.values().map(|kept| kept.state.clone()).collect()
}

/// What there is before the first batch, which stamps it.
pub(super) fn initial(state: State, first_batch: usize) -> States {
    let begins = match state {
        State::Update => false,
        State::UpdateWith(spec) => spec.initial,
        State::Map(MapSpec { spec, .. }) => spec.initial,
    };
    let mut states = States::new();
    for (text, number) in INITIAL.into_iter().filter(|_| begins) {
        let kept = Kept { state: Record::new(text, number), touched: first_batch };
        states.entry((text.to_string(), 0)).or_insert(kept);
    }
    states
}

/// The states after a batch, and its results.
pub(super) fn stated(
    state: State,
    before: &States,
    batch: usize,
    kind: Kind,
    records: &[Record],
) -> (States, Dataset) {
    match state {
        State::Update | State::UpdateWith(_) => {
            let states = all_updated(state, before, batch, kind, records);
            let results = records_of(&states);
            (states, results)
        }
        State::Map(spec) => mapped(spec, before, batch, records),
    }
}

fn all_updated(
    state: State,
    before: &States,
    batch: usize,
    kind: Kind,
    records: &[Record],
) -> States {
    let groups = grouped(records, kind);
    let keys: BTreeSet<&Key> = before.keys().chain(groups.keys()).collect();
    let mut states = States::new();
    for key in keys {
        let values = groups.get(key).map_or(&[][..], |values| &values[..]);
        let old = before.get(key).map(|kept| &kept.state);
        let state = match kind {
            Kind::Pair => {
                let salt = match state {
                    State::Update => 0,
                    _ => weight((&key.0, batch as u64 + 1)),
                };
                let new: Vec<u64> = values.iter().map(|r| r.number).collect();
                let number = updated(old.map(|old| old.number), &new, salt);
                number.map(|number| Record::new(&key.0, number))
            }
            _ => {
                let new: Vec<&str> = values.iter().map(|r| r.text.as_str()).collect();
                let text = updated_text(old.map(|old| old.text.as_str()), &new);
                text.map(|text| Record::new(text, key.1))
            }
        };
        states.extend(state.map(|state| (key.clone(), Kept { state, touched: batch })));
    }
    states
}

fn mapped(spec: MapSpec, before: &States, batch: usize, records: &[Record]) -> (States, Dataset) {
    // A function that does not filter is not told the time.
    let number = if spec.filters { batch as u64 + 1 } else { 0 };
    let records = match spec.once {
        true => reduced_by_key(records, Kind::Pair, Merge::Sum),
        false => records.to_vec(),
    };
    let mut states = before.clone();
    let mut results = Vec::new();
    let mut has = |key: &str, called: &Called| {
        if !spec.filters || called.passes {
            results.push(Record::new(key, called.result));
        }
    };
    for (key, group) in grouped(&records, Kind::Pair) {
        for record in group {
            let state = states.get(&key).map(|kept| kept.state.number);
            let called = match spec.once {
                true => called_once(number, record.number, state),
                false => called_often(number, record.number, state, spec.filters),
            };
            match called.next {
                Next::Stay => {}
                Next::Remove => drop(states.remove(&key)),
                Next::Set(new) => {
                    let state = Record::new(&key.0, new);
                    states.insert(key.clone(), Kept { state, touched: batch });
                }
            }
            has(&key.0, &called);
        }
        if let Some(kept) = states.get_mut(&key) {
            kept.touched = batch;
        }
    }
    if let Some(timeout) = spec.timeout {
        let idle = |kept: &Kept| kept.touched + timeout < batch;
        for kept in states.values().filter(|kept| idle(kept)) {
            has(&kept.state.text, &timed_out(number, kept.state.number));
        }
        states.retain(|_, kept| !idle(kept));
    }
    (states, results)
}
