//! What a slide of a window costs, for windows that are 1, 10, 100 and 1000 slides long: time, the
//! partial results that enter and leave, and calls of the user's functions.

mod batches;
mod calls;
mod figures;
mod measure;
mod operation;
mod seen;
mod sliding;
mod table;
mod verdict;

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use crate::doctor::Checkup;
use crate::machine::Machine;
use crate::outcome::Outcome;
use crate::results::Kept;

pub(crate) use batches::Batches;
pub(crate) use calls::Calls;
pub(crate) use operation::Operation;
pub(crate) use sliding::Sliding;

/// The version of the raw data's form.
const SCHEMA_VERSION: u32 = 1;

/// The flags of `windows`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// How many slides long the windows are
    #[arg(long, value_name = "N,..", value_delimiter = ',', default_values_t = [1, 10, 100, 1000], value_parser = at_least_one)]
    pub ratios: Vec<usize>,
    /// Slides to measure for each window, once it is full; the longest window's length at least, so
    /// that whatever happens once in a window happens
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = at_least_one)]
    pub slides: usize,
    /// Distinct keys
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = at_least_one)]
    pub keys: usize,
    /// Keys in each batch, drawn from all
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = at_least_one)]
    pub keys_per_batch: usize,
    /// What the batches are made of: the same seed, the same batches
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// How many tasks run at once [default: one for each core]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub parallelism: Option<usize>,
    /// Print all that was measured as JSON
    #[arg(long)]
    pub json: bool,
    /// Where the result's folder is made
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("it must be at least 1".into()),
        Ok(n) => Ok(n),
        Err(e) => Err(e.to_string()),
    }
}

/// All that was measured, as it is kept.
#[derive(Serialize)]
struct Raw<'a> {
    schema_version: u32,
    machine: &'a Machine,
    keys: usize,
    keys_per_batch: usize,
    seed: u64,
    windows: &'a [figures::Figures],
    verdicts: &'a [verdict::Verdict],
}

/// Measures, prints the table and the verdict, and keeps the result. Says whether the run is valid:
/// each window must have given what a recomputation from its batches gives.
pub fn run(options: &Options) -> Result<Outcome> {
    let machine = Machine::here();
    measure::refuse_what_cannot_be(options)?;
    let checkup = Checkup::before_measuring();
    let figures = measure::all(options)?;
    let verdicts = verdict::verdicts(&figures);
    let raw = Raw {
        schema_version: SCHEMA_VERSION,
        machine: &machine,
        keys: options.keys,
        keys_per_batch: options.keys_per_batch,
        seed: options.seed,
        windows: &figures,
        verdicts: &verdicts,
    };
    let summary = format!(
        "{}{}\n{}",
        table::table(&figures),
        checkup.told_behind_a_table(),
        verdict::sentences(&verdicts)
    );
    let kept = Kept {
        name: "windows",
        command: &command(options),
        machine: &machine,
        checkup: &checkup,
        headline: &verdict::headline(&verdicts),
        raw: &raw,
        summary: &summary,
        how: "All windows of an operation took turns, a hundredth of their slides at a time, in one \
              process; batches came from memory, under a clock that was moved by hand.",
    };
    kept.keep_and_print(&options.results, options.json)?;
    Ok(Outcome::valid_if(figures.iter().all(|figures| figures.right)))
}

/// The command that measures the same again.
fn command(options: &Options) -> String {
    let ratios: Vec<String> = options.ratios.iter().map(usize::to_string).collect();
    let parallelism = options.parallelism.map(|tasks| format!(" --parallelism {tasks}"));
    format!(
        "cargo run --release -p bench-suite -- windows --ratios {} --slides {} --keys {} \
         --keys-per-batch {} --seed {}{}",
        ratios.join(","),
        options.slides,
        options.keys,
        options.keys_per_batch,
        options.seed,
        parallelism.unwrap_or_default(),
    )
}
