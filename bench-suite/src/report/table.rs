//! The table of all points, for a page and for Markdown alike.

use bytesize::ByteSize;

use super::chapter::{Chapter, title_of, value_text};
use super::figure::{Figure, Percentile};
use super::spot::State;
use crate::series::Axis;

/// Heads, and a row for each point.
pub(super) struct Table {
    pub(super) heads: Vec<String>,
    pub(super) rows: Vec<Row>,
    /// What all rows have in common, in a sentence.
    pub(super) common: String,
}

/// A point's.
pub(super) struct Row {
    pub(super) cells: Vec<String>,
    pub(super) holds: bool,
}

/// Of all points, in the order of the series.
pub(super) fn table(chapter: &Chapter<'_>) -> Table {
    let sides: &[&str] = if chapter.is_comparison() { &["side"] } else { &[] };
    let has_reasons = chapter.spots.iter().any(|spot| !spot.why_not().is_empty());
    let is_there = |figure: &Figure| chapter.spots.iter().any(|s| s.spread(*figure).is_some());
    let mut figures: Vec<Figure> = Figure::TOLD.into_iter().filter(is_there).collect();
    if is_there(&Figure::Latency(Percentile::P99)) {
        // How late lines are says more than how late batches are.
        figures.retain(|figure| !matches!(figure, Figure::TotalDelay(_)));
    }
    let heads = sides.iter().map(|side| side.to_string());
    let heads = heads.chain(chapter.varied.iter().map(|axis| title_of(*axis).to_string()));
    let heads = heads.chain(["runs", "holds"].map(String::from));
    let heads =
        heads.chain(figures.iter().map(|figure| format!("{}, {}", figure.name(), figure.unit())));
    let rows = chapter.spots.iter().map(|spot| {
        let mut cells: Vec<String> = sides.iter().map(|_| spot.side.to_string()).collect();
        cells.extend(chapter.varied.iter().map(|axis| value_text(axis.of(spot.point).as_deref())));
        cells.extend([spot.runs.len().to_string(), spot.held()]);
        let written = |figure: &Figure| spot.spread(*figure).map_or("".into(), |s| s.written());
        cells.extend(figures.iter().map(written));
        cells.extend(has_reasons.then(|| spot.why_not()));
        Row { cells, holds: matches!(spot.state(), State::Holds | State::NotRun) }
    });
    Table {
        heads: heads.chain(has_reasons.then(|| "why not".into())).collect(),
        rows: rows.collect(),
        common: common(chapter),
    }
}

/// What all points have in common, in a sentence.
pub(super) fn common(chapter: &Chapter<'_>) -> String {
    let Some(first) = chapter.spots.first() else { return String::new() };
    let is_common = |axis: &Axis| !chapter.varied.contains(axis) && axis.of(first.point).is_some();
    let axes: Vec<Axis> = Axis::ALL.into_iter().filter(is_common).collect();
    let mut said = first.point.along(&axes);
    if let Some(bytes) = first.point.from_memory_bytes {
        said += &format!("; batches of {} come from memory, with no network", ByteSize(bytes));
    }
    said
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::report::made::{kept, ran, sweep};
    use crate::series::Point;

    #[test]
    fn rows_have_what_varies_and_the_rest_is_told_once() {
        let at = |batch_ms| Point { batch_ms, ..Point::default() };
        let runs = vec![
            ran(&at(100), 0, |_| ()),
            ran(&at(100), 1, |run| run.job.lines_per_s = 3e6),
            ran(&at(10), 0, |run| run.job.processing_p95_ms = 20.0),
        ];
        let kept = kept(sweep(vec![at(100), at(10), at(1)]), runs);
        let table = table(&Chapter::new(Path::new("s"), &kept));
        assert_eq!(table.heads[..3], ["batch interval", "runs", "holds"]);
        assert_eq!(table.heads[3], "rate, M lines/s");
        assert_eq!(table.rows[0].cells[..4], ["100ms", "2", "yes", "2.00 (1.00–3.00)"]);
        assert!(table.rows[1].cells.last().unwrap().starts_with("a twentieth"));
        assert_eq!(table.rows[2].cells[2], "not run");
        let holds: Vec<bool> = table.rows.iter().map(|row| row.holds).collect();
        assert_eq!(holds, [true, false, true]);
        assert_eq!(table.common, "workload word-count, connections 2, keys 10000, rate max");
        assert!(table.rows.iter().all(|row| row.cells.len() == table.heads.len()));
    }
}
