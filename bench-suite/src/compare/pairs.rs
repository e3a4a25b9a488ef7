//! The pairs of a comparison: runs of the same turn.

use crate::series::{Axis, Done, Kept, Point, Run};

/// A run of either side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair<'a> {
    pub(super) a: &'a Run,
    pub(super) b: &'a Run,
    /// The number of its point among those that are compared.
    pub(super) point: usize,
    pub(super) turn: usize,
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

/// All that there is to compare.
#[derive(Debug, Default)]
pub(super) struct Pairs<'a> {
    /// What each point is called.
    pub(super) points: Vec<String>,
    /// By point, in the order of their turns.
    pub(super) all: Vec<Pair<'a>>,
    /// Why pairs are missing of which a side, or both, came to nothing: a sentence each.
    pub(super) lost: Vec<String>,
}

impl<'a> Pairs<'a> {
    /// Those of a comparison that is kept.
    pub(super) fn of_comparison(kept: &'a Kept) -> Self {
        let mut pairs = Pairs::default();
        if let [a, b] = &kept.asked.sides[..] {
            let of = |side: &'a str, turn| runs(kept, move |run| run.side == side, turn);
            pairs.add(String::new(), kept.asked.turns, |turn| {
                [of(&a.name, turn), of(&b.name, turn)]
            });
        }
        pairs
    }

    /// Those of two series that are kept: runs of the same point in the same turn.
    pub(super) fn of_both(a: &'a Kept, b: &'a Kept) -> Self {
        let mut pairs = Pairs::default();
        for point in a.asked.points.iter().filter(|point| b.asked.points.contains(point)) {
            pairs.add_points((a, point), (b, point));
        }
        pairs
    }

    /// The same where the points are unlike: the first of the one with the first of the other.
    pub(super) fn of_unlike(a: &'a Kept, b: &'a Kept) -> Self {
        let mut pairs = Pairs::default();
        for (in_a, in_b) in a.asked.points.iter().zip(&b.asked.points) {
            pairs.add_points((a, in_a), (b, in_b));
        }
        pairs
    }

    fn add_points(&mut self, (a, in_a): (&'a Kept, &'a Point), (b, in_b): (&'a Kept, &'a Point)) {
        let turns = a.asked.turns.min(b.asked.turns);
        let name = name_among(&a.asked.points, in_a);
        let of =
            |kept: &'a Kept, point: &'a Point, turn| runs(kept, |run| run.point == *point, turn);
        self.add(name, turns, |turn| [of(a, in_a, turn), of(b, in_b, turn)]);
    }

    fn add(&mut self, name: String, turns: usize, at: impl Fn(usize) -> [Side<'a>; 2]) {
        let point = self.points.len();
        for turn in 0..turns {
            match at(turn) {
                [Side::Ran(a), Side::Ran(b)] => self.all.push(Pair { a, b, point, turn }),
                sides => self.lost.extend(told_loss(&name, turn, &sides)),
            }
        }
        self.points.push(name);
    }

    /// The numbers of the points that have a pair.
    pub(super) fn points_with_pairs(&self) -> Vec<usize> {
        let has_one = |point: &usize| self.all.iter().any(|pair| pair.point == *point);
        (0..self.points.len()).filter(has_one).collect()
    }
}

/// What a point is called beside the others: what it does not have in common with them.
fn name_among(points: &[Point], point: &Point) -> String {
    let varied = |axis: &Axis| points.iter().any(|other| axis.of(other) != axis.of(point));
    point.along(&Axis::ALL.into_iter().filter(varied).collect::<Vec<_>>())
}

/// What there is of a side at a point in a turn.
enum Side<'a> {
    Ran(&'a Run),
    Failed(&'a str),
    NotRun,
}

fn runs<'a>(kept: &'a Kept, is_here: impl Fn(&Done) -> bool, turn: usize) -> Side<'a> {
    let mut found = Side::NotRun;
    for run in kept.runs.iter().filter(|run| run.turn == turn && is_here(run)) {
        match &run.outcome {
            Ok(run) => return Side::Ran(run),
            Err(reason) => found = Side::Failed(reason),
        }
    }
    found
}

/// Why there is no pair; nothing where it has not been run.
fn told_loss(name: &str, turn: usize, sides: &[Side<'_>; 2]) -> Option<String> {
    let reason = |side: &Side<'_>, name| match side {
        Side::Failed(reason) => Some(format!("{name} failed: {reason}")),
        Side::Ran(_) | Side::NotRun => None,
    };
    let failed = [reason(&sides[0], "A"), reason(&sides[1], "B")];
    let failed: Vec<String> = failed.into_iter().flatten().collect();
    let of = if name.is_empty() { String::new() } else { format!(" of {name}") };
    (!failed.is_empty()).then(|| format!("turn {}{of}: {}", turn + 1, failed.join("; ")))
}
