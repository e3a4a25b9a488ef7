//! How near the engine comes to the machine: work by work, its rate beside that of the best bare loop
//! over the same bytes, in turn, and whether that is near enough. Beside it stands what else the engine
//! is held to: how late short batches are, what memory it takes, and what was found against Spark.

mod run;
mod rows;
mod verdict;
mod figures;
mod measure;
mod table;
mod limits;
mod spark;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};
use bytesize::ByteSize;
use clap::Args;
use serde::Serialize;

use crate::doctor::Checkup;
use crate::job::{at_least_one, size};
use crate::machine::Machine;
use crate::outcome::Outcome;
use crate::promptness;
use crate::results::Kept;
use crate::stderr;
use crate::turns::{Order, Plan};
use figures::Figures;
use limits::Limits;
use loadgen::time;
use rows::{Row, Setting};
use spark::AgainstSpark;
use verdict::Said;

/// The version of the raw data's form.
const SCHEMA_VERSION: u32 = 1;

/// What stands under the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  Every row and every limit, which takes some forty minutes on a machine that does nothing else:
    bench-suite roofline

  Two rows, more often and for longer, for a program to read:
    bench-suite roofline --rows grep-tcp,word-count --turns 15 --for 8s --json

Exit codes:
  0  no row and no limit has missed its target    1  failed    2  wrong usage
  4  a row or a limit has missed its target
  5  two sides found different results, or short batches could not be judged";

/// The flags of `roofline`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Which rows; with some of them alone, short batches, memory and Spark are left out [default: all]
    #[arg(long, value_name = "ROW,..", value_delimiter = ',', value_parser = rows::names())]
    pub rows: Vec<String>,
    /// How often each side of a row runs; below six nothing is judged
    #[arg(long, value_name = "N", default_value_t = 9, value_parser = at_least_one)]
    pub turns: usize,
    /// Who comes first in a turn
    #[arg(long, value_name = "ORDER", value_enum, default_value_t)]
    pub order: Order,
    /// How much of each run is measured
    #[arg(long = "for", value_name = "TIME", default_value = "4s", value_parser = at_least_a_second)]
    pub run_for: Duration,
    /// How long short batches are measured, each of three times, where all rows are
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = promptness::at_least_three_seconds)]
    pub promptness_for: Duration,
    /// Connections of a row over TCP, each with a receiver of its own
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = at_least_one)]
    pub connections: usize,
    /// The size of a batch of a row from memory, of some rows a multiple; much more than the cache
    /// holds
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = batch_size)]
    pub batch_size: ByteSize,
    /// Print all that was measured as JSON
    #[arg(long)]
    pub json: bool,
    /// Where the result's folder is made
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
}

fn at_least_a_second(text: &str) -> Result<Duration, String> {
    let given = humantime::parse_duration(text).map_err(|e| e.to_string())?;
    if given < Duration::from_secs(1) {
        return Err(format!(
            "{text} is too short: a batch over TCP takes a second; give 1s or more"
        ));
    }
    Ok(given)
}

fn batch_size(text: &str) -> Result<ByteSize, String> {
    let size = size(text)?;
    let (least, most) = (ByteSize::mib(1), ByteSize::gib(1));
    if !(least..=most).contains(&size) {
        return Err(format!(
            "a batch of {text} is not possible: it must lie between 1MiB and 1GiB"
        ));
    }
    Ok(size)
}

/// All that was measured, as it is kept.
#[derive(Serialize)]
struct Raw<'a> {
    schema_version: u32,
    machine: &'a Machine,
    turns: usize,
    order: Order,
    setting: &'a Setting,
    rows: &'a [Figures],
    limits: Option<&'a Limits>,
    against_spark: Option<&'a AgainstSpark>,
}

