//! Heat maps of rates, or of costs where rates were set, over two axes; one for each combination of the
//! others.

use super::{Figures, Picture, left_out};
use crate::chart::{Cell, Side, digits, heat_map, samples, step_of};
use crate::report::chapter::{Chapter, Work, listed, title_of, value_text};
use crate::report::figure::Figure;
use crate::report::spot::{Spot, State};
use crate::series::{Axis, Point};
use crate::turns::median;

/// More maps than this are no overview.
const MOST_MAPS: usize = 12;

pub(super) fn figures(chapter: &Chapter<'_>) -> Option<Figures> {
    let figure = if chapter.is_rate_set() { Figure::CpuPerMillion } else { Figure::Rate };
    let [across, up] = two_axes(chapter)?;
    let others: Vec<Axis> =
        chapter.varied.iter().copied().filter(|axis| ![across, up].contains(axis)).collect();
    let mut pictures = Vec::new();
    for work in chapter.works() {
        let Some(range) = range(&work, figure) else { continue };
        let sides = [across, up].map(|axis| (axis, work.values_along(axis)));
        let mut drawn: Vec<&Point> = Vec::new();
        for spot in &work.spots {
            let is_alike = |a: &Point| others.iter().all(|axis| axis.of(a) == axis.of(spot.point));
            if drawn.iter().any(|point| is_alike(point)) {
                continue;
            }
            drawn.push(spot.point);
            let spots: Vec<&Spot<'_>> =
                work.spots.iter().copied().filter(|other| is_alike(other.point)).collect();
            let caption = spot.point.along(&others);
            let svg = map(&caption, figure, &sides, &spots, range);
            let begins_row = drawn.len() == 1;
            pictures.push(Picture { begins_row, ..Picture::of(caption, svg) });
        }
    }
    let all = pictures.len();
    pictures.truncate(MOST_MAPS);
    let title = format!(
        "{} by {} and {}",
        match figure {
            Figure::Rate => "Lines per second",
            _ => "CPU time per million lines",
        },
        title_of(across),
        title_of(up)
    );
    let colours = match chapter.works().len() {
        1 => "the colours of all maps mean the same",
        _ => "colours mean the same in the maps of one workload and its keys",
    };
    let note = format!(
        "Each number is the median of all runs in {}; {colours}. Hatched cells do not hold, or not in all \
         runs; the reason is shown while the pointer is on a cell, and in the table.{}{}",
        figure.unit(),
        noise(chapter, figure),
        left_out(all, pictures.len(), "maps; the table has the others")
    );
    (!pictures.is_empty()).then(|| Figures { title, note, legend: legend(figure), pictures })
}

/// How far the runs of a point lie apart, so that nobody reads more into two cells.
fn noise(chapter: &Chapter<'_>, figure: Figure) -> String {
    let spreads = chapter.spots.iter().filter_map(|spot| spot.spread(figure));
    let shares = spreads.filter(|spread| spread.values > 1).map(|spread| spread.share());
    median(shares).map_or(String::new(), |share| {
        format!(
            " The runs of one point lie {} % apart, in the middle of all points: a smaller difference between \
             two cells says nothing.",
            digits(share * 100.0)
        )
    })
}

fn legend(figure: Figure) -> Vec<(String, String)> {
    let [colours, hatched, none] = samples();
    vec![
        (colours, format!("from the least to the most, {} in {}", figure.name(), figure.unit())),
        (hatched, "does not hold in all runs".into()),
        (none, "refused by the engine, failed, or not run".into()),
    ]
}

/// The two axes with the most values: those that say how first, then the keys; workloads have maps of
/// their own.
fn two_axes(chapter: &Chapter<'_>) -> Option<[Axis; 2]> {
    let values = |axis: &Axis| {
        let works = chapter.works();
        works.iter().map(|work| work.values_along(*axis).len()).max().unwrap_or(0)
    };
    let mut axes = chapter.settings();
    axes.retain(|axis| values(axis) > 1);
    // Sorting keeps the order of those that have as many.
    axes.sort_by_key(|axis| std::cmp::Reverse(values(axis)));
    let mut two: Vec<Axis> = axes.into_iter().take(2).collect();
    two.sort();
    two.try_into().ok()
}

/// The least and the greatest median of a work.
fn range(work: &Work<'_, '_>, figure: Figure) -> Option<[f64; 2]> {
    let medians: Vec<f64> = work.spots.iter().filter_map(|spot| spot.median(figure)).collect();
    let least = medians.iter().copied().reduce(f64::min)?;
    Some([least, medians.into_iter().fold(least, f64::max)])
}

type Values = (Axis, Vec<Option<String>>);

