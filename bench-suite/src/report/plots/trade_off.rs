//! What latency costs: each point by its rate and by how late its results are.

use super::{Figures, Picture, SERIES, left_out, sample};
use crate::chart::{Axis as PlotAxis, Plot, Scale};
use crate::report::chapter::{Chapter, title_of, value_text};
use crate::report::figure::{Figure, Percentile, Spread};
use crate::report::spot::Spot;
use crate::series::Axis;

/// A spot, how late its results are, and its rate.
type Dot<'s, 'a> = (&'s Spot<'a>, Spread, Spread);

pub(super) fn figures(chapter: &Chapter<'_>) -> Option<Figures> {
    let lateness = chapter.lateness(Percentile::P99);
    let dots: Vec<Dot<'_, '_>> = chapter
        .spots
        .iter()
        .filter_map(|spot| Some((spot, spot.spread(lateness)?, spot.spread(Figure::Rate)?)))
        .collect();
    if dots.len() < 2 || chapter.is_comparison() || chapter.is_from_memory() {
        return None;
    }
    // Dots are told apart along the first axis, which is the workload where there are several. Rates
    // are told apart by their height.
    let told_apart = chapter.varied.iter().copied().find(|axis| *axis != Axis::Rate);
    let groups = told_apart.map(|axis| groups(chapter, axis)).unwrap_or_default();
    let x = Scale::over(dots.iter().flat_map(|(_, late, _)| [late.least, late.most]));
    let x_name = format!(
        "{} ({}){}",
        match lateness {
            Figure::Latency(_) => "latency of a line, p99",
            _ => "age of the oldest line at its result, p99",
        },
        lateness.unit(),
        if x.is_logarithmic() { ", logarithmic" } else { "" }
    );
    let y = Scale::from_zero(dots.iter().map(|(_, _, rate)| rate.most));
    let [x, y] = [PlotAxis { name: &x_name, scale: x }, PlotAxis { name: "M lines/s", scale: y }];
    let mut plot = Plot::new("rate against latency", x, y, "");
    for (_, late, rate) in &dots {
        plot.line("spread", &[[late.median, rate.least], [late.median, rate.most]]);
        plot.line("spread", &[[late.least, rate.median], [late.most, rate.median]]);
    }
    let look_of = |spot: &Spot<'_>| {
        let group = told_apart.map(|axis| axis.of(spot.point));
        let at = group.and_then(|group| groups.iter().position(|other| *other == group));
        at.unwrap_or(0).min(SERIES - 1)
    };
    for path in paths(chapter, &dots) {
        let look = look_of(path[0].0);
        let values: Vec<[f64; 2]> = path.iter().map(|(_, x, y)| [x.median, y.median]).collect();
        plot.line(&format!("path s{look}"), &values);
    }
    for (spot, late, rate) in &dots {
        let look = look_of(spot);
        let hint = format!(
            "{}: {} M lines/s, {} {} ms. Holds: {}.",
            chapter.full_name_of(spot),
            rate.written(),
            lateness.name(),
            late.written(),
            spot.told()
        );
        let hollow = if spot.holds() { "" } else { " hollow" };
        plot.mark(&format!("dot s{look}{hollow}"), look, [late.median, rate.median], &hint);
    }
    let legend = told_apart.map(|axis| legend(axis, &groups)).unwrap_or_default();
    let picture = Picture::of(String::new(), plot.done());
    Some(Figures {
        title: "Rate against latency: the upper left is where one wants to be".into(),
        note: format!(
            "A mark for each point, at the medians of its runs; the thin lines are their ranges. Hollow \
             marks do not hold in all runs.{}",
            match groups.len() {
                n if n > SERIES => " The last mark of the legend stands for all further values.",
                _ => "",
            }
        ) + &left_out(chapter.spots.len(), dots.len(), "points, those with runs"),
        legend,
        pictures: vec![picture],
    })
}

/// Dots that differ in the rate that was offered alone, from the least to the greatest.
fn paths<'d, 's, 'a>(chapter: &Chapter<'_>, dots: &'d [Dot<'s, 'a>]) -> Vec<Vec<&'d Dot<'s, 'a>>> {
    let others: Vec<Axis> =
        chapter.varied.iter().copied().filter(|axis| *axis != Axis::Rate).collect();
    let mut paths: Vec<Vec<&Dot<'_, '_>>> = Vec::new();
    for dot in dots.iter().filter(|(spot, ..)| Axis::Rate.number_of(spot.point).is_some()) {
        let is_alike = |path: &&mut Vec<&Dot<'_, '_>>| {
            others.iter().all(|axis| axis.of(path[0].0.point) == axis.of(dot.0.point))
        };
        match paths.iter_mut().find(is_alike) {
            Some(path) => path.push(dot),
            None => paths.push(vec![dot]),
        }
    }
    let rate = |dot: &&Dot<'_, '_>| Axis::Rate.number_of(dot.0.point).unwrap_or(0.0);
    paths.iter_mut().for_each(|path| path.sort_by(|a, b| rate(a).total_cmp(&rate(b))));
    paths
}

/// The values along an axis, over all works.
fn groups(chapter: &Chapter<'_>, axis: Axis) -> Vec<Option<String>> {
    let mut groups = Vec::new();
    for value in chapter.works().iter().flat_map(|work| work.values_along(axis)) {
        if !groups.contains(&value) {
            groups.push(value);
        }
    }
    groups
}

fn legend(axis: Axis, groups: &[Option<String>]) -> Vec<(String, String)> {
    let shown = groups.iter().enumerate().take(SERIES);
    let entry = |(look, value): (usize, &Option<String>)| {
        let value = value_text(value.as_deref());
        let name =
            if axis == Axis::Workload { value } else { format!("{} {value}", title_of(axis)) };
        (sample(look), name)
    };
    shown.map(entry).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::report::made::{kept, ran, sweep};
    use crate::series::Point;

    #[test]
    fn each_point_has_a_mark_and_what_does_not_hold_a_hollow_one() {
        let at = |batch_ms| Point { batch_ms, ..Point::default() };
        let runs = vec![
            ran(&at(10), 0, |run| run.job.processing_p95_ms = 15.0),
            ran(&at(1000), 0, |_| ()),
            ran(&at(1000), 1, |run| run.job.lines_per_s = 2e6),
        ];
        let kept = kept(sweep(vec![]), runs);
        let figures = figures(&Chapter::new(Path::new("s"), &kept)).unwrap();
        let svg = &figures.pictures[0].svg;
        assert_eq!((svg.matches("class=\"dot").count(), svg.matches("hollow").count()), (2, 1));
        assert!(
            svg.contains("age of the oldest line at its result, p99 (ms), logarithmic"),
            "{svg}"
        );
        assert!(svg.contains("batch 1s: 1.50 (1.00–2.00) M lines/s"), "{svg}");
        let names: Vec<&str> = figures.legend.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(names, ["batch interval 10ms", "batch interval 1s"]);
    }
}