/// Measures, prints the table and the verdicts, and keeps the result. The run is valid if the two
/// sides of every row have found the same; it fails where nothing could be found out of a row.
pub fn run(options: &Options) -> Result<Outcome> {
    let machine = Machine::here();
    let setting = Setting {
        connections: options.connections,
        batch_bytes: options.batch_size.as_u64() as usize,
        run_for: options.run_for,
    };
    let plan = Plan { turns: options.turns, order: options.order };
    let is_asked_for =
        |row: &&Row| options.rows.is_empty() || options.rows.iter().any(|name| name == row.name);
    let rows: Vec<&Row> = rows::all().filter(is_asked_for).collect();
    let everything = options.rows.is_empty();
    // What cannot be read is told before anything is measured.
    let against_spark = match everything {
        true => AgainstSpark::last(&options.results, &machine.short_name())?,
        false => None,
    };
    let checkup = Checkup::before_measuring();
    let figures = measure::all(&rows, &setting, plan, &machine.short_name());
    let promptness = promptness::Options {
        run_for: options.promptness_for,
        results: options.results.clone(),
        ..promptness::Options::default()
    };
    // Where they fail, what was found before is kept all the same.
    let limits = everything.then(|| limits::measure(&promptness)).transpose();
    if let Err(e) = &limits {
        stderr::tell(format_args!("bench-suite: the limits could not be measured: {e:#}"));
    }
    let measured_limits = limits.as_ref().ok().and_then(Option::as_ref);
    let raw = Raw {
        schema_version: SCHEMA_VERSION,
        machine: &machine,
        turns: options.turns,
        order: options.order,
        setting: &setting,
        rows: &figures,
        limits: measured_limits,
        against_spark: against_spark.as_ref(),
    };
    let mut summary = format!(
        "{}{}\n{}",
        table::table(&figures),
        checkup.told_behind_a_table(),
        table::sentences(&figures)
    );
    let beside =
        [measured_limits.map(Limits::told), against_spark.as_ref().map(AgainstSpark::told)];
    for told in beside.iter().flatten() {
        summary += &format!("\n\n{}", told.trim_end());
    }
    let kept = Kept {
        name: "roofline",
        command: &command(options),
        machine: &machine,
        checkup: &checkup,
        headline: &table::headline(&figures),
        raw: &raw,
        summary: &summary,
        how: "The two sides of a row took turns, each in a process of its own, but for windows; over \
              TCP with a load generator beside it on the same machine.",
    };
    kept.keep_and_print(&options.results, options.json)?;
    outcome(&figures, limits?.as_ref())
}

fn outcome(figures: &[Figures], limits: Option<&Limits>) -> Result<Outcome> {
    let of = |said| figures.iter().find(|row| row.verdict.said == said);
    if of(Said::Wrong).is_some() {
        return Ok(Outcome::NotValid);
    }
    if let Some(row) = of(Said::Failed) {
        bail!("{}: {}; its failures are told above", row.row, row.verdict.reason);
    }
    if limits.is_some_and(|limits| limits.not_valid.is_some()) {
        return Ok(Outcome::NotValid);
    }
    let met = of(Said::NotMet).is_none() && limits.is_none_or(Limits::are_met);
    Ok(if met { Outcome::Good } else { Outcome::ObjectiveMissed })
}

/// The command that measures the same again.
fn command(options: &Options) -> String {
    let order = match options.order {
        Order::Alternating => "",
        Order::Mirrored => " --order mirrored",
    };
    // With some rows alone, short batches are not measured.
    let (rows, promptness) = match &options.rows[..] {
        [] => {
            let promptness = time::written(options.promptness_for);
            (String::new(), format!(" --promptness-for {promptness}"))
        }
        rows => (format!(" --rows {}", rows.join(",")), String::new()),
    };
    format!(
        "cargo run --release -p bench-suite -- roofline{rows} --turns {}{order} --for {}{promptness} \
         --connections {} --batch-size {}B",
        options.turns,
        time::written(options.run_for),
        options.connections,
        options.batch_size.as_u64(),
    )
}
