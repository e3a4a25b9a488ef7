//! The highest rate that one configuration sustains, as a bracket: the highest rate that held, the lowest
//! that failed, and why it failed.

mod bracket;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use loadgen::{Objective, Schedule, time};
use serde::Serialize;

use self::bracket::Bracket;
use crate::interrupt::Interrupt;
use crate::job::{Summary, share, some_time, time_to_warm_up};
use crate::outcome::{Outcome, refuse};
use crate::report;
use crate::series::{
    Asked, Axis, Begun, Done, How, Kind, Place, Point, Series, Unsustained, sustained,
};
use crate::sweep::AxisFlags;
use crate::turns::percent;
use crate::{stderr, stdout};

/// The version of the outcome's JSON form.
const SCHEMA_VERSION: u32 = 1;

/// A machine that does something else for a moment is no reason to call a rate too high: it has failed
/// when it has failed so often.
const ATTEMPTS: usize = 2;

/// The first rate that is tried, as a share of what is taken in when all is offered that can be.
const FIRST_SHARE: f64 = 0.9;

/// What stands under the help.
pub(crate) const EXAMPLES: &str = "\
A rate is sustained if 95 % of the batches are done within the batch interval, if the scheduling delay does
not grow, if all that is offered is taken in, if all of it comes out, and if the objectives are met.

Examples:
  How many lines a second a word count in batches of 100 ms can be given:
    bench-suite search --workload word-count --batch 100ms

  The same where the results of 99 % of the lines must be there within a quarter of a second:
    bench-suite search --workload word-count --batch 100ms --stamped --objective 'latency.p99<250ms'

  Whether the search is right, with a workload of which the limit is known, 0.5 M lines/s:
    bench-suite search --workload busy-wait --parallelism 1

Exit codes:
  0  a bracket was found    1  no rate held, or a run failed    2  wrong usage
  5  the load generator did not keep up, so the engine's limit is not known";

/// The flags of `search`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// The configuration: at most one value along each axis, and no rate.
    #[command(flatten)]
    pub axes: AxisFlags,
    /// What else must hold, such as total_delay.p99<1s or, with --stamped, latency.p99<250ms; may be
    /// repeated
    #[arg(long = "objective", value_name = "FIGURE<BOUND")]
    pub objectives: Vec<Objective>,
    /// Stamp the lines, so that there are latencies to bound
    #[arg(long)]
    pub stamped: bool,
    /// How far the bracket's ends may lie apart
    #[arg(long, value_name = "SHARE", default_value = "5%", value_parser = share)]
    pub within: f64,
    /// The first rate to try [default: somewhat less than what is taken in when all is offered that can
    /// be]
    #[arg(long, value_name = "RATE")]
    pub from: Option<Schedule>,
    /// How long each run is measured
    #[arg(long = "for", value_name = "TIME", default_value = "4s", value_parser = some_time)]
    pub run_for: Duration,
    /// What comes before that and is not measured, beside the time that a window takes to fill
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = time_to_warm_up)]
    pub warm_up: Duration,
    /// Print the outcome as JSON
    #[arg(long)]
    pub json: bool,
    /// Where it is kept.
    #[command(flatten)]
    pub place: Place,
}

/// What a search has found.
#[derive(Clone, Debug, Serialize)]
struct Found {
    schema_version: u32,
    /// Lines a second; nothing where no rate held.
    held_lines_per_s: Option<f64>,
    /// Lines a second; nothing where none failed.
    failed_lines_per_s: Option<f64>,
    /// Why, in a sentence.
    reason: Option<String>,
    /// Whether it was the load generator, and not the engine, that did not keep up.
    generator_was_the_limit: bool,
    /// How many runs it took.
    runs: usize,
    configuration: String,
    /// The folder with the runs.
    kept_in: PathBuf,
}

