//! How late results are, in percentiles, along an axis; everything else is the same.

use super::{Figures, Picture, left_out};
use crate::chart::{Axis as PlotAxis, Plot, Scale};
use crate::report::chapter::{Chapter, Work, title_of, value_text};
use crate::report::figure::{Figure, Percentile};
use crate::report::spot::Spot;
use crate::series::Axis;

/// More pictures than this are no overview.
const MOST_PICTURES: usize = 4;

pub(super) fn figures(chapter: &Chapter<'_>) -> Option<Figures> {
    if chapter.is_comparison() || chapter.is_from_memory() {
        return None;
    }
    // The batch interval, or else the first that says how.
    let settings = chapter.settings();
    let axis =
        settings.contains(&Axis::Batch).then_some(Axis::Batch).or(settings.first().copied())?;
    let works = chapter.works();
    let mut pictures: Vec<Picture> =
        works.iter().filter_map(|work| picture(chapter, work, axis)).collect();
    let all = pictures.len();
    pictures.truncate(MOST_PICTURES);
    let what = match chapter.delay(Percentile::P50) {
        Figure::Latency(_) => "Latency of lines, from when each was due until its result was out,",
        _ => "Total delay of batches, what they waited and took,",
    };
    (!pictures.is_empty()).then(|| Figures {
        title: format!("{what} by {}", title_of(axis)),
        note: format!(
            "Medians of all runs, in milliseconds; everything else is the same, and such that the rate is \
             highest.{}",
            left_out(all, pictures.len(), "pictures")
        ),
        legend: Vec::new(),
        pictures,
    })
}

fn picture(chapter: &Chapter<'_>, work: &Work<'_, '_>, axis: Axis) -> Option<Picture> {
    let of_stamps = matches!(chapter.delay(Percentile::P50), Figure::Latency(_));
    let second = if of_stamps { Percentile::P90 } else { Percentile::P95 };
    let percentiles = [Percentile::P50, second, Percentile::P99, Percentile::Max];
    let figures = percentiles.map(|percentile| chapter.delay(percentile));
    let spots = along(chapter, work, axis);
    if spots.len() < 2 {
        return None;
    }
    let names: Vec<String> =
        spots.iter().map(|spot| value_text(axis.of(spot.point).as_deref())).collect();
    let medians = figures.map(|figure| {
        let values = spots.iter().enumerate();
        let values = values.filter_map(|(n, spot)| Some([n as f64, spot.median(figure)?]));
        values.collect::<Vec<[f64; 2]>>()
    });
    let y = Scale::over(medians.iter().flatten().map(|[_, value]| *value));
    let y_name = if y.is_logarithmic() { "ms (logarithmic)" } else { "ms" };
    let axes = [
        PlotAxis { name: title_of(axis), scale: Scale::of_names(names) },
        PlotAxis { name: y_name, scale: y },
    ];
    let [x, y] = axes;
    let mut plot = Plot::new(&format!("percentiles of delays by {axis}"), x, y, "p95");
    for (look, (percentile, values)) in percentiles.iter().zip(&medians).enumerate() {
        plot.line(&format!("line s{look}"), values);
        for (value, spot) in values.iter().zip(&spots) {
            let name = chapter.full_name_of(spot);
            let hint = format!("{name}: {} {}", percentile.name(), figures[look].written(value[1]));
            plot.mark(&format!("dot s{look}"), look, *value, &hint);
        }
        if let Some([_, last]) = values.last() {
            plot.name(&format!("name s{look}"), *last, percentile.name());
        }
    }
    let others: Vec<Axis> = chapter.settings().into_iter().filter(|other| *other != axis).collect();
    let with = spots[0].point.along(&others);
    let caption =
        [work.subject.as_str(), with.as_str()].into_iter().filter(|part| !part.is_empty());
    let caption = caption.collect::<Vec<_>>().join(", ");
    Some(Picture::of(caption, plot.done()))
}

/// The most spots with runs that differ along an axis alone, in its order; of several such the ones with
/// the highest rate that holds.
fn along<'s, 'a>(chapter: &Chapter<'_>, work: &Work<'s, 'a>, axis: Axis) -> Vec<&'s Spot<'a>> {
    let others: Vec<Axis> = chapter.settings().into_iter().filter(|other| *other != axis).collect();
    let mut groups: Vec<Vec<&Spot<'_>>> = Vec::new();
    for spot in work.spots.iter().copied().filter(|spot| !spot.runs.is_empty()) {
        let is_alike = |group: &&mut Vec<&Spot<'_>>| {
            others.iter().all(|axis| axis.of(group[0].point) == axis.of(spot.point))
        };
        match groups.iter_mut().find(is_alike) {
            Some(group) => group.push(spot),
            None => groups.push(vec![spot]),
        }
    }
    let highest = |group: &[&Spot<'_>]| {
        let held = group.iter().filter(|spot| spot.holds());
        held.filter_map(|spot| spot.median(Figure::Rate)).fold(0.0, f64::max)
    };
    let longest = groups
        .into_iter()
        .max_by(|a, b| a.len().cmp(&b.len()).then_with(|| highest(a).total_cmp(&highest(b))));
    let mut spots = longest.unwrap_or_default();
    let values = work.values_along(axis);
    spots.sort_by_key(|spot| values.iter().position(|value| *value == axis.of(spot.point)));
    spots
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::report::made::{kept, ran, sweep};
    use crate::series::Point;

    #[test]
    fn everything_else_is_the_same_and_such_that_the_rate_is_highest() {
        let run = |batch_ms, connections, lines_per_s| {
            let point = Point { batch_ms, connections, ..Point::default() };
            ran(&point, 0, |run| run.job.lines_per_s = lines_per_s)
        };
        let runs = vec![run(1000, 1, 1e6), run(100, 1, 1e6), run(1000, 2, 2e6), run(100, 2, 1.5e6)];
        let kept = kept(sweep(vec![]), runs);
        let figures = figures(&Chapter::new(Path::new("s"), &kept)).unwrap();
        assert_eq!(figures.pictures.len(), 1);
        assert_eq!(figures.pictures[0].caption, "connections 2");
        let svg = &figures.pictures[0].svg;
        let (short, long) = (svg.find(">100ms<").unwrap(), svg.find(">1s<").unwrap());
        assert!(short < long && svg.contains("batch 1s, connections 2: max 70.0 ms"), "{svg}");
        assert_eq!(svg.matches("class=\"dot").count(), 8);
    }
}
