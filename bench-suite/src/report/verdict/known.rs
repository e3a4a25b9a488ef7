//! What rules about the next thing to try look at.

use super::bottleneck::Bottleneck;
use crate::chart::digits;
use crate::report::chapter::{Chapter, Work};
use crate::report::figure::{Figure, Percentile};
use crate::report::spot::Spot;
use crate::series::{Axis, Point};

/// A batch is to take at most this share of a longer interval.
const ENOUGH_ROOM: f64 = 0.5;

/// What is known when something is to be tried.
pub(super) struct Best<'s, 'a> {
    /// The fastest spot that holds, or the cheapest where rates were set.
    pub(super) best: Option<&'s Spot<'a>>,
    /// The one with the lowest latency.
    pub(super) promptest: Option<&'s Spot<'a>>,
    pub(super) in_the_way: &'s Bottleneck,
}

/// The same, with the chapter and the work that it is about.
pub(super) struct Known<'k, 's, 'a> {
    pub(super) chapter: &'k Chapter<'a>,
    pub(super) work: &'k Work<'s, 'a>,
    pub(super) best: &'k Best<'s, 'a>,
}

/// The share of its interval that a batch takes at p95.
pub(super) fn share_taken(spot: &Spot<'_>) -> Option<f64> {
    if spot.point.from_memory_bytes.is_some() {
        return None;
    }
    Some(spot.median(Figure::Processing(Percentile::P95))? / spot.point.batch_ms as f64)
}

impl<'s, 'a> Known<'_, 's, 'a> {
    /// The spot that needs the least of its interval, and how much that is.
    pub(super) fn nearest(&self) -> Option<(f64, &'s Spot<'a>)> {
        let shares = self.work.spots.iter().filter_map(|spot| Some((share_taken(spot)?, *spot)));
        shares.min_by(|a, b| a.0.total_cmp(&b.0))
    }

    /// The spots with runs that differ from one in nothing but their values along an axis, it itself
    /// among them.
    pub(super) fn alike_but_for(&self, spot: &Spot<'_>, axis: Axis) -> Vec<&'s Spot<'a>> {
        let others = || Axis::ALL.into_iter().filter(|other| *other != axis);
        let is_alike = |other: &&Spot<'_>| {
            !other.runs.is_empty()
                && others().all(|axis| axis.of(other.point) == axis.of(spot.point))
        };
        self.work.spots.iter().copied().filter(is_alike).collect()
    }

    pub(super) fn longer_batches(&self, spot: &Spot<'_>, why: &str) -> Option<String> {
        let p95_ms = spot.median(Figure::Processing(Percentile::P95))?;
        let longer = |point: &Point| point.batch_ms > spot.point.batch_ms;
        if self.alike_but_for(spot, Axis::Batch).iter().any(|other| longer(other.point)) {
            return None;
        }
        let point = self.with_batch(spot, p95_ms / ENOUGH_ROOM, longer)?;
        Some(format!(
            "Longer batches. {why}: 95 % of the batches took {} ms or less of their {} ms, so `--batch {}`.",
            digits(p95_ms),
            spot.point.batch_ms,
            Axis::Batch.of(&point)?
        ))
    }

    /// A spot's point with the least round interval that is no shorter than this, that the engine takes
    /// and that is `wanted`.
    pub(super) fn with_batch(
        &self,
        spot: &Spot<'_>,
        at_least_ms: f64,
        wanted: impl Fn(&Point) -> bool,
    ) -> Option<Point> {
        let round = (0..6).flat_map(|power| [1, 2, 5].map(|digit| digit * 10i64.pow(power)));
        let long_enough = round.filter(|ms| *ms as f64 >= at_least_ms);
        let mut points = long_enough.map(|batch_ms| Point { batch_ms, ..spot.point.clone() });
        points.find(|point| wanted(point) && point.refused().is_none())
    }
}
