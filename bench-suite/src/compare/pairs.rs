//! The pairs of a comparison: runs of the same turn.

use crate::series::{Kept, Point, Run};

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
pub(super) fn of_comparison(kept: &Kept) -> Vec<Pair<'_>> {
    let [a, b] = &kept.asked.sides[..] else { return Vec::new() };
    let both = |turn| kept.run_of_side(&a.name, turn).zip(kept.run_of_side(&b.name, turn));
    (0..kept.asked.turns).filter_map(both).map(|(a, b)| Pair { a, b }).collect()
}

/// Those of two series that are kept: runs of the same point in the same turn.
pub(super) fn of_both<'a>(a: &'a Kept, b: &'a Kept) -> Vec<Pair<'a>> {
    let points = a.asked.points.iter();
    points.flat_map(|point| of_points((a, point), (b, point))).collect()
}

/// The same where the points are unlike: the first of the one with the first of the other.
pub(super) fn of_unlike<'a>(a: &'a Kept, b: &'a Kept) -> Vec<Pair<'a>> {
    let points = a.asked.points.iter().zip(&b.asked.points);
    points.flat_map(|(in_a, in_b)| of_points((a, in_a), (b, in_b))).collect()
}

fn of_points<'a>((a, in_a): (&'a Kept, &Point), (b, in_b): (&'a Kept, &Point)) -> Vec<Pair<'a>> {
    let both = |turn| a.run_at(in_a, turn).zip(b.run_at(in_b, turn));
    (0..a.asked.turns).filter_map(both).map(|(a, b)| Pair { a, b }).collect()
}
