//! The original's behaviour, case by case: pipelines, inputs and outputs from the test suites of
//! Apache Spark, run through the public interface under a manual clock.
//!
//! The cases are in `spark_cases.json`, or in the file that `MILLSTREAM_CASES` names; those of its rate
//! estimator and limiter and of its arithmetic of times in `rate_and_time_cases.json`, or in the file that
//! `MILLSTREAM_RATE_CASES` names. Nothing is left out: a field, a step or a function that is not understood
//! fails its case.

mod arguments;
mod arithmetic;
mod build;
mod case;
mod compare;
mod functions;
mod params;
mod pipeline;
mod rates;
mod run;
#[expect(dead_code, reason = "these cases need a part of it")]
#[path = "../model/seed.rs"]
mod seed;
mod state;
mod value;
mod windows;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::{env, fs};

use libtest_mimic::{Conclusion, FormatSetting, Trial};
use serde_json::Value as Json;

use crate::arguments::Asked;
use crate::case::Case;

/// Cases that are kept here, and what names a file that is read instead.
struct Kept {
    file: &'static str,
    other: &'static str,
}

const PIPELINES: Kept = Kept { file: "spark_cases.json", other: "MILLSTREAM_CASES" };
const RATES: Kept = Kept { file: "rate_and_time_cases.json", other: "MILLSTREAM_RATE_CASES" };

fn main() -> ExitCode {
    let asked = Asked::of(env::args_os());
    let (pipelines, rates) = match (PIPELINES.read(), RATES.read()) {
        (Ok(pipelines), Ok(rates)) => (trials(pipelines), rates::trials(rates)),
        (Err(why), _) | (_, Err(why)) => {
            eprintln!("the cases cannot be read: {why}");
            return ExitCode::FAILURE;
        }
    };
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !functions::is_asked_for(panic.payload()) {
            told(panic);
        }
    }));
    let tells = !asked.arguments.list && asked.arguments.format != Some(FormatSetting::Json);
    let (rates, _) = run_asked(&asked, rates);
    let (spark, left_out) = run_asked(&asked, pipelines);
    if tells {
        println!("rate and time: {} passed, {} failed", rates.num_passed, rates.num_failed);
        let skipped = left_out + spark.num_filtered_out + spark.num_ignored;
        let (passed, failed) = (spark.num_passed, spark.num_failed);
        println!("spark: {passed} passed, {failed} failed, {skipped} skipped");
    }
    match spark.has_failed() || rates.has_failed() {
        true => ExitCode::from(101),
        false => ExitCode::SUCCESS,
    }
}

/// Runs the trials that are asked for; also answers how many are not.
fn run_asked(asked: &Asked, mut trials: Vec<Trial>) -> (Conclusion, u64) {
    let all = trials.len();
    trials.retain(|trial| asked.lets_through(trial.name()));
    let left_out = (all - trials.len()) as u64;
    (libtest_mimic::run(&asked.arguments, trials), left_out)
}

impl Kept {
    fn read(&self) -> Result<Json, String> {
        let kept = || {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance");
            PathBuf::from(folder).join(self.file)
        };
        let path = env::var_os(self.other).map_or_else(kept, from_where_cargo_was_called);
        let at = |e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
        let text = fs::read_to_string(&path).map_err(|e| at(&e))?;
        serde_json::from_str(&text).map_err(|e| at(&e))
    }
}

/// Cargo runs tests in their package's folder; a path is meant from where it was called itself.
fn from_where_cargo_was_called(path: OsString) -> PathBuf {
    let called_in = env::var_os("PWD").map(PathBuf::from).unwrap_or_default();
    let there = called_in.join(&path);
    if there.exists() { there } else { path.into() }
}

/// A trial for each case, and one more for each function of the vocabulary that is not known.
fn trials(file: Json) -> Vec<Trial> {
    let vocabulary = file["meta"]["functions"].as_object().into_iter().flatten();
    let unknown = vocabulary.filter(|(name, _)| !functions::is_known(name)).map(|(name, _)| {
        let why = format!("the vocabulary has a function that is not known: {name}");
        Trial::test(format!("meta.functions.{name}"), move || Err(why.into()))
    });
    let cases = file["cases"].as_array().into_iter().flatten().enumerate().map(|(n, case)| {
        let id = case["id"].as_str().map_or_else(|| format!("case {n}"), str::to_owned);
        let case = case.clone();
        Trial::test(id, move || Ok(check(case)?))
    });
    let trials: Vec<Trial> = unknown.chain(cases).collect();
    if trials.is_empty() {
        return vec![Trial::test("cases", || Err("the file has no cases".into()))];
    }
    trials
}

fn check(case: Json) -> Result<(), String> {
    let case: Case = serde_json::from_value(case).map_err(|e| format!("not understood: {e}"))?;
    let program = Arc::new(case.program().map_err(|why| format!("not understood: {why}"))?);
    let outcome = run::run(&case, &program);
    let checked = compare::check(&case, &program, &outcome);
    checked.map_err(|why| format!("{}, {}: {why}", case.suite, case.name))
}
