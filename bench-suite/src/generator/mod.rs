//! What the load generator can do: whether it holds its rates, how late its lines are, and how near
//! it comes to a bare sender.

mod measure;
mod table;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use loadgen::Schedule;
use serde::Serialize;

use crate::job::at_least_one;
use crate::machine::Machine;
use crate::outcome::Outcome;
use crate::results::Kept;
use crate::time;

/// The version of the raw data's form.
const SCHEMA_VERSION: u32 = 1;

/// The flags of `generator`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Rates to hold, one after the other
    #[arg(long, value_name = "RATE,..", value_delimiter = ',', default_value = "100k,2M")]
    pub rates: Vec<Schedule>,
    /// How long each is held
    #[arg(long = "for", value_name = "TIME", default_value = "30s", value_parser = at_least_two_seconds)]
    pub run_for: Duration,
    /// How often generator and bare sender take turns at full speed
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = at_least_one)]
    pub turns: usize,
    /// Connections to the reader, which does nothing but read
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = at_least_one)]
    pub connections: usize,
    /// Print all that was measured as JSON
    #[arg(long)]
    pub json: bool,
    /// Where the result's folder is made
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
}

fn at_least_two_seconds(text: &str) -> Result<Duration, String> {
    let given = humantime::parse_duration(text).map_err(|e| e.to_string())?;
    if given < Duration::from_secs(2) {
        return Err(format!("{text} is too short: it must be at least 2s"));
    }
    Ok(given)
}

/// Measures, prints the tables and keeps the result. It is valid if every rate was held.
pub fn run(options: &Options) -> Result<Outcome> {
    let machine = Machine::here();
    let measured = measure::all(options)?;
    let table = table::table(&measured);
    let raw = Raw { schema_version: SCHEMA_VERSION, machine: &machine, measured: &measured };
    if options.json {
        println!("{}", serde_json::to_string(&raw).context("the figures have no odd keys")?);
    } else {
        println!("{table}");
    }
    let rates: Vec<String> = options.rates.iter().map(Schedule::to_string).collect();
    let kept = Kept {
        name: "generator",
        command: &format!(
            "cargo run --release -p bench-suite -- generator --rates {} --for {} --turns {} \
             --connections {}",
            rates.join(","),
            time::written(options.run_for),
            options.turns,
            options.connections,
        ),
        machine: &machine,
        raw: &raw,
        summary: &table,
        how: "Generator, bare sender and reader ran as processes of their own on the same machine, \
              over loopback; at full speed generator and bare sender took turns.",
    };
    let folder = kept.keep(&options.results)?;
    eprintln!("kept in {}", folder.display());
    Ok(Outcome::valid_if(measured.held.iter().all(|done| done.sent.valid)))
}

/// All that was measured, as it is kept.
#[derive(Serialize)]
struct Raw<'a> {
    schema_version: u32,
    machine: &'a Machine,
    #[serde(flatten)]
    measured: &'a measure::Measured,
}
