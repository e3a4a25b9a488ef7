//! The cases of the rate estimator, of the rate limiter, and of times: what one says, and whether it holds.

use std::panic::catch_unwind;
use std::time::Duration as StdDuration;

use libtest_mimic::Trial;
use millstream::rate::{Pid, RateEstimator, RateLimiter};
use millstream::{Duration, Time};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value as Json;

use crate::arithmetic;
use crate::params::Params;
use crate::seed::Random;

/// A case. Fields that only inform are named, so that every other one is refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(rename = "id")]
    _id: String,
    suite: String,
    name: String,
    op: String,
    params: Json,
    compare: Compare,
    #[serde(default)]
    calls: Option<Vec<Call>>,
    #[serde(default)]
    generator: Option<Generator>,
    #[serde(default)]
    properties: Vec<String>,
    #[serde(default)]
    expected_limit: Json,
    #[serde(default)]
    expected_value: Json,
    #[serde(default)]
    expect_error: Option<IgnoredAny>,
    #[serde(default)]
    input: Json,
    #[serde(default)]
    expected: Json,
    #[serde(default, rename = "note")]
    _note: IgnoredAny,
    #[serde(default, rename = "deviation")]
    _deviation: IgnoredAny,
    #[serde(default, rename = "spark_expected")]
    _spark_expected: IgnoredAny,
    #[serde(default, rename = "source_file")]
    _source_file: IgnoredAny,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Compare {
    Scenario,
    Property,
    Error,
}

/// A batch that the estimator is told of.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    time_ms: i64,
    elements: i64,
    processing_ms: f64,
    scheduling_ms: f64,
    expected: Option<f64>,
}

/// Batches that are drawn at random.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Generator {
    calls: usize,
    time_step_ms: i64,
    elements: Json,
    processing_ms: Json,
    scheduling_ms: Json,
}

/// A trial for each case.
pub(crate) fn trials(file: Json) -> Vec<Trial> {
    let cases = file["cases"].as_array().into_iter().flatten().enumerate().map(|(n, case)| {
        let id = case["id"].as_str().map_or_else(|| format!("case {n}"), str::to_owned);
        let case = case.clone();
        Trial::test(id, move || Ok(check(case)?))
    });
    let trials: Vec<Trial> = cases.collect();
    match trials.is_empty() {
        true => vec![Trial::test("rate and time cases", || Err("the file has no cases".into()))],
        false => trials,
    }
}

fn check(case: Json) -> Result<(), String> {
    let case: Case = serde_json::from_value(case).map_err(|e| format!("not understood: {e}"))?;
    let (suite, name) = (case.suite.clone(), case.name.clone());
    holds(case).map_err(|why| format!("{suite}, {name}: {why}"))
}

fn holds(case: Case) -> Result<(), String> {
    if case.input != Json::Null || case.expected != Json::Null {
        return Err("not understood: input and expected are for pipelines".into());
    }
    if (case.compare == Compare::Error) != case.expect_error.is_some() {
        return Err("an error is expected where it is compared, and nowhere else".into());
    }
    if (case.compare == Compare::Property) != case.generator.is_some() {
        return Err("properties are of what is generated, and of nothing else".into());
    }
    let params = Params::of(case.params.clone())?;
    match case.op.as_str() {
        "pid.new" => of_construction(&case, params),
        "pid.compute" => of_estimates(&case, params),
        "rateLimiter.updateRate" => of_limits(&case, params),
        _ => of_arithmetic(&case, params),
    }
}

// ---- the estimator ----

/// How an estimator is made; the outer error is one of the case.
type Made = Result<millstream::Result<RateEstimator>, String>;

fn estimator(mut params: Params) -> Made {
    let interval = params.duration(&["batch_ms"])?;
    let default = Pid::default();
    let mut constant =
        |name, default| params.number(&[name]).map(|given: Option<f64>| given.unwrap_or(default));
    let pid = Pid {
        proportional: constant("proportional", default.proportional)?,
        integral: constant("integral", default.integral)?,
        derivative: constant("derivative", default.derivative)?,
        min_rate: constant("min_rate", default.min_rate)?,
    };
    params.end()?;
    Ok(RateEstimator::new(interval, pid))
}

fn of_construction(case: &Case, params: Params) -> Result<(), String> {
    match (estimator(params)?, case.compare) {
        (Err(_), Compare::Error) | (Ok(_), Compare::Scenario) => Ok(()),
        (Err(e), _) => Err(format!("refused: {e}")),
        (Ok(_), _) => Err("not refused".into()),
    }
}

