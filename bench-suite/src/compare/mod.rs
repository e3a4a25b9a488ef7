//! Whether one of two is better: two builds, two configurations, or two results that are kept. The run is
//! the unit, runs are paired, and what counts is processor seconds for a line.

mod operand;
mod pairs;
mod units;
mod told;
mod stored;
mod measure;

use std::time::Duration;

use anyhow::{Result, bail};
use bytesize::ByteSize;
use clap::Args;
use loadgen::time;
use millstream::printable::printable_lines;

use self::operand::Operand;
use self::told::Found;
use crate::interrupt::Interrupt;
use crate::job::{at_least_one, share, some_bytes, some_time, time_to_warm_up};
use crate::machine;
use crate::outcome::{Outcome, refuse};
use crate::report;
use crate::series::{Asked, Axis, Begun, How, Kind, Place, Point, Series, Side};
use crate::stderr;
use crate::stdout;
use crate::sweep::AxisFlags;
use crate::turns::{DEFAULT_LEAST, LEAST_PAIRS, MOST_PAIRS, Verdict, percent};

/// What stands under the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  Whether another build of this program takes more processor seconds for a line of a word count:
    bench-suite compare this ../other/target/release/bench-suite

  Whether two tasks cost more than one:
    bench-suite compare parallelism=1 parallelism=2 --workload key-sum

  How small a difference this machine can show: both sides alike, 200 pairs, cut into 20 sets:
    bench-suite compare this this --pairs 200 --sets 20

  The same with 5 % more work for each line on one side, to see whether it is found:
    bench-suite compare this this --pairs 200 --sets 20 --slow 5%

  Two sweeps that are kept; and what a kept comparison says, where less counts too:
    bench-suite compare results/2026-11-25-amd-epyc-2core-sweep results/2026-11-26-amd-epyc-2core-sweep
    bench-suite compare results/2026-11-26-amd-epyc-2core-comparison --least 1%

Exit codes:
  0  B is better, or no different    1  failed    2  wrong usage, or unlike things
  3  B is worse, on the whole or at a point    5  it cannot be told, or a part of it failed";

/// The flags of `compare`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// A build of this program (its file), `this` one, settings such as parallelism=1,keys=1000, or the
    /// folder of a kept sweep; of a kept comparison, if it stands alone
    #[arg(value_name = "A")]
    pub a: String,
    /// The same: what A is compared with
    #[arg(value_name = "B")]
    pub b: Option<String>,
    /// What both run: at most one value along each axis.
    #[command(flatten)]
    pub axes: AxisFlags,
    /// How many pairs of runs; 8 are the least that can tell sides apart
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = enough_pairs)]
    pub pairs: usize,
    /// How long each run is measured
    #[arg(long = "for", value_name = "TIME", default_value = "2s", value_parser = some_time)]
    pub run_for: Duration,
    /// The size of a batch in memory
    #[arg(long, value_name = "SIZE", default_value = "4MiB", value_parser = some_bytes)]
    pub from_memory: ByteSize,
    /// Over loopback from a load generator, run after run, instead of batches in memory in turn: closer to
    /// what is deployed, and ten times as noisy
    #[arg(long, conflicts_with = "from_memory")]
    pub over_tcp: bool,
    /// With --over-tcp: what comes before a run and is not measured
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = time_to_warm_up)]
    pub warm_up: Duration,
    /// The least difference that counts [default: 3%, or what a kept comparison was made with]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub least: Option<f64>,
    /// Give B so much more work for each line, to see whether it is found
    #[arg(long, value_name = "SHARE", default_value = "0%", value_parser = share, conflicts_with = "over_tcp")]
    pub slow: f64,
    /// Cut the pairs into so many sets, and judge each: with alike sides that gives the noise floor
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub sets: usize,
    /// Compare results of unlike machines or workloads all the same
    #[arg(long)]
    pub unlike: bool,
    /// Print what was found as JSON
    #[arg(long)]
    pub json: bool,
    /// Where it is kept.
    #[command(flatten)]
    pub place: Place,
}

/// Compares, and prints what was found. That B is worse is a regression; that it cannot be told makes the
/// run one that is not valid.
pub fn run(options: &Options) -> Result<Outcome> {
    let operand = |text: &str| Operand::of(text).unwrap_or_else(|reason| refuse(reason));
    let (found, kept) = match (operand(&options.a), options.b.as_deref().map(operand)) {
        (Operand::Stored(folder), None) => (stored::again(options, &folder)?, Ok(())),
        (Operand::Stored(a), Some(Operand::Stored(b))) => (stored::both(options, &a, &b)?, Ok(())),
        (a @ Operand::ToRun { .. }, Some(b @ Operand::ToRun { .. })) => measured(options, [a, b])?,
        (Operand::ToRun { .. }, None) => {
            refuse(format_args!("{} is compared with nothing; give a second one", options.a))
        }
        _ => refuse("a kept result is compared with another one, and what is run with what is run"),
    };
    stdout::print_json_or_text(options.json, &found, printable_lines(&found.told()))?;
    kept?;
    Ok(match found.verdict {
        Verdict::Worse => Outcome::Regression,
        // What is left says nothing of what has failed.
        _ if !found.lost.is_empty() => Outcome::NotValid,
        Verdict::Better | Verdict::NoDifference => Outcome::Good,
        Verdict::Inconclusive => Outcome::NotValid,
    })
}

