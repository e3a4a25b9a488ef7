//! What came out, held against what a case expects.

use std::fmt::Write;

use millstream::Time;

use crate::case::{Case, Compare};
use crate::pipeline::Program;
use crate::run::{Batch, Outcome};
use crate::value::Value;

/// Says what is wrong.
pub(crate) fn check(case: &Case, program: &Program, outcome: &Outcome) -> Result<(), String> {
    if case.compare == Compare::Error {
        return match &outcome.errors[..] {
            [] => Err(match &case.expect_error {
                Some(expected) => format!("no error came, and one is expected: {expected}"),
                None => "no error came, and one is expected".into(),
            }),
            _ => Ok(()),
        };
    }
    if !(outcome.errors.is_empty() || program.may_fail) {
        return Err(outcome.errors.join("; "));
    }
    let in_order = case.compare == Compare::Ordered;
    times(case, outcome)?;
    let expected = case.expected.as_deref().unwrap_or_default();
    match case.skip_empty_outputs {
        true => batches("output", &not_empty(&outcome.outputs), &not_empty_of(expected), in_order)?,
        false => batches("output", &outcome.outputs, expected, in_order)?,
    }
    if let Some(expected) = &case.also_count {
        batches("count()", &outcome.counts, expected, true)?;
    }
    if let Some(expected) = &case.expected_snapshots {
        batches("state snapshot", &outcome.snapshots, expected, false)?;
    }
    if let Some(expected) = &case.expected_num_partitions {
        let partitions: Vec<usize> = outcome.outputs.iter().map(|out| out.partitions).collect();
        if partitions != *expected {
            return Err(format!("{partitions:?} partitions, expected {expected:?}"));
        }
    }
    Ok(())
}

/// Outputs come at the times that are listed, or with every batch.
fn times(case: &Case, outcome: &Outcome) -> Result<(), String> {
    let millis = |outputs: &[Batch]| -> Vec<i64> {
        outputs.iter().map(|out| out.time.as_millis()).collect()
    };
    let all = millis(&outcome.outputs);
    let listed = case
        .output_times_s
        .as_ref()
        .map(|times| times.iter().map(|time| (time.0 * 1e3).round() as i64).collect::<Vec<_>>());
    let as_listed = match &listed {
        Some(listed) if case.skip_empty_outputs => {
            *listed == all || *listed == millis(&not_empty(&outcome.outputs))
        }
        Some(listed) => *listed == all,
        None => true,
    };
    match listed {
        Some(listed) if !as_listed => Err(format!("outputs at {all:?} ms, expected at {listed:?}")),
        None if !case.skip_empty_outputs && all != outcome.batch_times => {
            Err(format!("outputs at {all:?} ms, batches at {:?}", outcome.batch_times))
        }
        _ => Ok(()),
    }
}

fn not_empty(outputs: &[Batch]) -> Vec<Batch> {
    outputs.iter().filter(|out| !out.values.is_empty()).cloned().collect()
}

fn not_empty_of(expected: &[Vec<Value>]) -> Vec<Vec<Value>> {
    expected.iter().filter(|values| !values.is_empty()).cloned().collect()
}

fn batches(
    what: &str,
    found: &[Batch],
    expected: &[Vec<Value>],
    in_order: bool,
) -> Result<(), String> {
    let mut wrong = String::new();
    for n in 0..found.len().max(expected.len()) {
        let values = found.get(n).map(|out| &out.values);
        let same = match (values, expected.get(n)) {
            (Some(found), Some(expected)) if in_order => in_order_same(found, expected),
            (Some(found), Some(expected)) => any_order_same(found, expected),
            _ => false,
        };
        if !same {
            let time = found.get(n).map_or(Time::default(), |out| out.time);
            let shown = |values: Option<&Vec<Value>>| match values {
                Some(values) => Value::List(values.clone()).to_string(),
                None => "nothing".into(),
            };
            let (is, wanted) = (shown(values), shown(expected.get(n)));
            let line = format!("\n  {what} {} at {time}: {is}\n    expected: {wanted}", n + 1);
            wrong.write_str(&line).expect("a string can always be written to");
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

fn in_order_same(found: &[Value], expected: &[Value]) -> bool {
    found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| same(a, b, true))
}

/// Whether each value has a partner of its own.
fn any_order_same(found: &[Value], expected: &[Value]) -> bool {
    let mut left: Vec<&Value> = expected.iter().collect();
    let partnered = found.iter().all(|value| {
        let partner = left.iter().position(|expected| same(value, expected, false));
        partner.map(|at| left.swap_remove(at)).is_some()
    });
    partnered && left.is_empty()
}

/// The order of grouped values counts only where that of the records does.
fn same(found: &Value, expected: &Value, in_order: bool) -> bool {
    match (found, expected) {
        (Value::Group(found), Value::List(expected)) if !in_order => {
            any_order_same(found, expected)
        }
        (Value::Group(found) | Value::List(found), Value::List(expected)) => {
            found.len() == expected.len()
                && found.iter().zip(expected).all(|(a, b)| same(a, b, in_order))
        }
        _ => found == expected,
    }
}