fn of_estimates(case: &Case, params: Params) -> Result<(), String> {
    let made = estimator(params)?;
    let mut estimator = match (made, case.compare) {
        (Err(_), Compare::Error) => return Ok(()),
        (Ok(_), Compare::Error) => return Err("not refused".into()),
        (Err(e), _) => return Err(format!("refused: {e}")),
        (Ok(estimator), _) => estimator,
    };
    if let Some(generator) = &case.generator {
        let min_rate = case.params["min_rate"].as_f64().unwrap_or(Pid::default().min_rate);
        for seed in 1..=20 {
            generator.holds(&case.properties, estimator.clone(), min_rate, seed)?;
        }
        return Ok(());
    }
    let calls = case.calls.as_deref().filter(|calls| !calls.is_empty()).ok_or("no calls")?;
    for (n, call) in calls.iter().enumerate() {
        let at = Time::from_millis(call.time_ms);
        let rate = estimator.after_batch(at, call.elements, call.processing_ms, call.scheduling_ms);
        let same = match (rate, call.expected) {
            (Some(rate), Some(expected)) => is_close(rate, expected),
            (rate, expected) => rate == expected,
        };
        if !same {
            return Err(format!("call {n} gives {rate:?}, not {:?}", call.expected));
        }
    }
    Ok(())
}

fn is_close(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

impl Generator {
    fn holds(
        &self,
        properties: &[String],
        mut estimator: RateEstimator,
        min_rate: f64,
        seed: u64,
    ) -> Result<(), String> {
        if properties.is_empty() {
            return Err("no properties".into());
        }
        let mut random = Random::new(seed);
        for n in 0..self.calls {
            let at = Time::default() + Duration::from_millis(self.time_step_ms) * n as i64;
            let elements = drawn(&self.elements, &mut random)?;
            let processing = drawn(&self.processing_ms, &mut random)?;
            let scheduling = drawn(&self.scheduling_ms, &mut random)?;
            let rate = estimator.after_batch(at, elements as i64, processing, scheduling);
            for property in properties {
                let holds = match (property.as_str(), rate) {
                    ("first result is none", rate) => n > 0 || rate.is_none(),
                    ("every later result is present", rate) => n == 0 || rate.is_some(),
                    (
                        "result strictly below elements/processing*1000 whenever scheduling > 0",
                        rate,
                    ) => rate.is_none_or(|rate| {
                        scheduling <= 0.0 || rate < elements / processing * 1000.0
                    }),
                    ("result >= min rate", rate) => rate.is_none_or(|rate| rate >= min_rate),
                    _ => return Err(format!("not understood: property {property:?}")),
                };
                if !holds {
                    return Err(format!("{property}: not of call {n}, which gives {rate:?}"));
                }
            }
        }
        Ok(())
    }
}

/// A number as it stands, or drawn as `uniform integer A..B` says, both ends included.
fn drawn(what: &Json, random: &mut Random) -> Result<f64, String> {
    if let Some(number) = what.as_f64() {
        return Ok(number);
    }
    let ends = what.as_str().and_then(|text| text.strip_prefix("uniform integer "));
    let ends = ends.and_then(|ends| ends.split_once(".."));
    let ends = ends.and_then(|(a, b)| Some((a.parse::<usize>().ok()?, b.parse::<usize>().ok()?)));
    let (first, last) = ends.ok_or_else(|| format!("not understood: {what} to draw"))?;
    Ok((first + random.below(last + 1 - first)) as f64)
}

// ---- the limiter ----

fn of_limits(case: &Case, mut params: Params) -> Result<(), String> {
    let now = StdDuration::ZERO;
    let mut limiter = RateLimiter::new(params.number(&["max_rate"])?.unwrap_or(0.0));
    if let Some(initial) = params.number(&["initial_rate"])? {
        limiter.set_limit(initial, now);
    }
    let updates = params.list("update_to").ok_or("update_to is missing")?;
    params.end()?;
    for update in updates {
        let rate = update.as_f64().ok_or_else(|| format!("{update} is no rate"))?;
        limiter.set_limit(rate, now);
    }
    // Where there is no limit, the original has the greatest number that there is.
    let expected = case.expected_limit.as_f64().filter(|limit| *limit < i64::MAX as f64);
    match limiter.limit() == expected {
        true => Ok(()),
        false => Err(format!("the limit is {:?}, not {expected:?}", limiter.limit())),
    }
}

// ---- times ----

fn of_arithmetic(case: &Case, params: Params) -> Result<(), String> {
    let op = case.op.clone();
    // What divides by zero panics.
    let value = catch_unwind(move || arithmetic::value_of(&op, params));
    let value = match (value, case.compare) {
        (Err(_), Compare::Error) => return Ok(()),
        (Err(_), _) => return Err("it panicked".into()),
        (Ok(value), Compare::Error) => return Err(format!("not refused: {:?}", value?)),
        (Ok(value), _) => value?,
    };
    let same = match (value.as_f64(), case.expected_value.as_f64()) {
        (Some(value), Some(expected)) => is_close(value, expected),
        _ => value == case.expected_value,
    };
    match same && case.expected_value != Json::Null {
        true => Ok(()),
        false => Err(format!("it gives {value}, not {}", case.expected_value)),
    }
}
