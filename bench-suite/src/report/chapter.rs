//! A series as a report looks at it: its spots, and what they differ in.

use std::path::Path;

use super::figure::{Figure, Percentile};
use super::spot::Spot;
use crate::series::{Axis, Kept, Kind, Point};

/// A series, of which a report has one or more.
pub(super) struct Chapter<'a> {
    /// The name of its folder.
    pub(super) name: String,
    pub(super) kept: &'a Kept,
    pub(super) spots: Vec<Spot<'a>>,
    /// The axes along which spots differ.
    pub(super) varied: Vec<Axis>,
}

/// The spots of one workload over the same keys: those whose figures can be held against one another.
pub(super) struct Work<'s, 'a> {
    /// What they have in common that others of the chapter have not; empty where there are no others.
    pub(super) subject: String,
    pub(super) spots: Vec<&'s Spot<'a>>,
}

/// What is asked of a machine; everything else is how it is to do that.
const ASKED_OF_IT: [Axis; 2] = [Axis::Workload, Axis::Keys];

impl<'a> Chapter<'a> {
    pub(super) fn new(folder: &Path, kept: &'a Kept) -> Self {
        let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned();
        let spots = Spot::all(kept);
        let is_varied =
            |axis: &Axis| spots.iter().any(|s| axis.of(s.point) != axis.of(spots[0].point));
        let varied = Axis::ALL.into_iter().filter(is_varied).collect();
        Chapter { name, kept, spots, varied }
    }

    pub(super) fn is_comparison(&self) -> bool {
        self.kept.asked.kind == Kind::Comparison
    }

    /// Whether the rates are those that a search has tried, which looks for the right one itself.
    pub(super) fn is_search(&self) -> bool {
        self.kept.asked.kind == Kind::Search
    }

    /// What a reader sees first: what was done, over what.
    pub(super) fn title(&self) -> String {
        let mut workloads: Vec<&str> = Vec::new();
        for spot in &self.spots {
            if !workloads.contains(&spot.point.workload.name()) {
                workloads.push(spot.point.workload.name());
            }
        }
        let workloads = listed(&workloads);
        let what = match self.kept.asked.kind {
            Kind::Sweep => "Sweep",
            Kind::Search => "Search for the highest rate",
            Kind::Comparison => "Comparison",
        };
        let over: Vec<&str> = self.settings().iter().map(|axis| title_of(*axis)).collect();
        match self.kept.asked.kind {
            Kind::Sweep if !over.is_empty() => {
                format!("{what} of {workloads} over {}", listed(&over))
            }
            _ => format!("{what} of {workloads}"),
        }
    }

    /// The varied axes that say how, and not what.
    pub(super) fn settings(&self) -> Vec<Axis> {
        self.varied.iter().copied().filter(|axis| !ASKED_OF_IT.contains(axis)).collect()
    }

    /// Its spots by what is asked of the machine.
    pub(super) fn works(&self) -> Vec<Work<'_, 'a>> {
        let is_same = |a: &Point, b: &Point| {
            ASKED_OF_IT.iter().all(|axis| axis.of(a) == axis.of(b))
                && a.from_memory_bytes == b.from_memory_bytes
        };
        let mut works: Vec<Work<'_, 'a>> = Vec::new();
        for spot in &self.spots {
            match works.iter_mut().find(|work| is_same(work.spots[0].point, spot.point)) {
                Some(work) => work.spots.push(spot),
                None => {
                    let asked =
                        self.varied.iter().copied().filter(|axis| ASKED_OF_IT.contains(axis));
                    let subject = described(spot.point, &asked.collect::<Vec<_>>());
                    works.push(Work { subject, spots: vec![spot] });
                }
            }
        }
        works
    }

    /// What a spot is called beside the others of its work.
    pub(super) fn name_of(&self, spot: &Spot<'_>) -> String {
        let settings = described(spot.point, &self.settings());
        match (spot.side.is_empty(), settings.is_empty()) {
            (true, true) => "the point".into(),
            (true, false) => settings,
            (false, true) => format!("side {}", spot.side),
            (false, false) => format!("side {} ({settings})", spot.side),
        }
    }

    /// What a spot is called beside all others of the chapter.
    pub(super) fn full_name_of(&self, spot: &Spot<'_>) -> String {
        let asked: Vec<Axis> =
            self.varied.iter().copied().filter(|axis| ASKED_OF_IT.contains(axis)).collect();
        let subject = described(spot.point, &asked);
        match (subject.is_empty(), self.settings().is_empty() && spot.side.is_empty()) {
            (true, _) => self.name_of(spot),
            (false, true) => subject,
            (false, false) => format!("{subject}, {}", self.name_of(spot)),
        }
    }

    /// What says how late results are: how late those of stamped lines were, or else how old the oldest line
    /// of a batch may be by then.
    pub(super) fn lateness(&self, percentile: Percentile) -> Figure {
        if self.is_stamped() { Figure::Latency(percentile) } else { Figure::Age(percentile) }
    }

