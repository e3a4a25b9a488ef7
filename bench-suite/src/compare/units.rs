//! What counts as one observation. Runs of one point in several turns are not independent of one another,
//! and neither are those of several points in one turn; so of many points each turn is one, or, where there
//! are few turns, each point.

use std::collections::BTreeMap;

use serde::Serialize;

use super::pairs::{Pair, Pairs};
use crate::turns::{LEAST_PAIRS, median};

/// How far from the middle of all points one lies that stands out: so many standard deviations, as the median of
/// the distances tells them.
const FAR: f64 = 4.0;

/// Fewer points than this have no middle that one could stand out from.
const LEAST_POINTS: usize = 3;

/// The standard deviation of normal values for their median distance from the middle.
const SIGMA_FOR_MEDIAN_DISTANCE: f64 = 1.4826;

/// What a ratio is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Unit {
    /// A pair of runs.
    Pair,
    /// The mean of all points in one turn.
    Turn,
    /// The mean of all turns at one point.
    Point,
}

impl Unit {
    /// The one that pairs are counted in.
    pub(super) fn of(pairs: &Pairs<'_>) -> Self {
        let turns = pairs.all.iter().map(|pair| pair.turn + 1).max().unwrap_or(0);
        match pairs.points_with_pairs().len() {
            0 | 1 => Unit::Pair,
            _ if turns >= LEAST_PAIRS => Unit::Turn,
            _ => Unit::Point,
        }
    }

    /// Several of them.
    pub(super) fn told(self) -> &'static str {
        match self {
            Unit::Pair => "pairs of runs",
            Unit::Turn => "turns, each the mean of its points",
            Unit::Point => "points, each the mean of its turns",
        }
    }

    /// The ratios of its units.
    pub(super) fn ratios<'p>(self, pairs: &[Pair<'p>], of: impl Fn(&Pair<'p>) -> f64) -> Vec<f64> {
        let group = |pair: &Pair<'p>| match self {
            Unit::Pair => (pair.point, pair.turn),
            Unit::Turn => (0, pair.turn),
            Unit::Point => (pair.point, 0),
        };
        let mut groups: BTreeMap<(usize, usize), Vec<f64>> = BTreeMap::new();
        for pair in pairs {
            groups.entry(group(pair)).or_default().push(of(pair));
        }
        groups.values().map(|ratios| mean_log(ratios).exp()).collect()
    }
}

/// What one of several points says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct AtPoint {
    pub(super) point: String,
    /// Processor seconds of B for those of A, the geometric mean of its turns.
    pub(super) cost: f64,
    pub(super) least: f64,
    pub(super) most: f64,
    pub(super) turns: usize,
    /// It is worse, in all its turns and by far, while the points in the middle are not.
    pub(super) stands_out: bool,
}

/// Of several points, those that are the worst first; none where there is but one.
pub(super) fn at_points(pairs: &Pairs<'_>, least: f64) -> Vec<AtPoint> {
    let points = pairs.points_with_pairs();
    if points.len() < 2 {
        return Vec::new();
    }
    let costs = |point: usize| -> Vec<f64> {
        pairs.all.iter().filter(|pair| pair.point == point).map(Pair::cost).collect()
    };
    let all: Vec<(usize, Vec<f64>)> = points.iter().map(|&point| (point, costs(point))).collect();
    let means: Vec<f64> = all.iter().map(|(_, costs)| mean_log(costs)).collect();
    let bound = bound(&all, &means, least);
    let mut told: Vec<AtPoint> = all
        .iter()
        .zip(&means)
        .map(|((point, costs), mean)| {
            let lowest = costs.iter().copied().fold(f64::INFINITY, f64::min);
            AtPoint {
                point: pairs.points[*point].clone(),
                cost: mean.exp(),
                least: lowest,
                most: costs.iter().copied().fold(0.0, f64::max),
                turns: costs.len(),
                stands_out: *mean > bound && lowest > 1.0 + least,
            }
        })
        .collect();
    told.sort_by(|a, b| b.cost.total_cmp(&a.cost));
    told
}

/// The mean of logs beyond which a point stands out. How far points are apart by chance is told by how far they
/// are, and by how far the turns of a point are.
fn bound(all: &[(usize, Vec<f64>)], means: &[f64], least: f64) -> f64 {
    if all.len() < LEAST_POINTS {
        return f64::INFINITY;
    }
    let middle = median(means.iter().copied()).unwrap_or(0.0);
    let between = means.iter().map(|mean| (mean - middle).abs());
    let within = all.iter().zip(means).flat_map(|((_, costs), mean)| {
        let turns = (costs.len() as f64).sqrt();
        costs.iter().map(move |cost| (cost.ln() - mean).abs() / turns)
    });
    let distance = [median(between), median(within)].into_iter().flatten().fold(0.0, f64::max);
    (middle.max(0.0) + FAR * SIGMA_FOR_MEDIAN_DISTANCE * distance).max((1.0 + least).ln())
}

fn mean_log(ratios: &[f64]) -> f64 {
    ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Summary;
    use crate::series::Run;

    fn run(cost: f64) -> Run {
        let job = Summary {
            lines_per_s: 1e6,
            measured_records: 1_000_000,
            measured_cpu_seconds: cost,
            ..Summary::default()
        };
        Run { job, load: None }
    }

    /// Points, in turns with a noise of 2 %, of which the first takes so many times as much.
    fn judged(points: usize, turns: usize, first: f64) -> (Unit, Vec<f64>, Vec<AtPoint>) {
        let a = run(1.0);
        let noise = |n: usize| 1.0 + 0.02 * (((n * 7919) % 13) as f64 / 6.0 - 1.0);
        let b: Vec<Run> = (0..points * turns)
            .map(|n| run(noise(n) * if n < turns { first } else { 1.0 }))
            .collect();
        let all = b.iter().enumerate();
        let all = all.map(|(n, b)| Pair { a: &a, b, point: n / turns, turn: n % turns }).collect();
        let points = (0..points).map(|n| format!("p{n}")).collect();
        let pairs = Pairs { points, all, lost: Vec::new() };
        let unit = Unit::of(&pairs);
        (unit, unit.ratios(&pairs.all, Pair::cost), at_points(&pairs, 0.03))
    }

    #[test]
    fn few_turns_of_many_points_are_counted_by_points_and_many_turns_by_turns() {
        let (unit, ratios, points) = judged(1, 10, 1.0);
        assert_eq!((unit, ratios.len(), points.len()), (Unit::Pair, 10, 0));
        let (unit, ratios, points) = judged(12, 3, 1.0);
        assert_eq!((unit, ratios.len(), points.len()), (Unit::Point, 12, 12));
        let (unit, ratios, _) = judged(4, 8, 1.0);
        assert_eq!((unit, ratios.len()), (Unit::Turn, 8));
    }

    #[test]
    fn a_point_that_is_far_worse_in_all_its_turns_stands_out_and_chance_does_not() {
        let standing = |points: &[AtPoint]| -> Vec<String> {
            points.iter().filter(|p| p.stands_out).map(|p| p.point.clone()).collect()
        };
        assert_eq!(standing(&judged(12, 3, 1.0).2), [""; 0]);
        let (_, _, points) = judged(12, 3, 1.3);
        assert_eq!(standing(&points), ["p0"]);
        assert!((points[0].cost - 1.3).abs() < 0.03, "{points:?}");
        assert_eq!(standing(&judged(12, 3, 0.5).2), [""; 0], "better is not worse");
        assert_eq!(standing(&judged(2, 3, 3.0).2), [""; 0], "of two neither is the middle");
    }
}
