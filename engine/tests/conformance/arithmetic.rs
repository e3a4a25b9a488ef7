//! The arithmetic of times and lengths of time, through the public types.

use millstream::{Time, millis, mins, secs};
use serde_json::{Value as Json, json};

use crate::params::Params;

const LEFT: [&str; 6] = ["a", "left", "duration", "time", "start", "value"];
const RIGHT: [&str; 8] = ["b", "right", "other", "that", "duration", "step", "time", "times"];
const COUNT: [&str; 4] = ["n", "a", "value", "times"];

/// What an operation gives, in milliseconds where it is a time.
pub(crate) fn value_of(op: &str, mut params: Params) -> Result<Json, String> {
    let (kind, name) = op.split_once('.').ok_or_else(|| format!("not understood: op {op}"))?;
    let value = match kind {
        "duration" => of_durations(name, &mut params)?,
        "time" => of_times(name, &mut params)?,
        _ => None,
    };
    let value = value.ok_or_else(|| format!("not understood: op {op}"))?;
    params.end()?;
    Ok(value)
}

/// One of the orders, by any of its names; nothing where it is none.
fn compared<T: PartialOrd>(name: &str, a: T, b: T) -> Option<Json> {
    let holds = match name {
        "lt" | "less" => a < b,
        "lteq" | "le" | "lte" | "lessEq" => a <= b,
        "gt" | "greater" => a > b,
        "gteq" | "ge" | "gte" | "greaterEq" => a >= b,
        "eq" | "equals" => a == b,
        "ne" | "notEquals" => a != b,
        _ => return None,
    };
    Some(json!(holds))
}

fn of_durations(name: &str, params: &mut Params) -> Result<Option<Json>, String> {
    let made = |n: Option<i64>| match n {
        Some(n) => u64::try_from(n).map_err(|_| format!("{n} is negative")),
        None => Err("n is missing".to_owned()),
    };
    let made = match name {
        "milliseconds" | "millis" => Some(millis(made(params.whole(&COUNT)?)?)),
        "seconds" | "secs" => Some(secs(made(params.whole(&COUNT)?)?)),
        "minutes" | "mins" => Some(mins(made(params.whole(&COUNT)?)?)),
        _ => None,
    };
    if let Some(made) = made {
        return Ok(Some(json!(made.as_millis())));
    }
    let a = params.duration(&LEFT)?;
    let alone = match name {
        "isZero" => Some(json!(a == millis(0))),
        "toString" => Some(json!(a.to_string())),
        "toMillis" => Some(json!(a.as_millis())),
        _ => None,
    };
    if alone.is_some() {
        return Ok(alone);
    }
    if let "times" | "mul" = name {
        let n = params.whole(&["b", "times", "n", "by"])?.ok_or("b is missing")?;
        return Ok(Some(json!((a * n).as_millis())));
    }
    let b = params.duration(&RIGHT)?;
    Ok(match name {
        "plus" | "add" => Some(json!((a + b).as_millis())),
        "minus" | "sub" => Some(json!((a - b).as_millis())),
        "div" => Some(json!(a / b)),
        "isMultipleOf" => Some(json!(a.is_multiple_of(b))),
        "min" => Some(json!(a.min(b).as_millis())),
        "max" => Some(json!(a.max(b).as_millis())),
        _ => compared(name, a, b),
    })
}

fn of_times(name: &str, params: &mut Params) -> Result<Option<Json>, String> {
    let listed = |times: &mut dyn Iterator<Item = Time>| {
        Some(json!(times.map(Time::as_millis).collect::<Vec<_>>()))
    };
    let time = params.time(&["time", "a", "left", "start", "from"])?;
    let has_duration = params.has(&["duration", "step"]);
    const STEP: [&str; 4] = ["step", "interval", "duration", "b"];
    const END: [&str; 4] = ["end", "to", "that", "until"];
    Ok(match name {
        "floor" => {
            let step = params.duration(&STEP)?;
            let zero = params.whole(&["zero", "zeroTime", "zero_time"])?.map(Time::from_millis);
            let floor = zero.map_or_else(|| time.floor(step), |zero| time.floor_from(step, zero));
            Some(json!(floor.as_millis()))
        }
        "until" => listed(&mut time.until(params.time(&END)?, params.duration(&STEP)?)),
        "to" => listed(&mut time.to(params.time(&END)?, params.duration(&STEP)?)),
        "isMultipleOf" => Some(json!(time.is_multiple_of(params.duration(&RIGHT)?))),
        "plus" | "add" => Some(json!((time + params.duration(&RIGHT)?).as_millis())),
        // The difference of two times, and a time less a length, have one value in milliseconds.
        "minus" | "sub" if has_duration => {
            Some(json!((time - params.duration(&RIGHT)?).as_millis()))
        }
        "minus" | "sub" | "minusTime" => Some(json!((time - params.time(&RIGHT)?).as_millis())),
        "minusDuration" => Some(json!((time - params.duration(&RIGHT)?).as_millis())),
        "min" => Some(json!(time.min(params.time(&RIGHT)?).as_millis())),
        "max" => Some(json!(time.max(params.time(&RIGHT)?).as_millis())),
        "toString" => Some(json!(time.to_string())),
        _ => compared(name, time, params.time(&RIGHT)?),
    })
}