fn enough_pairs(text: &str) -> Result<usize, String> {
    match at_least_one(text)? {
        pairs if pairs < LEAST_PAIRS => Err(format!(
            "{pairs} pairs cannot tell sides apart, however far these are: give {LEAST_PAIRS} at least"
        )),
        pairs if pairs > MOST_PAIRS => {
            Err(format!("{pairs} pairs are too many to judge: give {MOST_PAIRS} at most"))
        }
        pairs => Ok(pairs),
    }
}

/// Two that are run now, and whether all that is to be read of them could be kept beside the runs.
fn measured(options: &Options, operands: [Operand; 2]) -> Result<(Found, Result<()>)> {
    let common = common(options).unwrap_or_else(|reason| refuse(reason));
    let given: Vec<Axis> = options.axes.given().map(|(axis, _)| axis).collect();
    let mut names = ["A", "B"].into_iter();
    let sides = operands.map(|operand| {
        let slow = if names.len() == 1 { options.slow } else { 0.0 };
        let name = names.next().unwrap_or_default();
        side(name, operand, (&common, &given), slow).unwrap_or_else(|reason| refuse(reason))
    });
    if sides[0].point.workload != sides[1].point.workload && !options.unlike {
        refuse(format_args!(
            "{} and {} do unlike things with a line; give --unlike to compare them all the same",
            sides[0].point.workload.name(),
            sides[1].point.workload.name()
        ));
    }
    let interrupt = Interrupt::listen()?;
    if options.sets > 0 && options.pairs / options.sets < LEAST_PAIRS {
        refuse(format_args!(
            "--sets {}: each set needs {LEAST_PAIRS} pairs, so give --pairs {} at least",
            options.sets,
            options.sets.saturating_mul(LEAST_PAIRS)
        ));
    }
    options.place.check();
    let begun = Begun::now()?;
    let folder = options.place.folder(&begun.machine, "comparison")?;
    let how = How::new(options.run_for, options.warm_up, false);
    let asked = Asked {
        sides: sides.to_vec(),
        least: Some(options.least.unwrap_or(DEFAULT_LEAST)),
        ..Asked::new(Kind::Comparison, command(options), options.pairs, how)
    };
    let mut series = Series::begin(&folder, asked, begun)?;
    measure::all(&mut series, &interrupt)?;
    let failures = series.kept().failures();
    if failures.len() == series.kept().runs.len() {
        bail!("every run failed:\n  {}", failures.join("\n  "));
    }
    let found = stored::of_comparison(options, series.kept());
    let summary = found.told() + &series.kept().begun.checkup.told_behind_a_table();
    stderr::tell(format_args!("kept in {}", folder.display()));
    let kept = report::keep(&series, &found.headline(), &summary, options.place.among());
    Ok((found, kept))
}

/// What both sides run, before their own settings.
fn common(options: &Options) -> Result<Point, String> {
    let mut point = Point::default();
    for (axis, values) in options.axes.given() {
        let [value] = values else {
            return Err(format!(
                "--{axis} {}: both sides run one point; give one value, and what differs as A and B, as \
                 in {axis}={} {axis}={}",
                values.join(","),
                values[0],
                values[1]
            ));
        };
        axis.set(&mut point, value)?;
    }
    point.from_memory_bytes = (!options.over_tcp).then(|| options.from_memory.as_u64());
    Ok(point)
}

fn side(
    name: &str,
    operand: Operand,
    (common, given): (&Point, &[Axis]),
    slow: f64,
) -> Result<Side, String> {
    let Operand::ToRun { build, settings } = operand else {
        return Err("a kept result cannot be run".into());
    };
    let mut point = common.clone();
    settings.iter().try_for_each(|(axis, value)| axis.set(&mut point, value))?;
    let given = given.iter().copied().chain(settings.iter().map(|(axis, _)| *axis));
    let idle = given.filter_map(|axis| point.without_meaning(axis)).next();
    if let Some(reason) = point.refused().or(idle.map(|idle| idle + ", or give --over-tcp")) {
        return Err(reason);
    }
    let program = build.as_deref().map(machine::checksum).transpose();
    let program = program.map_err(|e| format!("{e:#}"))?;
    Ok(Side { name: name.into(), build, program, point, slow })
}

fn command(options: &Options) -> String {
    let mut command = format!("bench-suite compare {}", options.a);
    command += &options.b.as_ref().map_or_else(String::new, |b| format!(" {b}"));
    for (axis, values) in options.axes.given() {
        command += &format!(" --{axis} {}", values.join(","));
    }
    command += &format!(" --pairs {} --for {}", options.pairs, time::written(options.run_for));
    match options.over_tcp {
        true => command += &format!(" --over-tcp --warm-up {}", time::written(options.warm_up)),
        false => command += &format!(" --from-memory {}B", options.from_memory.as_u64()),
    }
    if options.slow > 0.0 {
        command += &format!(" --slow {}%", percent(options.slow));
    }
    if options.sets > 0 {
        command += &format!(" --sets {}", options.sets);
    }
    if let Some(least) = options.least {
        command += &format!(" --least {}%", percent(least));
    }
    if options.unlike {
        command += " --unlike";
    }
    command
}