/// Searches, prints the bracket and keeps the runs. Where it is the generator that did not keep up the
/// figures say nothing of the engine: the run is not valid. Where no rate held that is a failure.
pub fn run(options: &Options) -> Result<Outcome> {
    let point = configuration(&options.axes).unwrap_or_else(|reason| refuse(reason));
    let how = How::new(options.run_for, options.warm_up, options.stamped);
    // A figure that there is not is told before anything runs.
    let figures = Summary::default().figures();
    for objective in &options.objectives {
        objective.judge(&figures).unwrap_or_else(|e| refuse(e));
    }
    let first = options.from.as_ref().map(|rate| rate_of(&point, rate));
    let first = first.transpose().unwrap_or_else(|reason| refuse(reason));
    let of_lines = options.objectives.iter().find(|o| o.figure().contains("latency."));
    if let Some(objective) = of_lines.filter(|_| !options.stamped) {
        refuse(format_args!(
            "--objective {objective}: only stamped lines have a latency; give --stamped too"
        ));
    }
    options.place.check();
    let interrupt = Interrupt::listen()?;
    let begun = Begun::now()?;
    let folder = options.place.folder(&begun.machine, "search")?;
    let asked = Asked {
        points: vec![point.clone()],
        objectives: options.objectives.clone(),
        ..Asked::new(Kind::Search, command(&point, options), ATTEMPTS, how)
    };
    let mut search = Search { series: Series::begin(&folder, asked, begun)?, options, interrupt };
    let found = search
        .find(first)
        .with_context(|| format!("the search ended; its runs are kept in {}", folder.display()))?;
    let summary = told(&found) + &search.series.kept().begun.checkup.told_behind_a_table();
    let kept = report::keep(&search.series, &headline(&found), &summary, options.place.among());
    stderr::tell(format_args!("kept in {}", folder.display()));
    stdout::print_json_or_text(options.json, &found, &summary)?;
    kept?;
    match (&found.held_lines_per_s, found.generator_was_the_limit) {
        (_, true) => Ok(Outcome::NotValid),
        (None, false) => bail!(
            "no rate held, down to {}: {}; the runs are kept in {}",
            rate(found.failed_lines_per_s),
            found.reason.as_deref().unwrap_or("nothing was tried"),
            folder.display()
        ),
        (Some(_), false) => Ok(Outcome::Good),
    }
}

/// At full offer unless a rate is set: one value along each axis.
fn configuration(axes: &AxisFlags) -> Result<Point, String> {
    let mut point = Point::default();
    for (axis, values) in axes.given() {
        match (axis, values) {
            (Axis::Rate, _) => {
                return Err("the rate is what is searched for; leave --rate out".into());
            }
            (_, [value]) => axis.set(&mut point, value)?,
            _ => {
                return Err(format!(
                    "--{axis} {}: a search is of one configuration; give one value, or use sweep",
                    values.join(",")
                ));
            }
        }
    }
    point.refused().map_or(Ok(point), Err)
}

fn rate_of(point: &Point, rate: &Schedule) -> Result<f64, String> {
    let point = Point { rate: rate.to_string(), ..point.clone() };
    Axis::Rate.number_of(&point).ok_or_else(|| format!("--from {rate}: it must be a steady rate"))
}

fn command(point: &Point, options: &Options) -> String {
    let configured = Axis::ALL.into_iter().filter(|axis| *axis != Axis::Rate);
    let mut command = String::from("bench-suite search");
    for (axis, value) in configured.filter_map(|axis| Some((axis, axis.of(point)?))) {
        command += &format!(" --{axis} {value}");
    }
    for objective in &options.objectives {
        command += &format!(" --objective '{objective}'");
    }
    command += &format!(" --for {}", time::written(options.run_for));
    command += &format!(" --warm-up {}", time::written(options.warm_up));
    command += &format!(" --within {}%", percent(options.within));
    if let Some(from) = &options.from {
        command += &format!(" --from {from}");
    }
    if options.stamped {
        command += " --stamped";
    }
    command
}

struct Search<'a> {
    series: Series,
    options: &'a Options,
    interrupt: Interrupt,
}

