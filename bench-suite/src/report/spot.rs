//! What the runs at one point came to.

use std::fmt;

use super::figure::{Figure, Spread};
use crate::series::{Asked, Done, Kept, Kind, Point, Run, sustained};

/// A point, or a side of a comparison, with its runs.
#[derive(Debug)]
pub(super) struct Spot<'a> {
    /// Which side's; empty where nothing is compared.
    pub(super) side: &'a str,
    pub(super) point: &'a Point,
    /// Those that came to something, in the order of their turns.
    pub(super) runs: Vec<&'a Run>,
    /// Why the others did not.
    pub(super) failures: Vec<&'a str>,
    /// Why runs could not have gone on for ever, a sentence for each that could not.
    pub(super) behind: Vec<String>,
}

/// Whether what was asked of a point held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// In all runs, of which none has failed.
    Holds,
    /// In so many of them, and not in all.
    HoldsIn(usize),
    /// In none.
    Behind,
    /// No run came to anything.
    Failed,
    /// There is no run yet.
    NotRun,
}

impl<'a> Spot<'a> {
    /// All of a series: its points in their order, or the sides of a comparison, or what was tried, in
    /// the order in which it was first tried.
    pub(super) fn all(kept: &'a Kept) -> Vec<Self> {
        let mut places: Vec<(&str, &Point)> = asked_for(&kept.asked);
        for run in &kept.runs {
            if !places.contains(&(&run.side, &run.point)) {
                places.push((&run.side, &run.point));
            }
        }
        places.into_iter().map(|(side, point)| Spot::of(kept, side, point)).collect()
    }

    fn of(kept: &'a Kept, side: &'a str, point: &'a Point) -> Self {
        let is_here = |run: &&Done| run.side == side && run.point == *point;
        let mut done: Vec<&Done> = kept.runs.iter().filter(is_here).collect();
        done.sort_by_key(|run| run.turn);
        let runs: Vec<&Run> = done.iter().filter_map(|run| run.outcome.as_ref().ok()).collect();
        let was_made_again = |turn| done.iter().any(|run| run.turn == turn && run.outcome.is_ok());
        let failed = done.iter().filter(|run| !was_made_again(run.turn));
        let failures = failed.filter_map(|run| run.outcome.as_ref().err().map(String::as_str));
        let behind = runs.iter().filter_map(|run| reason_behind(&kept.asked, point, run)).collect();
        Spot { side, point, failures: failures.collect(), behind, runs }
    }

    pub(super) fn state(&self) -> State {
        let held = self.runs.len() - self.behind.len();
        match (self.attempts(), self.runs.len(), held) {
            (0, ..) => State::NotRun,
            (_, 0, _) => State::Failed,
            (.., 0) => State::Behind,
            (attempts, _, held) if attempts == held => State::Holds,
            (.., held) => State::HoldsIn(held),
        }
    }

    /// Runs, those that came to nothing among them: what fails does not hold.
    pub(super) fn attempts(&self) -> usize {
        self.runs.len() + self.failures.len()
    }

    pub(super) fn holds(&self) -> bool {
        self.state() == State::Holds
    }

    /// A figure over all runs.
    pub(super) fn spread(&self, figure: Figure) -> Option<Spread> {
        let values: Vec<f64> = self.runs.iter().filter_map(|run| figure.of(run)).collect();
        Spread::of(&values)
    }

    pub(super) fn median(&self, figure: Figure) -> Option<f64> {
        self.spread(figure).map(|spread| spread.median)
    }

    /// The run in the middle by a figure: the lower one of two.
    pub(super) fn middle_run(&self, figure: Figure) -> Option<&'a Run> {
        let mut runs: Vec<(f64, &Run)> =
            self.runs.iter().filter_map(|run| Some((figure.of(run)?, *run))).collect();
        runs.sort_by(|a, b| a.0.total_cmp(&b.0));
        runs.get(runs.len().saturating_sub(1) / 2).map(|(_, run)| *run)
    }

    /// Whether it holds, in a word or some.
    pub(super) fn held(&self) -> String {
        match self.state() {
            State::Holds => "yes".into(),
            State::HoldsIn(runs) => format!("in {runs} of {}", Count(self.attempts(), "run")),
            State::Behind => "no".into(),
            State::Failed => "failed".into(),
            State::NotRun => "not run".into(),
        }
    }

    /// Why a run could not have gone on for ever, and why one came to nothing; empty where there is
    /// neither.
    pub(super) fn why_not(&self) -> String {
        let behind = self.behind.first().cloned();
        let failed = self
            .failures
            .first()
            .map(|reason| format!("{} failed: {reason}", Count(self.failures.len(), "run")));
        [behind, failed].into_iter().flatten().collect::<Vec<_>>().join("; ")
    }

    /// Both.
    pub(super) fn told(&self) -> String {
        let why_not = self.why_not();
        if why_not.is_empty() { self.held() } else { format!("{}: {why_not}", self.held()) }
    }
}

