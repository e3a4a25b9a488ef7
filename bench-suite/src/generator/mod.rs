//! What the load generator can do: whether it holds its rates, how late its lines are, and how near
//! it comes to a bare sender.

mod measure;
mod table;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use loadgen::{Pace, Schedule};
use serde::Serialize;

use crate::doctor::Checkup;
use crate::job::at_least_one;
use crate::machine::Machine;
use crate::outcome::Outcome;
use crate::results::Kept;
use loadgen::time;

/// The version of the raw data's form.
const SCHEMA_VERSION: u32 = 1;

/// The flags of `generator`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// A rate to hold, or another schedule; may be repeated, and each is held after the other
    #[arg(long = "rate", value_name = "RATE", default_values = ["100k", "2M"], value_parser = rate_to_hold)]
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

fn rate_to_hold(text: &str) -> Result<Schedule, String> {
    let schedule: Schedule = text.parse().map_err(|e: loadgen::Error| e.to_string())?;
    if schedule.pace == Pace::Max {
        return Err(
            "there is no rate to hold; full speed is measured in any case, in --turns with \
                    a bare sender"
                .into(),
        );
    }
    Ok(schedule)
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
    let checkup = Checkup::before_measuring();
    let measured = measure::all(options)?;
    let table = table::table(&measured) + &checkup.told_behind_a_table();
    let raw = Raw { schema_version: SCHEMA_VERSION, machine: &machine, measured: &measured };
    let kept = Kept {
        name: "generator",
        command: &command(options),
        machine: &machine,
        checkup: &checkup,
        headline: &table::headline(&measured),
        raw: &raw,
        summary: &table,
        how: "Generator, bare sender and reader ran as processes of their own on the same machine, \
              over loopback; at full speed generator and bare sender took turns.",
    };
    kept.keep_and_print(&options.results, options.json)?;
    Ok(Outcome::valid_if(measured.held.iter().all(|done| done.sent.valid)))
}

/// The command that measures the same again.
fn command(options: &Options) -> String {
    let rates: String = options.rates.iter().map(|rate| format!(" --rate {rate}")).collect();
    format!(
        "cargo run --release -p bench-suite -- generator{rates} --for {} --turns {} \
         --connections {}",
        time::written(options.run_for),
        options.turns,
        options.connections,
    )
}

/// All that was measured, as it is kept.
#[derive(Serialize)]
struct Raw<'a> {
    schema_version: u32,
    machine: &'a Machine,
    #[serde(flatten)]
    measured: &'a measure::Measured,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::given;

    fn options(flags: &str) -> Result<Options, clap::Error> {
        given(flags.split_whitespace())
    }

    #[test]
    fn the_command_that_is_kept_measures_the_same() {
        for (flags, rates) in [
            ("", "--rate 100k --rate 2M"),
            ("--rate steps:10k,20k/1s --for 90s", "--rate steps:10k,20k/1s"),
            ("--rate 5 --rate poisson:1.5k --turns 2", "--rate 5 --rate poisson:1.5k"),
        ] {
            let asked = options(flags).unwrap();
            let command = command(&asked);
            let (_, kept) = command.split_once(" generator ").unwrap();
            assert!(kept.starts_with(&format!("{rates} --for ")), "{kept}");
            let kept = options(kept).unwrap();
            assert_eq!(
                (kept.rates, kept.run_for, kept.turns, kept.connections),
                (asked.rates, asked.run_for, asked.turns, asked.connections)
            );
        }
    }

    #[test]
    fn full_speed_is_no_rate_to_hold() {
        for rate in ["max", "0"] {
            let refusal = options(&format!("--rate {rate}")).unwrap_err();
            assert_eq!(refusal.exit_code(), 2);
            assert!(refusal.to_string().contains("there is no rate to hold"), "{refusal}");
        }
    }
}
