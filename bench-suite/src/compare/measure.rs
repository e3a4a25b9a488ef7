//! Runs both sides of a comparison, pair by pair.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use loadgen::time;

use crate::interrupt::Interrupt;
use crate::job::Summary;
use crate::part::TurnTaker;
use crate::series::{Done, How, Run, Series, Side, TimeLeft};
use crate::stderr;

/// What starting a side takes.
const TO_START: Duration = Duration::from_millis(300);

/// Runs all pairs. A pair of which a side fails is told and left out, and the others go on.
pub(super) fn all(series: &mut Series, interrupt: &Interrupt) -> Result<()> {
    let asked = series.kept().asked.clone();
    let [a, b] = &asked.sides[..] else { bail!("a comparison has two sides") };
    let from_memory = a.point.from_memory_bytes.is_some();
    let expected = match from_memory {
        true => 2 * (Duration::from_millis(asked.how.run_for_ms) + TO_START),
        false => asked.how.time(&a.point) + asked.how.time(&b.point),
    };
    let mut left = TimeLeft::of(std::iter::repeat_n(expected, asked.turns));
    stderr::tell(format_args!("{} pairs of runs, about {}", asked.turns, left.told()));
    for turn in 0..asked.turns {
        // Whoever comes first finds the machine otherwise than the other, so they take turns in it.
        let order = if turn % 2 == 0 { [a, b] } else { [b, a] };
        let runs =
            if from_memory { in_step(&asked.how, order) } else { one_by_one(&asked.how, order) };
        if interrupt.is_there() {
            bail!(
                "stopped; {turn} pairs are kept in {dir}: bench-suite compare {dir} tells what they say",
                dir = series.folder().display()
            );
        }
        left.one_is_done(expected);
        let told = told(&order, &runs);
        for (side, outcome) in order.into_iter().zip(runs) {
            let outcome = outcome.map_err(|e| format!("{e:#}"));
            let point = side.point.clone();
            series.add(Done { side: side.name.clone(), point, turn, outcome })?;
        }
        stderr::tell(format_args!("{}/{}  {told}  ({} left)", turn + 1, asked.turns, left.told()));
    }
    Ok(())
}

fn told(order: &[&Side; 2], runs: &[Result<Run>; 2]) -> String {
    let of = |side: &Side, run: &Result<Run>| match run {
        Ok(run) => format!("{} {:.4} CPU s/M", side.name, run.job.cpu_seconds_per_million()),
        Err(e) => format!("{} failed: {e:#}", side.name),
    };
    let [first, second] = [0, 1].map(|at| of(order[at], &runs[at]));
    format!("{first}, {second}")
}

fn one_by_one(how: &How, order: [&Side; 2]) -> [Result<Run>; 2] {
    order.map(|side| how.run(side.build.as_deref(), &side.point))
}

/// Runs both at the same time, and lets them work in turn, a batch each: whatever the machine does for
/// longer than a batch it does to both.
fn in_step(how: &How, order: [&Side; 2]) -> [Result<Run>; 2] {
    match try_in_step(how, order) {
        Ok(runs) => runs.map(Ok),
        Err((at, e)) => {
            let mut runs = [0, 1].map(|_| Err(e_of_the_other(order[at])));
            runs[at] = Err(e);
            runs
        }
    }
}

fn e_of_the_other(failed: &Side) -> anyhow::Error {
    anyhow::anyhow!("the other side of its pair, {}, failed", failed.name)
}

fn try_in_step(how: &How, order: [&Side; 2]) -> Result<[Run; 2], (usize, anyhow::Error)> {
    let started = |at: usize| start(how, order[at]).map_err(|e| (at, e));
    let mut sides = [started(0)?, started(1)?];
    let until = Instant::now() + 2 * Duration::from_millis(how.run_for_ms);
    let mut turn = 0;
    while turn == 0 || Instant::now() < until {
        for at in if turn % 2 == 0 { [0, 1] } else { [1, 0] } {
            sides[at].take_turn().map_err(|e| (at, e))?;
        }
        turn += 1;
    }
    let [first, second] = sides;
    let ended = |at: usize, side: TurnTaker| {
        let job: Summary = side.end().map_err(|e| (at, e))?;
        Ok(Run { job, load: None })
    };
    Ok([ended(0, first)?, ended(1, second)?])
}

fn start(how: &How, side: &Side) -> Result<TurnTaker> {
    let mut flags = side.point.flags_from_memory().context("its batches are in memory")?;
    // It ends when there are no more turns; the time is one that it does not come to.
    let time = time::written(Duration::from_millis(how.run_for_ms.saturating_mul(100)));
    flags.extend(["--in-turns".into(), "--for".into(), time]);
    flags.extend(["--slow".into(), format!("{}%", side.slow * 100.0)]);
    let name = format!("{} of side {}", side.point.workload.name(), side.name);
    let started = TurnTaker::start(&name, side.build.as_deref(), &flags);
    started.with_context(|| match &side.build {
        Some(build) => format!(
            "{} could not be run in turns with the other; where it is too old for that, give --over-tcp",
            build.display()
        ),
        None => "it could not be run in turns with the other".into(),
    })
}