impl Search<'_> {
    fn find(&mut self, first: Option<f64>) -> Result<Found> {
        let configuration = self.series.kept().asked.points[0].clone();
        let first = match first {
            Some(first) => first,
            None => FIRST_SHARE * self.all_that_can_be(&configuration)?,
        };
        let mut bracket = Bracket::new(self.options.within, configuration.batch_ms);
        let mut why = None;
        while let Some(lines_per_s) = bracket.next(first) {
            let rate = Schedule::constant(lines_per_s).to_string();
            let judged = self.judged(&Point { rate, ..configuration.clone() })?;
            bracket.tried(lines_per_s, judged.is_ok());
            if let Err(reason) = judged {
                why = Some(reason);
            }
        }
        let generator_was_the_limit = matches!(why, Some(Unsustained::GeneratorLate { .. }));
        Ok(Found {
            schema_version: SCHEMA_VERSION,
            held_lines_per_s: bracket.held,
            failed_lines_per_s: bracket.failed,
            reason: why.map(|why| why.to_string()),
            generator_was_the_limit,
            runs: self.series.kept().runs.len(),
            configuration: told_configuration(&configuration),
            kept_in: self.series.folder().to_path_buf(),
        })
    }

    /// What is taken in when all is offered that can be.
    fn all_that_can_be(&mut self, point: &Point) -> Result<f64> {
        let run = self.run(point, 0)?;
        stderr::tell(format_args!("offered all: {:.4} M lines/s are taken in", run / 1e6));
        Ok(run)
    }

    /// Runs a rate until it has held, or has failed as often as it may.
    fn judged(&mut self, point: &Point) -> Result<Result<(), Unsustained>> {
        let mut judged = Ok(());
        for attempt in 0..ATTEMPTS {
            self.run(point, attempt)?;
            let run =
                self.series.kept().of(point).last().context("the run that is over is there")?;
            judged = match sustained(point, run, &self.options.objectives) {
                Ok(judged) => judged,
                Err(e) => refuse(e),
            };
            let told =
                judged.as_ref().map_or_else(|why| format!("failed: {why}"), |()| "held".into());
            stderr::tell(format_args!("{} lines/s: {told}", point.rate));
            if judged.is_ok() {
                break;
            }
        }
        Ok(judged)
    }

    /// Lines a second that a run took in; the run is kept, also where it came to nothing.
    fn run(&mut self, point: &Point, turn: usize) -> Result<f64> {
        let outcome = self.series.kept().asked.how.run(None, point);
        if self.interrupt.is_there() {
            bail!("stopped; the runs so far are kept in {}", self.series.folder().display());
        }
        let lines_per_s = outcome.as_ref().map_or(0.0, |run| run.job.lines_per_s);
        let failure = outcome.as_ref().err().map(|e| format!("{e:#}"));
        let outcome = outcome.map_err(|e| format!("{e:#}"));
        self.series.add(Done { side: String::new(), point: point.clone(), turn, outcome })?;
        match failure {
            None => Ok(lines_per_s),
            Some(reason) => bail!("a run at {} lines/s came to nothing: {reason}", point.rate),
        }
    }
}

fn told_configuration(point: &Point) -> String {
    let axes: Vec<Axis> = Axis::ALL.into_iter().filter(|axis| *axis != Axis::Rate).collect();
    point.along(&axes)
}

/// The bracket in a line.
fn headline(found: &Found) -> String {
    let (held, failed) = (rate(found.held_lines_per_s), rate(found.failed_lines_per_s));
    format!("{held} held, {failed} did not ({})", found.configuration)
}

/// A low one in lines, for of a million there is nothing left of it.
fn rate(lines_per_s: Option<f64>) -> String {
    match lines_per_s {
        None => "nothing".into(),
        Some(rate) if rate < 1e4 => format!("{rate:.0} lines/s"),
        Some(rate) => format!("{:.4} M lines/s", rate / 1e6),
    }
}

fn told(found: &Found) -> String {
    let mut text = format!("{}\n", found.configuration);
    text += &format!("held    {}\n", rate(found.held_lines_per_s));
    text += &format!("failed  {}", rate(found.failed_lines_per_s));
    if let Some(reason) = &found.reason {
        text += &format!(": {reason}");
    }
    if found.generator_was_the_limit {
        text += "\nSo this is the load generator's limit beside the engine on this machine, and the \
                 engine's lies above it.";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::given;

    fn configured(flags: &str) -> Result<Point, String> {
        configuration(&given::<Options>(flags.split_whitespace()).unwrap().axes)
    }

    #[test]
    fn a_configuration_is_one_point_without_a_rate() {
        let point = configured("--workload grep --batch 100ms --parallelism 1").unwrap();
        assert_eq!((point.batch_ms, point.parallelism), (100, Some(1)));
        assert!(configured("--batch 1s,2s").unwrap_err().contains("give one value"));
        assert!(configured("--rate 5k").unwrap_err().contains("leave --rate out"));
        assert!(configured("--batch 1s --block 300ms").unwrap_err().contains("no multiple"));
        assert!(rate_of(&point, &"max".parse().unwrap()).unwrap_err().contains("steady"));
        assert_eq!(rate_of(&point, &"5k".parse().unwrap()), Ok(5000.0));
    }
}
