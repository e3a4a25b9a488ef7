//! What more tasks bring, beside what would be ideal.

use super::{Figures, Picture, SERIES, left_out, sample, spread_over};
use crate::chart::{Axis as PlotAxis, Plot, Scale, digits};
use crate::report::chapter::Chapter;
use crate::report::figure::{Figure, Percentile};
use crate::report::spot::Spot;
use crate::series::Axis;

/// As many lines can be told apart at their right ends.
const MOST_LINES: usize = 5;

/// Longer names of lines stand above the plot, not beside their ends.
const LONGEST_NAME: usize = 18;

/// Points that differ in their parallelism alone: how often the work of the first of them each does.
struct Line {
    name: String,
    values: Vec<(usize, f64, String)>,
}

pub(super) fn figures(chapter: &Chapter<'_>) -> Option<Figures> {
    if !chapter.varied.contains(&Axis::Parallelism) || chapter.is_comparison() {
        return None;
    }
    let mut lines = lines(chapter);
    lines.sort_by(|a, b| last(b).total_cmp(&last(a)));
    let all: Vec<&Line> = lines.iter().collect();
    let shown = spread_over(&all, MOST_LINES.min(SERIES));
    let tasks: Vec<usize> = shown.iter().flat_map(|line| line.values.iter().map(|v| v.0)).collect();
    let [fewest, most] = [*tasks.iter().min()?, *tasks.iter().max()?];
    let ideal = most as f64 / fewest as f64;
    let values = shown.iter().flat_map(|line| line.values.iter().map(|value| value.1));
    let longest = shown.iter().map(|line| line.name.as_str()).max_by_key(|name| name.len())?;
    let x = Scale::marked(tasks.iter().map(|tasks| *tasks as f64));
    let axes = [
        PlotAxis { name: "parallelism (tasks at once)", scale: x },
        PlotAxis { name: "times as fast", scale: Scale::from_zero(values.chain([ideal])) },
    ];
    let [x, y] = axes;
    let are_beside = longest.len() <= LONGEST_NAME;
    let longest = if are_beside && longest.len() > "ideal".len() { longest } else { "ideal" };
    let mut plot = Plot::new("scaling with parallelism", x, y, longest);
    plot.line("ideal", &[[fewest as f64, 1.0], [most as f64, ideal]]);
    plot.name("faint", ideal, "ideal");
    for (look, line) in shown.iter().enumerate() {
        let values: Vec<[f64; 2]> = line.values.iter().map(|v| [v.0 as f64, v.1]).collect();
        plot.line(&format!("line s{look}"), &values);
        for (tasks, times, hint) in &line.values {
            plot.mark(&format!("dot s{look}"), look, [*tasks as f64, *times], hint);
        }
        if are_beside {
            plot.name(&format!("name s{look}"), last(line), &line.name);
        }
    }
    let best = shown.first()?;
    Some(Figures {
        title: match best.name.is_empty() {
            true => format!(
                "{most} tasks are {} times as fast as {fewest}; {} times would be ideal",
                digits(last(best)),
                digits(ideal)
            ),
            false => format!(
                "{most} tasks are {} to {} times as fast as {fewest}; {} times would be ideal",
                digits(shown.last().map_or(1.0, |line| last(line))),
                digits(last(best)),
                digits(ideal)
            ),
        },
        note: format!(
            "{}, in medians of all runs.{}",
            match figure_of(chapter) {
                Figure::Rate => "By the rate",
                _ => "Rates were set, so it is by the processing time of batches at p50",
            },
            left_out(lines.len(), shown.len(), "lines, from the best to the worst")
        ),
        legend: if are_beside { Vec::new() } else { legend(&shown) },
        pictures: vec![Picture::of(String::new(), plot.done())],
    })
}

fn legend(lines: &[&Line]) -> Vec<(String, String)> {
    let entry = |(look, line): (usize, &&Line)| (sample(look), line.name.clone());
    lines.iter().enumerate().map(entry).collect()
}

fn last(line: &Line) -> f64 {
    line.values.last().map_or(1.0, |value| value.1)
}

/// What gets better: the rate, or where rates were set the time that a batch takes.
fn figure_of(chapter: &Chapter<'_>) -> Figure {
    match chapter.is_rate_set() {
        true => Figure::Processing(Percentile::P50),
        false => Figure::Rate,
    }
}

fn lines(chapter: &Chapter<'_>) -> Vec<Line> {
    let figure = figure_of(chapter);
    let others: Vec<Axis> =
        chapter.varied.iter().copied().filter(|axis| *axis != Axis::Parallelism).collect();
    let mut groups: Vec<Vec<&Spot<'_>>> = Vec::new();
    for spot in chapter.spots.iter().filter(|spot| spot.point.parallelism.is_some()) {
        let is_alike = |group: &&mut Vec<&Spot<'_>>| {
            others.iter().all(|axis| axis.of(group[0].point) == axis.of(spot.point))
        };
        match groups.iter_mut().find(is_alike) {
            Some(group) => group.push(spot),
            None => groups.push(vec![spot]),
        }
    }
    let line = |mut group: Vec<&Spot<'_>>| {
        group.retain(|spot| spot.median(figure).is_some_and(|value| value > 0.0));
        group.sort_by_key(|spot| spot.point.parallelism);
        let first = group.first()?.median(figure)?;
        let value = |spot: &&Spot<'_>| {
            let value = spot.median(figure)?;
            let times = if figure == Figure::Rate { value / first } else { first / value };
            let hint = format!("{}: {}.", chapter.full_name_of(spot), figure.written(value));
            Some((spot.point.parallelism?, times, hint))
        };
        let values: Vec<_> = group.iter().filter_map(value).collect();
        let name = group[0].point.along(&others).replace("workload ", "");
        (values.len() > 1).then_some(Line { name, values })
    };
    groups.into_iter().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::report::made::{kept, ran, sweep};
    use crate::series::Point;

    #[test]
    fn speed_is_counted_from_the_fewest_tasks() {
        let run = |batch_ms, parallelism, lines_per_s| {
            let point = Point { batch_ms, parallelism: Some(parallelism), ..Point::default() };
            ran(&point, 0, |run| run.job.lines_per_s = lines_per_s)
        };
        let runs = vec![run(100, 2, 3e6), run(100, 1, 2e6), run(1000, 1, 2e6), run(1000, 2, 3.8e6)];
        let kept = kept(sweep(vec![]), runs);
        let figures = figures(&Chapter::new(Path::new("s"), &kept)).unwrap();
        let title = "2 tasks are 1.50 to 1.90 times as fast as 1; 2.00 times would be ideal";
        assert_eq!(figures.title, title);
        let svg = &figures.pictures[0].svg;
        assert!(svg.contains(">batch 1s<") && svg.contains(">ideal<"), "{svg}");
        assert_eq!(svg.matches("class=\"dot").count(), 4);
    }
}
