//! How some runs went on: what each batch took and waited, beside the batch interval.

use super::{Figures, Picture, SERIES, left_out};
use crate::chart::{Axis as PlotAxis, Plot, Scale};
use crate::job::Moment;
use crate::report::chapter::{Chapter, Work};
use crate::report::figure::{Figure, Percentile};
use crate::report::spot::{Spot, State};

/// More pictures than this are no overview.
const MOST_PICTURES: usize = 6;

pub(super) fn figures(chapter: &Chapter<'_>) -> Option<Figures> {
    if chapter.is_from_memory() {
        // Batches come one right after the other, and no interval is to be kept.
        return None;
    }
    let mut pictures = Vec::new();
    let works = chapter.works();
    let each = (MOST_PICTURES / works.len().max(1)).max(1);
    for work in works.iter().take(MOST_PICTURES) {
        for (why, spot) in chosen(chapter, work).into_iter().take(each) {
            let run = spot.middle_run(Figure::Rate).filter(|run| run.job.course.len() > 1);
            if let Some(run) = run {
                let caption = format!("{why}: {}", chapter.full_name_of(spot));
                let svg = picture(&caption, &run.job.course, spot.point.batch_ms as f64);
                pictures.push(Picture::of(caption, svg));
            }
        }
    }
    (!pictures.is_empty()).then(|| Figures {
        title: "How runs went on: what batches took and waited, beside the batch interval".into(),
        note: format!(
            "Each place is the longest of the batches around that time, the warm-up included. A run that \
             holds stays below the dashed line, and its waiting does not grow.{}",
            left_out(works.len(), works.len().min(MOST_PICTURES), "workloads")
        ),
        legend: Vec::new(),
        pictures,
    })
}

/// The fastest that holds, the promptest, and that which falls behind the furthest.
fn chosen<'s, 'a>(chapter: &Chapter<'_>, work: &Work<'s, 'a>) -> Vec<(&'static str, &'s Spot<'a>)> {
    if chapter.is_comparison() {
        return work.spots.iter().copied().map(|spot| ("The middle run of", spot)).collect();
    }
    let takes = |spot: &Spot<'_>| {
        let p95_ms = spot.median(Figure::Processing(Percentile::P95)).unwrap_or(0.0);
        p95_ms / spot.point.batch_ms as f64
    };
    let behind = work
        .spots
        .iter()
        .copied()
        .filter(|spot| matches!(spot.state(), State::Behind | State::HoldsIn(_)));
    let worst = behind.max_by(|a, b| takes(a).total_cmp(&takes(b)));
    let candidates = [
        ("The fastest", work.best(Figure::Rate, true)),
        ("The furthest behind", worst),
        ("The lowest latency", work.best(chapter.lateness(Percentile::P99), false)),
    ];
    let mut chosen: Vec<(&str, &Spot<'_>)> = Vec::new();
    for (why, spot) in candidates {
        if let Some(spot) = spot
            && !chosen.iter().any(|(_, other)| std::ptr::eq(*other, spot))
        {
            chosen.push((why, spot));
        }
    }
    chosen
}

fn picture(title: &str, course: &[Moment], interval_ms: f64) -> String {
    let seconds = |moment: &Moment| moment.at_ms as f64 / 1e3;
    let of = |ms: fn(&Moment) -> f64| -> Vec<[f64; 2]> {
        course.iter().map(|moment| [seconds(moment), ms(moment)]).collect()
    };
    let lines = [
        ("processing", of(|moment| moment.processing_ms)),
        ("waiting", of(|moment| moment.scheduling_delay_ms)),
    ];
    // What is next to nothing must not stretch the axis: it lies at its end.
    let least =
        lines[0].1.iter().map(|[_, ms]| *ms).filter(|ms| *ms > 0.0).fold(f64::MAX, f64::min);
    let values = lines.iter().flat_map(|(_, values)| values.iter().map(|[_, ms]| ms.max(least)));
    let y = Scale::over(values.chain([interval_ms]));
    let y_name = if y.is_logarithmic() { "ms (logarithmic)" } else { "ms" };
    let axes = [
        PlotAxis {
            name: "time since the first lines (s)",
            scale: Scale::from_zero(course.iter().map(seconds)),
        },
        PlotAxis { name: y_name, scale: y },
    ];
    let [x, y] = axes;
    let mut plot = Plot::new(title, x, y, "processing");
    plot.level("limit", interval_ms);
    plot.name("name limit", interval_ms, "interval");
    for (look, (name, values)) in lines.iter().enumerate() {
        let look = look % SERIES;
        plot.line(&format!("line s{look}"), values);
        if let Some([_, last]) = values.last() {
            plot.name(&format!("name s{look}"), *last, name);
        }
    }
    plot.done()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::report::made::{kept, ran, sweep};
    use crate::series::{Point, Run};

    fn with_course(run: &mut Run) {
        run.job.course = (0..5)
            .map(|n| Moment {
                at_ms: n * 1000,
                batches: 1,
                processing_ms: 40.0,
                ..Moment::default()
            })
            .collect();
    }

    #[test]
    fn the_best_and_the_worst_are_drawn_with_their_intervals() {
        let at = |batch_ms| Point { batch_ms, ..Point::default() };
        let runs = vec![
            ran(&at(10), 0, |run| {
                with_course(run);
                run.job.processing_p95_ms = 40.0;
            }),
            ran(&at(100), 0, with_course),
            ran(&at(1000), 0, |run| {
                with_course(run);
                run.job.lines_per_s = 2e6;
            }),
        ];
        let kept = kept(sweep(vec![]), runs);
        let figures = figures(&Chapter::new(Path::new("s"), &kept)).unwrap();
        let captions: Vec<&str> = figures.pictures.iter().map(|p| p.caption.as_str()).collect();
        assert_eq!(
            captions,
            [
                "The fastest: batch 1s",
                "The furthest behind: batch 10ms",
                "The lowest latency: batch 100ms"
            ]
        );
        assert!(figures.pictures.iter().all(|picture| picture.svg.contains("class=\"limit\"")));
    }

    #[test]
    fn runs_that_kept_no_course_are_not_drawn() {
        let kept = kept(sweep(vec![]), vec![ran(&Point::default(), 0, |_| ())]);
        assert!(figures(&Chapter::new(Path::new("s"), &kept)).is_none());
    }
}
