//! Runs at every combination of values along some axes, interleaved and repeated, into a series that can
//! be gone on with.

mod flags;
mod grid;
mod plan;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytesize::ByteSize;
use clap::Args;
use loadgen::time;
use millstream::printable::printable_lines;

pub use flags::AxisFlags;

use self::grid::order;
use self::plan::Plan;
use crate::doctor::Checkup;
use crate::interrupt::Interrupt;
use crate::job::{at_least_one, some_bytes, some_time, time_to_warm_up};
use crate::outcome::{Outcome, refuse};
use crate::report;
use crate::results::index;
use crate::series::{Asked, Begun, Done, Kind, Place, Series, TimeLeft, sustained};
use crate::stderr;
use crate::stdout;

/// What stands under the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  Word count in batches of three lengths on one task and on two, three turns of three seconds:
    bench-suite sweep --batch 10ms,100ms,1s --parallelism 1,2

  What latency costs: rates up to the limit, with stamped lines:
    bench-suite sweep --batch 100ms --rate 500k,1M,2M,4M,8M --stamped

  The same from a file:
    bench-suite sweep --plan sweep.toml

  where sweep.toml has
    turns = 3
    for = \"3s\"
    [axes]
    workload = [\"grep\", \"word-count\"]
    batch = [\"100ms\", \"1s\"]
    parallelism = [1, 2]

  One that was stopped half way:
    bench-suite sweep --resume results/2026-11-26-amd-epyc-2core-sweep

Exit codes:
  0  all runs are there    1  some failed, and the others are kept    2  wrong usage";

/// What stands under the help of `run`.
pub(crate) const EXAMPLES_OF_RUN: &str = "\
Examples:
  A word count at two million lines a second in batches of 100 ms, once, for ten seconds:
    bench-suite run --batch 100ms --rate 2M --for 10s

  The same five times, with stamped lines, so that it is known how late their results are:
    bench-suite run --batch 100ms --rate 2M --for 10s --turns 5 --stamped

  The work alone, with no network:
    bench-suite run --workload key-sum --from-memory 4MiB

Exit codes:
  0  all runs are there    1  some failed, and the others are kept    2  wrong usage";

/// The flags of `sweep`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// A file in TOML with axes and settings, instead of flags or beside them
    #[arg(long, value_name = "FILE")]
    pub plan: Option<PathBuf>,
    /// Values along the axes.
    #[command(flatten)]
    pub axes: AxisFlags,
    /// How often each point runs: first all points once, then all again the other way round [default: 3]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub turns: Option<usize>,
    /// How long each run is measured [default: 3s]
    #[arg(long = "for", value_name = "TIME", value_parser = some_time)]
    pub run_for: Option<Duration>,
    /// What comes before that and is not measured, beside the time that a window takes to fill
    /// [default: 1s]
    #[arg(long, value_name = "TIME", value_parser = time_to_warm_up)]
    pub warm_up: Option<Duration>,
    /// Stamp the lines: tell how late the result of each is
    #[arg(long, conflicts_with = "from_memory")]
    pub stamped: bool,
    /// No network: batches of so many bytes, such as 4MiB, that are in memory
    #[arg(long, value_name = "SIZE", value_parser = some_bytes)]
    pub from_memory: Option<ByteSize>,
    /// Where it is kept.
    #[command(flatten)]
    pub place: Place,
    /// Go on with a sweep that was stopped: only runs that are not there, or have failed, are made
    #[arg(long, value_name = "DIR",
          conflicts_with_all = ["plan", "into", "turns", "run_for", "warm_up", "stamped", "from_memory"])]
    pub resume: Option<PathBuf>,
    /// Go on although machine or build are others than those that it was begun with
    #[arg(long, requires = "resume")]
    pub unlike: bool,
}

impl Options {
    /// The same, each point once unless more turns are asked for.
    pub fn in_one_turn(self) -> Self {
        Options { turns: self.turns.or(Some(1)), ..self }
    }
}

/// Runs what is not there yet, prints the table and keeps it. Where runs have failed the others are kept,
/// and that is an error.
pub fn run(options: &Options) -> Result<Outcome> {
    let interrupt = Interrupt::listen()?;
    let mut series = match &options.resume {
        Some(folder) => resumed(options, folder)?,
        None => begun(options)?,
    };
    run_all(&mut series, &interrupt)?;
    let told = report::told(&series);
    let summary = told.text + &series.kept().begun.checkup.told_behind_a_table();
    let kept = report::keep(&series, &told.headline, &summary, index_of(options).as_deref());
    let folder = series.folder().display();
    stdout::print(format_args!("{}\nkept in {folder}", printable_lines(&summary)))
        .with_context(|| format!("the runs are kept in {folder}, but what they say is not told"))?;
    kept?;
    let failures = series.kept().failures();
    if !failures.is_empty() {
        let (runs, them) = match failures.len() {
            1 => ("1 run".into(), "it"),
            several => (format!("{several} runs"), "them"),
        };
        bail!(
            "{runs} came to nothing, and the others are kept; make {them} again with --resume {folder}:\n  {}",
            failures.join("\n  ")
        );
    }
    Ok(Outcome::Good)
}

