//! How late the result of a record is, by batch interval: from the moment at which it was due to the
//! one at which its result is out.

mod measure;
mod table;

pub(crate) use measure::{Run, one};

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use loadgen::Schedule;
use serde::Serialize;

use crate::doctor::Checkup;
use crate::job::{Workload, at_least_one, interval};
use crate::machine::Machine;
use crate::outcome::Outcome;
use crate::results::Kept;
use loadgen::time;

/// The version of the raw data's form.
const SCHEMA_VERSION: u32 = 1;

/// The flags of `latency`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// What is done with the lines
    #[arg(long, value_name = "WORKLOAD", default_value = "word-count")]
    pub workload: Workload,
    /// Batch intervals
    #[arg(long, value_name = "TIME,..", value_delimiter = ',', default_value = "1s,100ms,10ms", value_parser = interval)]
    pub batch: Vec<millstream::Duration>,
    /// Lines per second over all connections, or another schedule
    #[arg(long, value_name = "RATE", default_value = "100k")]
    pub rate: Schedule,
    /// Connections between load and workload, each with a receiver of its own
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = at_least_one)]
    pub connections: usize,
    /// How long each run sends
    #[arg(long = "for", value_name = "TIME", default_value = "20s", value_parser = longer_than_warm_up)]
    pub run_for: Duration,
    /// How often each batch interval is measured; they take turns
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = at_least_one)]
    pub runs: usize,
    /// Print all that was measured as JSON
    #[arg(long)]
    pub json: bool,
    /// Where the result's folder is made
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
}

/// What of each run is not measured: the first batches make the tables.
const WARM_UP: Duration = Duration::from_secs(2);

fn longer_than_warm_up(text: &str) -> Result<Duration, String> {
    let given = humantime::parse_duration(text).map_err(|e| e.to_string())?;
    if given <= WARM_UP {
        return Err(format!("{text} is too short: {WARM_UP:?} of it warm up; give more"));
    }
    Ok(given)
}

/// Measures, prints the table and keeps the result. A run is valid if every record came once, the
/// generator held its schedule, and both saw the same clock.
pub fn run(options: &Options) -> Result<Outcome> {
    let machine = Machine::here();
    let checkup = Checkup::before_measuring();
    let runs = measure::all(options)?;
    let table = table::table(&runs) + &checkup.told_behind_a_table();
    let raw = Raw { schema_version: SCHEMA_VERSION, machine: &machine, runs: &runs };
    let kept = Kept {
        name: "latency",
        command: &command(options),
        machine: &machine,
        checkup: &checkup,
        headline: &table::headline(&runs),
        raw: &raw,
        summary: &table,
        how: "Load generator and workload ran as processes of their own on the same machine, over \
              loopback; the batch intervals took turns.",
    };
    kept.keep_and_print(&options.results, options.json)?;
    Ok(Outcome::valid_if(runs.iter().all(|run| run.reason_not_valid().is_none())))
}

/// The command that measures the same again.
fn command(options: &Options) -> String {
    let batch: Vec<String> =
        options.batch.iter().map(|batch| format!("{}ms", batch.as_millis())).collect();
    format!(
        "cargo run --release -p bench-suite -- latency --workload {} --batch {} --rate {} \
         --connections {} --for {} --runs {}",
        options.workload.name(),
        batch.join(","),
        options.rate,
        options.connections,
        time::written(options.run_for),
        options.runs,
    )
}

/// All that was measured, as it is kept.
#[derive(Serialize)]
struct Raw<'a> {
    schema_version: u32,
    machine: &'a Machine,
    runs: &'a [measure::Run],
}
