//! The vocabulary of functions that cases name.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use millstream::Time;

use crate::value::Value;

/// From one value to another.
pub(crate) type One = Arc<dyn Fn(Value) -> Value + Send + Sync>;

/// From one value to several.
pub(crate) type Many = Arc<dyn Fn(Value) -> Vec<Value> + Send + Sync>;

/// Whether a value is kept.
pub(crate) type Test = Arc<dyn Fn(&Value) -> bool + Send + Sync>;

/// From a partition's values to others.
pub(crate) type Whole = Arc<dyn Fn(Vec<Value>) -> Vec<Value> + Send + Sync>;

/// Two values brought together.
pub(crate) type Two = Arc<dyn Fn(Value, Value) -> Value + Send + Sync>;

/// The next state of a key, from the batch's time, its new values and its state.
#[derive(Clone)]
pub(crate) struct Update {
    pub(crate) needs_time: bool,
    pub(crate) next: fn(Time, &[Value], Option<Value>) -> Option<Value>,
}

/// What a record does to its key's state, and what comes out.
pub(crate) type Mapping = fn(Value, Option<Value>, &mut dyn Handle) -> Option<Value>;

/// The state of a key, while a mapping has it.
pub(crate) trait Handle {
    fn get(&self) -> Option<&Value>;
    fn update(&mut self, state: Value);
    fn remove(&mut self);
    fn is_timing_out(&self) -> bool;
}

/// Bodies of a transform, which the vocabulary lists among the functions.
const TRANSFORM_BODIES: &str = "transform bodies";

const FAILS_AS_ASKED: &str = "the case has this function fail on 1";

/// Whether this is the panic of a function that is there to fail.
pub(crate) fn is_asked_for(panic: &(dyn Any + Send)) -> bool {
    panic.downcast_ref::<&str>().is_some_and(|message| *message == FAILS_AS_ASKED)
}

/// Whether a name is one of the vocabulary.
pub(crate) fn is_known(name: &str) -> bool {
    name == TRANSFORM_BODIES
        || one(name, 0).is_some()
        || whole(name, 0).is_some()
        || two(name).is_some()
        || update(name).is_some()
        || mapping(name).is_some()
}

/// Whether a function has a `k`.
pub(crate) fn has_constant(name: &str) -> bool {
    matches!(name, "plus" | "x_and_x_plus")
}

/// Functions of one value. One that gives several gives a list here, and a test its answer.
pub(crate) fn one(name: &str, k: i64) -> Option<One> {
    let one: fn(Value) -> Value = match name {
        "identity" => |x| x,
        "plus" => return Some(Arc::new(move |x| Value::Int(x.int() + k))),
        "to_string" => |x| Value::text(text_of(&x)),
        "pair_with_1" => |x| Value::pair(x, Value::Int(1)),
        "pair_with_str_x" => |x| Value::pair(x, Value::text("x")),
        "mod10_pair_1" => |x| Value::pair(Value::Int(x.int() % 10), Value::Int(1)),
        "length" => |x| length(&x),
        "pair_with_length" => |x| {
            let length = length(&x);
            Value::pair(x, length)
        },
        "swap" => |pair| {
            let (k, v) = pair.into_pair();
            Value::pair(v, k)
        },
        "key_of" => |pair| pair.into_pair().0,
        "value_of" => |pair| pair.into_pair().1,
        "upper" => |x| Value::text(x.str().to_uppercase()),
        "counter_of_state" => |state| match state {
            Value::Record(fields) => fields["counter"].clone(),
            other => panic!("{other} has no counter"),
        },
        "fail_on_1_else_identity" => |x| match x {
            Value::Int(1) => std::panic::panic_any(FAILS_AS_ASKED),
            other => other,
        },
        _ => {
            if let Some(several) = several(name, k) {
                return Some(Arc::new(move |x| Value::List(several(x))));
            }
            let test = test(name)?;
            return Some(Arc::new(move |x| Value::Bool(test(&x))));
        }
    };
    Some(Arc::new(one))
}

/// Functions of one value that give several; a list that another one gives is taken apart.
pub(crate) fn many(name: &str, k: i64) -> Option<Many> {
    several(name, k).or_else(|| {
        let one = one(name, k)?;
        Some(Arc::new(move |x| one(x).into_list()))
    })
}

fn several(name: &str, k: i64) -> Option<Many> {
    let several: fn(Value) -> Vec<Value> = match name {
        "x_and_2x" => |x| vec![x.clone(), Value::Int(2 * x.int())],
        "x_and_x_plus" => {
            return Some(Arc::new(move |x| vec![x.clone(), Value::Int(x.int() + k)]));
        }
        "letters" => |x| letters(&x).collect(),
        "length_letter_pairs" => {
            |x| letters(&x).map(|letter| Value::pair(length(&x), letter)).collect()
        }
        "value_letter_pairs" => |pair| {
            let (k, v) = pair.into_pair();
            letters(&k).map(|letter| Value::pair(v.clone(), letter)).collect()
        },
        "suffix_1_and_2" => {
            |x| ["1", "2"].map(|suffix| Value::text(format!("{}{suffix}", x.str()))).to_vec()
        }
        _ => return None,
    };
    Some(Arc::new(several))
}