fn begun(options: &Options) -> Result<Series> {
    let plan = Plan::of(options).unwrap_or_else(|reason| refuse(reason));
    for reason in &plan.grid.left_out {
        stderr::tell(format_args!("left out  {reason}"));
    }
    options.place.check();
    let begun = Begun::now()?;
    let asked = Asked {
        points: plan.grid.points.clone(),
        ..Asked::new(Kind::Sweep, command(&plan, options), plan.turns, plan.how)
    };
    let folder = options.place.folder(&begun.machine, "sweep")?;
    Series::begin(&folder, asked, begun)
}

fn resumed(options: &Options, folder: &Path) -> Result<Series> {
    if options.axes.given().next().is_some() {
        refuse("--resume goes on with what was asked for then; leave the axes out");
    }
    let series = Series::open(folder)?;
    if series.kept().asked.kind != Kind::Sweep {
        bail!("{} holds no sweep", folder.display());
    }
    if let Some(difference) = series.kept().begun.unlike_now()?
        && !options.unlike
    {
        refuse(format_args!(
            "{} was begun where things are unlike: {difference}. Its runs would not compare; give \
             --unlike to go on all the same",
            folder.display()
        ));
    }
    // The state that is kept is that of the beginning; this one is told alone.
    Checkup::before_measuring();
    Ok(series)
}

/// The folder whose index lists the sweep, where it does not lie elsewhere.
fn index_of(options: &Options) -> Option<PathBuf> {
    match options.place.into.as_ref().or(options.resume.as_ref()) {
        None => Some(options.place.results.clone()),
        Some(folder) => index::that_lists(folder, &options.place.results),
    }
}

/// The command that makes a sweep like it.
fn command(plan: &Plan, options: &Options) -> String {
    let mut command = String::from("bench-suite sweep");
    for (axis, values) in plan.axes.iter() {
        command += &format!(" --{axis} {}", values.join(","));
    }
    let how = &plan.how;
    let written = |ms| time::written(Duration::from_millis(ms));
    command += &format!(" --turns {} --for {}", plan.turns, written(how.run_for_ms));
    command += &format!(" --warm-up {}", written(how.warm_up_ms));
    if how.stamped {
        command += " --stamped";
    }
    if let Some(size) = options.from_memory {
        command += &format!(" --from-memory {}B", size.as_u64());
    }
    command
}

fn run_all(series: &mut Series, interrupt: &Interrupt) -> Result<()> {
    let asked = series.kept().asked.clone();
    let varied = asked.varied();
    let to_run: Vec<_> = order(asked.points.len(), asked.turns)
        .filter(|&(at, turn)| !series.kept().has("", &asked.points[at], turn))
        .collect();
    let there = asked.points.len() * asked.turns - to_run.len();
    let time_of = |at: usize| asked.how.time(&asked.points[at]);
    let mut left = TimeLeft::of(to_run.iter().map(|&(at, _)| time_of(at)));
    stderr::tell(format_args!(
        "{} runs, {there} of them there already; about {} for the others. If it is stopped: \
         bench-suite sweep --resume {}",
        asked.points.len() * asked.turns,
        left.told(),
        series.folder().display()
    ));
    for (number, &(at, turn)) in to_run.iter().enumerate() {
        let point = &asked.points[at];
        let outcome = asked.how.run(None, point).map_err(|e| format!("{e:#}"));
        if interrupt.is_there() {
            bail!(
                "stopped; {} runs are kept in {dir}: go on with --resume {dir}",
                series.kept().runs.len(),
                dir = series.folder().display()
            );
        }
        left.one_is_done(time_of(at));
        let told = match &outcome {
            Ok(run) => format!(
                "{:.3} M lines/s, {}",
                run.job.lines_per_s / 1e6,
                match sustained(point, run, &[])? {
                    Ok(()) => "sustained".to_string(),
                    Err(reason) => reason.to_string(),
                }
            ),
            Err(reason) => format!("failed: {reason}"),
        };
        series.add(Done { side: String::new(), point: point.clone(), turn, outcome })?;
        // Of one point alone there is nothing to tell apart.
        let name = match varied.is_empty() {
            true => String::new(),
            false => format!("  {}", point.along(&varied)),
        };
        stderr::tell(format_args!(
            "{}/{}  turn {}{name}: {told}  ({} left)",
            there + number + 1,
            asked.points.len() * asked.turns,
            turn + 1,
            left.told()
        ));
    }
    Ok(())
}
