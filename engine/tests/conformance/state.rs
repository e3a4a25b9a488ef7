//! Steps with state.

use millstream::{BoxError, KeyState, StateSpec};

use crate::build::{Pairs, Stream};
use crate::functions::{Handle, Mapping, Update};
use crate::pipeline::Start;
use crate::value::Value;

/// `plain` calls the form that is given the values and the state alone.
pub(crate) fn update_by_key<'b>(
    pairs: &Pairs<'b>,
    update: &Update,
    plain: bool,
    start: &Start,
) -> Result<Stream<'b>, BoxError> {
    let next = update.next;
    let states = if plain {
        let at_no_time = millstream::Time::default();
        let states = pairs.update_state_by_key(move |values: &[Value], old: Option<Value>| {
            next(at_no_time, values, old)
        });
        states.boxed()
    } else {
        let states = pairs.update_state_by_key_with(
            spec(start)?,
            move |time, _key: &Value, values: &[Value], old: Option<Value>| next(time, values, old),
        );
        states.boxed()
    };
    Ok(states.map(|(key, state): (Value, &Value)| Value::pair(key, state.clone())).boxed())
}

/// What the mapping gives, and all states. `plain` calls the form that gives something for every
/// record.
pub(crate) fn map_with_state<'b>(
    pairs: &Pairs<'b>,
    mapping: Mapping,
    plain: bool,
    start: &Start,
) -> Result<(Stream<'b>, Stream<'b>), BoxError> {
    let own = |(key, state): (Value, &Value)| Value::pair(key, state.clone());
    if plain {
        let mapped = pairs.map_with_state(
            spec(start)?,
            move |key: Value, value: Option<Value>, state: &mut KeyState<'_, Value>| {
                mapping(key, value, state).expect("this form gives something for every record")
            },
        );
        return Ok((mapped.boxed(), mapped.state_snapshots().map(own).boxed()));
    }
    let mapped = pairs.filter_map_with_state(
        spec(start)?,
        move |_time, key: Value, value: Option<Value>, state: &mut KeyState<'_, Value>| {
            mapping(key, value, state)
        },
    );
    Ok((mapped.boxed(), mapped.state_snapshots().map(own).boxed()))
}

fn spec(start: &Start) -> Result<StateSpec<Value, Value>, BoxError> {
    let mut spec = StateSpec::new();
    if let Some(initial) = &start.initial {
        spec = spec.initial_state(initial.clone());
    }
    if let Some(timeout) = start.timeout {
        spec = spec.timeout(timeout.duration()?);
    }
    if let Some(partitions) = start.partitions {
        spec = spec.partitions(partitions);
    }
    Ok(spec)
}

impl Handle for KeyState<'_, Value> {
    fn get(&self) -> Option<&Value> {
        KeyState::get(self)
    }

    fn update(&mut self, state: Value) {
        KeyState::update(self, state);
    }

    fn remove(&mut self) {
        KeyState::remove(self);
    }

    fn is_timing_out(&self) -> bool {
        KeyState::is_timing_out(self)
    }
}