fn map(
    caption: &str,
    figure: Figure,
    [across, up]: &[Values; 2],
    spots: &[&Spot<'_>],
    range: [f64; 2],
) -> String {
    let names = |(_, values): &Values| -> Vec<String> {
        values.iter().map(|value| value_text(value.as_deref())).collect()
    };
    let row = |up_value: &Option<String>| -> Vec<Cell> {
        let cell = |across_value: &Option<String>| {
            let place = [(across.0, across_value), (up.0, up_value)];
            cell(figure, place, spots, range)
        };
        across.1.iter().map(cell).collect()
    };
    let cells: Vec<Vec<Cell>> = up.1.iter().map(row).collect();
    let [columns, rows] = [names(across), names(up)];
    let title = format!("{} by {} and {} {caption}", figure.name(), across.0, up.0);
    heat_map(
        title.trim_end(),
        &Side { name: title_of(across.0), values: &columns },
        &Side { name: title_of(up.0), values: &rows },
        &cells,
    )
}

fn cell(
    figure: Figure,
    place: [(Axis, &Option<String>); 2],
    spots: &[&Spot<'_>],
    range: [f64; 2],
) -> Cell {
    let none = |text: &str, hint: String| Cell::None { text: text.into(), hint };
    let is_here =
        |spot: &&&Spot<'_>| place.iter().all(|(axis, value)| axis.of(spot.point) == **value);
    let Some(spot) = spots.iter().find(is_here) else {
        return match refused(place, spots) {
            Some(reason) => none("refused", format!("Refused: {reason}.")),
            None => none("", "Was not asked for.".into()),
        };
    };
    let name = place.map(|(axis, value)| format!("{axis} {}", value_text(value.as_deref())));
    let name = listed(&[&name[0], &name[1]]);
    let told = spot.told();
    match (spot.state(), spot.spread(figure)) {
        (State::NotRun, _) => none("not run", format!("{name}: not run.")),
        (State::Failed, _) => none("failed", format!("{name}: {told}.")),
        (_, None) => none("nothing", format!("{name}: no batch was measured.")),
        (state, Some(spread)) => Cell::Number {
            step: step_of(spread.median, range),
            text: digits(spread.median),
            hint: format!("{name}: {} {}. Holds: {told}.", spread.written(), figure.unit()),
            is_hatched: state != State::Holds,
        },
    }
}

/// Why the engine would refuse what is at a place of the grid, if it would.
fn refused(place: [(Axis, &Option<String>); 2], spots: &[&Spot<'_>]) -> Option<String> {
    let mut point = spots.first()?.point.clone();
    for (axis, value) in place {
        axis.set(&mut point, value.as_ref()?).ok()?;
    }
    point.refused()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::report::made::{failed, kept, ran, sweep};

    fn point(batch_ms: i64, block_ms: i64, connections: usize) -> Point {
        Point { batch_ms, block_ms: Some(block_ms), connections, ..Point::default() }
    }

    #[test]
    fn there_is_a_map_for_each_combination_of_the_other_axes() {
        let mut runs = Vec::new();
        for connections in [1, 2] {
            for (batch, block) in [(100, 50), (1000, 50), (1000, 200), (2000, 200)] {
                runs.push(ran(&point(batch, block, connections), 0, |_| ()));
            }
        }
        let kept = kept(sweep(vec![]), runs);
        let figures = figures(&Chapter::new(Path::new("s"), &kept)).unwrap();
        let captions: Vec<&str> = figures.pictures.iter().map(|p| p.caption.as_str()).collect();
        assert_eq!(captions, ["connections 1", "connections 2"]);
        assert_eq!(figures.title, "Lines per second by batch interval and block interval");
        let svg = &figures.pictures[0].svg;
        let refused = "Refused: a batch of 100 ms is no multiple of a block of 200 ms.";
        assert!(svg.contains(refused) && svg.contains("Was not asked for."), "{svg}");
    }

    #[test]
    fn what_does_not_hold_or_failed_is_marked_with_its_reason() {
        let runs = vec![
            ran(&point(100, 50, 2), 0, |run| run.job.processing_p95_ms = 150.0),
            ran(&point(200, 50, 2), 0, |_| ()),
            failed(&point(100, 100, 2), 0, "no port is free"),
        ];
        let kept = kept(sweep(vec![]), runs);
        let svg = &figures(&Chapter::new(Path::new("s"), &kept)).unwrap().pictures[0].svg;
        assert_eq!(svg.matches("class=\"hatch").count(), 1, "{svg}");
        assert!(svg.contains("Holds: no: a twentieth of the batches took 150.0 ms"), "{svg}");
        assert!(svg.contains("failed: 1 run failed: no port is free."), "{svg}");
    }

    #[test]
    fn one_axis_is_no_map() {
        let runs = [100, 200].map(|batch| ran(&point(batch, 50, 2), 0, |_| ())).to_vec();
        let kept = kept(sweep(vec![]), runs);
        assert!(figures(&Chapter::new(Path::new("s"), &kept)).is_none());
    }
}
