//! The table of a sweep.

use crate::aligned::aligned_rows;
use crate::series::{Asked, Axis, Point, Run, Series, sustained};
use crate::turns::median;

/// The rows of all points, what the columns mean, and what did not hold.
pub(super) fn summary(series: &Series) -> String {
    let asked = series.asked();
    let varied = asked.varied();
    let mut head: Vec<String> = varied.iter().map(ToString::to_string).collect();
    let latency = if asked.how.stamped { "latency p99" } else { "delay p99" };
    let figures =
        ["M lines/s", "from", "to", "CPU s/M", "p95/interval", latency, "runs", "sustained"];
    head.extend(figures.map(String::from));
    let rows: Vec<Vec<String>> =
        asked.points.iter().map(|point| row(series, point, &varied)).collect();
    aligned_rows(head, &rows, varied.len()) + &fixed(asked, &varied) + &legend(asked)
}

/// What came out, in a line.
pub(super) fn headline(series: &Series) -> String {
    let asked = series.asked();
    let varied = asked.varied();
    let axes: Vec<&str> = varied.iter().map(|axis| axis.name()).collect();
    let of = if axes.is_empty() { String::new() } else { format!(" of {}", axes.join(" x ")) };
    let rate = |point: &Point| median(series.of(point).map(|run| run.job.lines_per_s / 1e6));
    let rated = asked.points.iter().filter_map(|point| Some((rate(point)?, point)));
    let best = rated.max_by(|a, b| a.0.total_cmp(&b.0)).map_or_else(
        || "no run came to anything".into(),
        |(rate, point)| format!("most {rate:.2} M lines/s ({})", point.along(&varied)),
    );
    let never = asked.points.iter().filter(|point| held(series, point) == 0).count();
    format!("{} points{of}: {best}; {never} of them not sustained in any run", asked.points.len())
}

/// How many runs of a point could have gone on for ever.
fn held(series: &Series, point: &Point) -> usize {
    series.of(point).filter(|run| matches!(sustained(point, run, &[]), Ok(Ok(())))).count()
}

fn row(series: &Series, point: &Point, varied: &[Axis]) -> Vec<String> {
    let mut cells: Vec<String> =
        varied.iter().map(|axis| axis.of(point).unwrap_or_else(|| "default".into())).collect();
    let runs: Vec<&Run> = series.of(point).collect();
    let of =
        |figure: &dyn Fn(&Run) -> f64| -> Vec<f64> { runs.iter().map(|run| figure(run)).collect() };
    let cell = |value: Option<f64>, digits: usize, unit: &str| match value {
        Some(value) => format!("{value:.digits$}{unit}"),
        None => "-".into(),
    };
    let rates = of(&|run| run.job.lines_per_s / 1e6);
    let least = rates.iter().copied().reduce(f64::min);
    let most = rates.iter().copied().reduce(f64::max);
    let cost = of(&|run| run.job.cpu_seconds_per_million());
    let share = of(&|run| run.job.processing_p95_ms / point.batch_ms as f64 * 100.0);
    let late = of(&|run| run.latency_p99_ms());
    cells.extend([
        cell(median(rates), 3, ""),
        cell(least, 3, ""),
        cell(most, 3, ""),
        cell(median(cost), 4, ""),
        cell(median(share), 1, " %"),
        cell(median(late), 1, " ms"),
        runs.len().to_string(),
        match held(series, point) {
            0 if runs.is_empty() => "-".into(),
            held if held == runs.len() => "yes".into(),
            0 => "no".into(),
            held => format!("{held} of {}", runs.len()),
        },
    ]);
    cells
}

/// What is the same for all points.
fn fixed(asked: &Asked, varied: &[Axis]) -> String {
    let same: Vec<Axis> = Axis::ALL.into_iter().filter(|axis| !varied.contains(axis)).collect();
    let values = asked.points.first().map_or_else(String::new, |point| point.along(&same));
    format!("\nAll runs: {values}\n")
}

fn legend(asked: &Asked) -> String {
    let latency = if asked.how.stamped {
        "latency p99    from the moment at which a line was due to its batch's result"
    } else {
        "delay p99      from a batch's tick to its result"
    };
    format!(
        "
M lines/s      taken in and processed: the median of the turns, the least, the most
CPU s/M        processor seconds of the workload's process for a million lines
p95/interval   the processing time of 95 % of the batches at most, as a share of the interval
{latency}
sustained      whether it could have gone on for ever: 95 % of the batches within the interval, delays
               that do not grow, all that was offered taken in, and out again
"
    )
}
