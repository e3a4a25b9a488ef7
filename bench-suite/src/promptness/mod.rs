//! How soon after its tick the result of a batch is out: of an empty batch, of the shortest batches
//! there are, and of short batches at a high rate. Each figure stands beside what it is to be.

mod figures;
mod measure;
mod table;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde::Serialize;

pub use figures::{Figure, Figures};
pub use measure::measure;

use crate::doctor::Checkup;
use crate::job::at_least_one;
use crate::machine::Machine;
use crate::outcome::Outcome;
use crate::results::Kept;
use loadgen::time;

/// The version of the raw data's form.
const SCHEMA_VERSION: u32 = 1;

/// The flags of `promptness`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// How long batches under load are measured in each run
    #[arg(long = "for", value_name = "TIME", default_value = "60s", value_parser = at_least_three_seconds)]
    pub run_for: Duration,
    /// How many batches without records are measured in each run
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = at_least_one)]
    pub empty_batches: usize,
    /// How often everything is measured, in turns
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = at_least_one)]
    pub runs: usize,
    /// Print all that was measured as JSON
    #[arg(long)]
    pub json: bool,
    /// Where the result's folder is made
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            run_for: Duration::from_secs(60),
            empty_batches: 2000,
            runs: 3,
            json: false,
            results: PathBuf::from("results"),
        }
    }
}

pub(crate) fn at_least_three_seconds(text: &str) -> Result<Duration, String> {
    let given = humantime::parse_duration(text).map_err(|e| e.to_string())?;
    if given < Duration::from_secs(3) {
        return Err(format!("{text} is too short: it must be at least 3s"));
    }
    Ok(given)
}

/// Measures, prints the table and keeps the result. It is valid if the generator held its rates and
/// every stamped line came.
pub fn run(options: &Options) -> Result<Outcome> {
    let machine = Machine::here();
    let checkup = Checkup::before_measuring();
    let figures = measure(options)?;
    let judged = figures.judged();
    let table = table::table(&judged, &figures) + &checkup.told_behind_a_table();
    let raw =
        Raw { schema_version: SCHEMA_VERSION, machine: &machine, judged: &judged, runs: &figures };
    let kept = Kept {
        name: "promptness",
        command: &command(options),
        machine: &machine,
        checkup: &checkup,
        headline: &table::headline(&judged),
        raw: &raw,
        summary: &table,
        how: "Load generator, engine and bare timer ran as processes of their own on the same \
              machine, over loopback, the timer beside the batches that it is compared with.",
    };
    kept.keep_and_print(&options.results, options.json)?;
    Ok(match (figures.reason_not_valid(), judged.iter().all(Figure::is_met)) {
        (Some(_), _) => Outcome::NotValid,
        (None, true) => Outcome::Good,
        (None, false) => Outcome::ObjectiveMissed,
    })
}

/// The command that measures the same again.
fn command(options: &Options) -> String {
    format!(
        "cargo run --release -p bench-suite -- promptness --for {} --empty-batches {} --runs {}",
        time::written(options.run_for),
        options.empty_batches,
        options.runs,
    )
}

/// All that was measured, as it is kept.
#[derive(Serialize)]
struct Raw<'a> {
    schema_version: u32,
    machine: &'a Machine,
    judged: &'a [Figure],
    #[serde(flatten)]
    runs: &'a Figures,
}