    /// What percentiles are told of: how late stamped lines were, or else what batches waited and took, for an
    /// interval is the same for all batches.
    pub(super) fn delay(&self, percentile: Percentile) -> Figure {
        if self.is_stamped() { Figure::Latency(percentile) } else { Figure::TotalDelay(percentile) }
    }

    fn is_stamped(&self) -> bool {
        let mut runs = self.spots.iter().flat_map(|spot| &spot.runs);
        runs.any(|run| Figure::Latency(Percentile::P50).of(run).is_some())
    }

    /// So many turns have a run.
    pub(super) fn turns(&self) -> usize {
        self.kept.runs.iter().map(|run| run.turn + 1).max().unwrap_or(0)
    }

    /// Whether batches came from memory, with no network and no interval to keep.
    pub(super) fn is_from_memory(&self) -> bool {
        self.spots.iter().any(|spot| spot.point.from_memory_bytes.is_some())
    }

    /// Whether lines were offered at set rates, so that a higher rate is no merit.
    pub(super) fn is_rate_set(&self) -> bool {
        self.spots.iter().any(|spot| Axis::Rate.number_of(spot.point).is_some())
    }
}

impl<'s, 'a> Work<'s, 'a> {
    /// Of the spots that hold, the one with the most of a figure, or the least.
    pub(super) fn best(&self, figure: Figure, is_more_better: bool) -> Option<&'s Spot<'a>> {
        let mut best: Option<(f64, &'s Spot<'a>)> = None;
        for spot in self.spots.iter().filter(|spot| spot.holds()) {
            let Some(value) = spot.median(figure) else { continue };
            let is_better = best.is_none_or(|(least_or_most, _)| match is_more_better {
                true => value > least_or_most,
                false => value < least_or_most,
            });
            if is_better {
                best = Some((value, spot));
            }
        }
        best.map(|(_, spot)| spot)
    }

    /// The values along an axis, least first where they are numbers, else as they come.
    pub(super) fn values_along(&self, axis: Axis) -> Vec<Option<String>> {
        let mut values: Vec<(Option<f64>, Option<String>)> = Vec::new();
        for spot in &self.spots {
            let value = (axis.number_of(spot.point), axis.of(spot.point));
            if !values.contains(&value) {
                values.push(value);
            }
        }
        // What has no number, such as `max`, comes last.
        values.sort_by(|a, b| {
            let number = |value: &Option<f64>| value.unwrap_or(f64::INFINITY);
            number(&a.0).total_cmp(&number(&b.0))
        });
        values.into_iter().map(|(_, value)| value).collect()
    }
}

/// A point's values along axes, as in `batch 1s, parallelism 2`.
fn described(point: &Point, axes: &[Axis]) -> String {
    let value = |axis: &Axis| match (axis, axis.of(point)) {
        (Axis::Workload, Some(value)) => value,
        (axis, value) => format!("{axis} {}", value_text(value.as_deref())),
    };
    axes.iter().map(value).collect::<Vec<_>>().join(", ")
}

/// A value along an axis, or that it is left to the program.
pub(super) fn value_text(value: Option<&str>) -> String {
    value.unwrap_or("default").into()
}

/// What an axis is called in full.
pub(super) fn title_of(axis: Axis) -> &'static str {
    match axis {
        Axis::Workload => "workload",
        Axis::Batch => "batch interval",
        Axis::Block => "block interval",
        Axis::Window => "window",
        Axis::Slide => "slide",
        Axis::Parallelism => "parallelism",
        Axis::Connections => "connections",
        Axis::Keys => "distinct keys",
        Axis::Rate => "offered rate",
    }
}

/// As in `a, b and c`.
pub(super) fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).into(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Workload;
    use crate::report::made::{kept, ran, sweep};

    #[test]
    fn spots_are_grouped_by_what_is_asked_of_the_machine() {
        let point = |workload, batch_ms| Point { workload, batch_ms, ..Point::default() };
        let points = vec![
            point(Workload::Grep, 1000),
            point(Workload::Grep, 100),
            point(Workload::WordCount, 1000),
        ];
        let runs = points.iter().zip([5.0, 7.0, 9.0]);
        let runs = runs.map(|(point, rate)| ran(point, 0, |run| run.job.lines_per_s = rate * 1e6));
        let kept = kept(sweep(points.clone()), runs.collect());
        let chapter = Chapter::new(Path::new("results/a-sweep"), &kept);
        assert_eq!(chapter.name, "a-sweep");
        assert_eq!(chapter.varied, [Axis::Workload, Axis::Batch]);
        assert_eq!(chapter.title(), "Sweep of grep and word-count over batch interval");
        let works = chapter.works();
        let subjects: Vec<_> = works.iter().map(|work| work.subject.as_str()).collect();
        assert_eq!(subjects, ["grep", "word-count"]);
        let best = works[0].best(Figure::Rate, true).unwrap();
        assert_eq!(chapter.name_of(best), "batch 100ms");
        assert_eq!(chapter.full_name_of(best), "grep, batch 100ms");
        assert_eq!(works[0].best(Figure::Rate, false).unwrap().point.batch_ms, 1000);
        let values = works[0].values_along(Axis::Batch);
        assert_eq!(values, [Some("100ms".into()), Some("1s".into())]);
    }
}
