//! The benchmark of a few minutes: what this machine does with three workloads at full load, beside its
//! roof, and what batch interval, parallelism and window do to that.

mod settings;
mod measure;
mod table;
mod verdict;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use crate::doctor::Checkup;
use crate::outcome::Outcome;
use crate::results::Kept;
use loadgen::time;

/// The version of the raw data's form.
const SCHEMA_VERSION: u32 = 1;

/// The flags of the quick benchmark.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// How long each workload runs
    #[arg(long = "for", value_name = "TIME", default_value = "9s", value_parser = at_least_four_seconds)]
    pub run_for: Duration,
    /// Connections between load and workload, each with a receiver of its own
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub connections: usize,
    /// Distinct words in the lines
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub vocabulary: usize,
    /// Where the result's folder is made
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            run_for: Duration::from_secs(9),
            connections: 2,
            vocabulary: 10_000,
            results: PathBuf::from("results"),
        }
    }
}

/// Two batches are not counted, and two are the least to count.
fn at_least_four_seconds(text: &str) -> Result<Duration, String> {
    let given = humantime::parse_duration(text).map_err(|e| e.to_string())?;
    if given < Duration::from_secs(4) {
        return Err(format!(
            "{text} is too short: with batches of a second it must be at least 4s"
        ));
    }
    Ok(given)
}

/// Measures, prints the table and the verdict, and keeps the result. Says whether the run is valid:
/// engine and bare loops must have found the same.
pub fn run(options: &Options) -> Result<Outcome> {
    let checkup = Checkup::before_measuring();
    let measured = measure::all(options)?;
    let tables = table::tables(&measured);
    let verdict = verdict::verdict(&measured);
    let summary = format!("{tables}{}\n{verdict}", checkup.told_behind_a_table());
    let kept = Kept {
        name: "quick",
        command: &format!(
            "cargo run --release -p bench-suite -- quick --for {} --connections {} --vocabulary {}",
            time::written(options.run_for),
            options.connections,
            options.vocabulary,
        ),
        machine: &measured.machine,
        checkup: &checkup,
        headline: &verdict::headline(&measured),
        raw: &Raw { schema_version: SCHEMA_VERSION, measured: &measured },
        summary: &summary,
        how: "Load generator and workload ran as processes of their own on the same machine, over \
              loopback.",
    };
    kept.keep_and_print(&options.results, false)?;
    Ok(Outcome::valid_if(measured.rows.iter().all(|row| row.right)))
}

/// All that was measured, as it is kept.
#[derive(Serialize)]
struct Raw<'a> {
    schema_version: u32,
    #[serde(flatten)]
    measured: &'a measure::Measured,
}