pub(crate) fn test(name: &str) -> Option<Test> {
    let test: fn(&Value) -> bool = match name {
        "is_even" => |x| x.int() % 2 == 0,
        "contains_a" => |x| x.str().contains('a'),
        "key_contains_a" => |pair| pair.clone().into_pair().0.str().contains('a'),
        "value_not_zero" => |pair| pair.clone().into_pair().1.int() != 0,
        "value_positive" => |pair| pair.clone().into_pair().1.int() > 0,
        _ => return None,
    };
    Some(Arc::new(test))
}

/// Functions of a partition; one of single values is called with each.
pub(crate) fn whole(name: &str, k: i64) -> Option<Whole> {
    let whole: fn(Vec<Value>) -> Vec<Value> = match name {
        "sum_to_one" => |values| vec![Value::Int(sum(&values))],
        "concat_upper" => |values| {
            let texts: String = values.iter().map(Value::str).collect();
            vec![Value::text(texts.to_uppercase())]
        },
        _ => {
            let each = several(name, k).or_else(|| {
                let one = one(name, k)?;
                Some(Arc::new(move |x| vec![one(x)]))
            })?;
            return Some(Arc::new(move |values| {
                values.into_iter().flat_map(|x| each(x)).collect()
            }));
        }
    };
    Some(Arc::new(whole))
}

pub(crate) fn two(name: &str) -> Option<Two> {
    let two: fn(Value, Value) -> Value = match name {
        "add" => |a, b| match (a, b) {
            (Value::Text(a), Value::Text(b)) => Value::Text(a + &b),
            (Value::List(a), Value::List(b)) => Value::List([a, b].concat()),
            (a, b) => Value::Int(a.int() + b.int()),
        },
        "sub" => |a, b| Value::Int(a.int() - b.int()),
        "append_as_string" => |a, b| Value::text(format!("{}{}", a.str(), text_of(&b))),
        _ => return None,
    };
    Some(Arc::new(two))
}

pub(crate) fn update(name: &str) -> Option<Update> {
    let mut needs_time = false;
    let next: fn(Time, &[Value], Option<Value>) -> Option<Value> = match name {
        "sum_values_plus_state" => {
            |_, values, old| Some(Value::Int(sum(values) + old.map_or(0, |old| old.int())))
        }
        "add_batch_time_ms_if_values" => {
            needs_time = true;
            |time, values, old| {
                let old = old.map_or(0, |old| old.int());
                Some(Value::Int(if values.is_empty() { old } else { time.as_millis() + old }))
            }
        }
        "append_values_to_list" => |_, values, old| {
            let old = old.map_or_else(Vec::new, Value::into_list);
            Some(Value::List([&old, values].concat()))
        },
        "count_drop_after_two_idle_batches" => |_, values, old| {
            let (mut counter, mut expire) = match old {
                Some(Value::Record(old)) => (old["counter"].int(), old["expire"].int()),
                _ => (0, 0),
            };
            match sum(values) {
                0 => expire += 1,
                sum => {
                    counter += sum;
                    expire = 0;
                }
            }
            let state = [("counter", counter), ("expire", expire)];
            let state = state.map(|(name, n)| (name.to_owned(), Value::Int(n)));
            (expire < 2).then(|| Value::Record(BTreeMap::from(state)))
        },
        _ => return None,
    };
    Some(Update { needs_time, next })
}

pub(crate) fn mapping(name: &str) -> Option<Mapping> {
    Some(match name {
        "running_sum_return_sum" => |_, value, state| Some(running_sum(value, state)),
        "running_sum_return_key_doubled" => |key, value, state| {
            running_sum(value, state);
            Some(Value::text(key.str().repeat(2)))
        },
        "running_sum_return_pair" => {
            |key, value, state| Some(Value::pair(key, running_sum(value, state)))
        }
        "running_sum_return_nothing" => |_, value, state| {
            running_sum(value, state);
            None
        },
        "remove_if_exists_return_key_else_set" => |key, value, state| {
            if state.get().is_some() {
                state.remove();
                return Some(key);
            }
            state.update(value.expect("a record has a value"));
            None
        },
        "set_1_return_key_when_timing_out" => |key, value, state| {
            if value.is_some() {
                state.update(Value::Int(1));
            }
            state.is_timing_out().then_some(key)
        },
        _ => return None,
    })
}

fn running_sum(value: Option<Value>, state: &mut dyn Handle) -> Value {
    let so_far = state.get().map_or(0, Value::int);
    let sum = Value::Int(value.map_or(0, |value| value.int()) + so_far);
    state.update(sum.clone());
    sum
}

fn sum(values: &[Value]) -> i64 {
    values.iter().map(Value::int).sum()
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => other.to_string(),
    }
}

fn length(text: &Value) -> Value {
    Value::Int(text.str().chars().count() as i64)
}

fn letters(text: &Value) -> impl Iterator<Item = Value> {
    text.str().chars().map(Value::text)
}