fn asked_for(asked: &Asked) -> Vec<(&str, &Point)> {
    match asked.kind {
        Kind::Comparison => {
            asked.sides.iter().map(|side| (side.name.as_str(), &side.point)).collect()
        }
        Kind::Sweep | Kind::Search => asked.points.iter().map(|point| ("", point)).collect(),
    }
}

/// Why a run could not have gone on for ever, or did not meet what was asked of it beside that; nothing
/// where it could and did.
pub(super) fn reason_behind(asked: &Asked, point: &Point, run: &Run) -> Option<String> {
    // An objective about a figure that this run has not is one that it has not met.
    sustained(point, run, &asked.objectives)
        .map_or_else(|e| Some(e.to_string()), |judged| judged.err().map(|why| why.to_string()))
}

/// So many of something, as in `1 run` and `2 runs`.
pub(super) struct Count(pub(super) usize, pub(super) &'static str);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Count(number, what) = self;
        write!(f, "{number} {what}{}", if *number == 1 { "" } else { "s" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::made::{failed, kept, ran, sweep};

    #[test]
    fn a_point_holds_if_all_its_runs_do() {
        let point = |batch_ms| Point { batch_ms, ..Point::default() };
        let [a, b, c, d, e, f] = [100, 200, 300, 400, 500, 600].map(point);
        let late = |run: &mut Run| run.job.processing_p95_ms = 1e6;
        let runs = vec![
            ran(&a, 1, |run| run.job.lines_per_s = 2e6),
            ran(&a, 0, |run| run.job.lines_per_s = 1e6),
            ran(&b, 0, late),
            ran(&b, 1, |_| ()),
            ran(&c, 0, late),
            failed(&d, 0, "the load ended early"),
            ran(&f, 0, |_| ()),
            failed(&f, 1, "the load ended early"),
        ];
        let points = [&a, &b, &c, &d, &e, &f].map(Clone::clone).to_vec();
        let kept = kept(sweep(points), runs);
        let spots = Spot::all(&kept);
        let states: Vec<State> = spots.iter().map(Spot::state).collect();
        let [one, other] = [State::HoldsIn(1); 2];
        let expected = [State::Holds, one, State::Behind, State::Failed, State::NotRun, other];
        assert_eq!(states, expected);
        assert_eq!(spots[0].runs[0].job.lines_per_s, 1e6, "in the order of the turns");
        assert_eq!(spots[0].median(Figure::Rate), Some(1.5));
        assert_eq!(spots[0].middle_run(Figure::Rate).unwrap().job.lines_per_s, 1e6);
        assert!(spots[1].told().starts_with("in 1 of 2 runs: a twentieth of the batches"));
        assert_eq!(spots[3].told(), "failed: 1 run failed: the load ended early");
        assert_eq!(spots[5].told(), "in 1 of 2 runs: 1 run failed: the load ended early");
    }

    #[test]
    fn what_misses_an_objective_does_not_hold() {
        let point = Point::default();
        let objectives =
            ["total_delay.p99<50ms", "latency.p99<1s"].map(|text| text.parse().unwrap());
        for (objective, says) in objectives.into_iter().zip(["total_delay.p99<50ms", "latency.p99"])
        {
            let asked = Asked { objectives: vec![objective], ..sweep(vec![point.clone()]) };
            let kept = kept(asked, vec![ran(&point, 0, |_| ())]);
            let spots = Spot::all(&kept);
            assert!(!spots[0].holds() && spots[0].told().contains(says), "{}", spots[0].told());
        }
    }

    #[test]
    fn a_run_that_was_made_again_has_not_failed() {
        let point = Point::default();
        let runs = vec![failed(&point, 0, "no port is free"), ran(&point, 0, |_| ())];
        let kept = kept(sweep(vec![point]), runs);
        let spots = Spot::all(&kept);
        assert!(spots.len() == 1 && spots[0].failures.is_empty() && spots[0].holds());
    }
}
