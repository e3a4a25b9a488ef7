//! The pairs of a comparison: runs of the same turn.

use crate::series::{Run, Series};

/// A run of either side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair<'a> {
    pub(super) a: &'a Run,
    pub(super) b: &'a Run,
}

impl Pair<'_> {
    /// Processor seconds of B for those of A, for the same number of lines.
    pub(super) fn cost(&self) -> f64 {
        self.b.job.cpu_seconds_per_million() / self.a.job.cpu_seconds_per_million()
    }

    /// Lines a second of A for those of B: as with costs, more than 1 is worse.
    pub(super) fn rate(&self) -> f64 {
        self.a.job.lines_per_s / self.b.job.lines_per_s
    }
}

/// Those of a comparison that is kept, in the order of their turns. A turn in which a side has failed has
/// none.
pub(super) fn of_comparison(series: &Series) -> Vec<Pair<'_>> {
    let [a, b] = &series.asked().sides[..] else { return Vec::new() };
    let run = |side: &str, turn| {
        let mut done = series.runs().iter().filter(|run| run.side == side && run.turn == turn);
        done.find_map(|run| run.outcome.as_ref().ok())
    };
    let turns = 0..series.asked().turns;
    let pairs = turns.filter_map(|turn| run(&a.name, turn).zip(run(&b.name, turn)));
    pairs.map(|(a, b)| Pair { a, b }).collect()
}

/// Those of two series that are kept: runs of the same point in the same turn.
pub(super) fn of_both<'a>(a: &'a Series, b: &'a Series) -> Vec<Pair<'a>> {
    let points = a.asked().points.iter();
    points.flat_map(|point| a.of(point).zip(b.of(point))).map(|(a, b)| Pair { a, b }).collect()
}

/// The same where the points are unlike: the first of the one with the first of the other.
pub(super) fn of_unlike<'a>(a: &'a Series, b: &'a Series) -> Vec<Pair<'a>> {
    let points = a.asked().points.iter().zip(&b.asked().points);
    let runs = points.flat_map(|(in_a, in_b)| a.of(in_a).zip(b.of(in_b)));
    runs.map(|(a, b)| Pair { a, b }).collect()
}
