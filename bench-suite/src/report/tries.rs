//! Rates that were tried: which was held, and which was not. A search tries a rate that failed once more,
//! and it counts as held if it then holds.

use super::chapter::Chapter;
use super::spot::{Spot, reason_behind};
use crate::series::Axis;

/// Between which rates the highest that holds lies.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bracket {
    /// The highest that was held, below all that were not.
    pub(super) held: Option<f64>,
    /// The lowest that was not.
    pub(super) failed: Option<f64>,
    /// Why not.
    pub(super) reason: Option<String>,
}

/// One run at a rate.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Try {
    pub(super) rate: f64,
    /// What went wrong, if something did.
    pub(super) reason: Option<String>,
}

impl Bracket {
    /// Of spots that differ in their rates alone; nothing where no rate was set.
    pub(super) fn of<'s, 'a: 's>(spots: impl Iterator<Item = &'s Spot<'a>>) -> Option<Self> {
        let mut tried: Vec<(f64, &Spot<'_>)> = spots
            .filter(|spot| !spot.runs.is_empty() || !spot.failures.is_empty())
            .filter_map(|spot| Some((Axis::Rate.number_of(spot.point)?, spot)))
            .collect();
        tried.sort_by(|a, b| a.0.total_cmp(&b.0));
        let failed = tried.iter().position(|(_, spot)| spot.behind.len() == spot.runs.len());
        let held = tried[..failed.unwrap_or(tried.len())].last().map(|(rate, _)| *rate);
        let failed = failed.map(|at| tried[at]);
        let reason = failed.map(|(_, spot)| {
            let why = spot.behind.first().map(String::as_str).or(spot.failures.first().copied());
            why.unwrap_or_default().to_string()
        });
        (!tried.is_empty()).then(|| Bracket { held, failed: failed.map(|(rate, _)| rate), reason })
    }
}

/// All runs of a chapter at set rates, in the order in which they were over.
pub(super) fn tries(chapter: &Chapter<'_>) -> Vec<Try> {
    let runs = chapter.kept.runs.iter();
    let tries = runs.filter_map(|run| {
        let rate = Axis::Rate.number_of(&run.point)?;
        let reason = match &run.outcome {
            Ok(done) => reason_behind(&chapter.kept.asked, &run.point, done),
            Err(reason) => Some(reason.clone()),
        };
        Some(Try { rate, reason })
    });
    tries.collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::report::made::{failed, kept, ran, sweep};
    use crate::series::Point;

    #[test]
    fn the_bracket_ends_at_the_lowest_rate_that_was_not_held() {
        let point = |rate: &str| Point { rate: rate.into(), ..Point::default() };
        let done = |rate: &str, lines_per_s: f64| {
            ran(&point(rate), 0, |run| run.job.lines_per_s = lines_per_s)
        };
        let runs = vec![done("4M", 3e6), done("1M", 1e6), done("2M", 2e6), done("3M", 2.5e6)];
        let series = kept(sweep(vec![]), runs);
        let chapter = Chapter::new(Path::new("s"), &series);
        let bracket = Bracket::of(chapter.spots.iter()).unwrap();
        assert_eq!((bracket.held, bracket.failed), (Some(2e6), Some(3e6)));
        assert!(bracket.reason.unwrap().contains("2.5000 of 3.0000 M lines/s"));
        let tried: Vec<(f64, bool)> =
            tries(&chapter).iter().map(|tried| (tried.rate, tried.reason.is_none())).collect();
        assert_eq!(tried, [(4e6, false), (1e6, true), (2e6, true), (3e6, false)]);
    }

    #[test]
    fn a_rate_that_holds_at_the_second_try_is_held() {
        let point = |rate: &str| Point { rate: rate.into(), ..Point::default() };
        let late = |rate, turn| ran(&point(rate), turn, |run| run.job.processing_p95_ms = 1e5);
        let runs = vec![late("1M", 0), ran(&point("1M"), 1, |_| ()), late("2M", 0), late("2M", 1)];
        let series = kept(sweep(vec![]), runs);
        let chapter = Chapter::new(Path::new("s"), &series);
        let bracket = Bracket::of(chapter.spots.iter()).unwrap();
        assert_eq!((bracket.held, bracket.failed), (Some(1e6), Some(2e6)));
    }

    #[test]
    fn without_a_rate_that_was_held_or_not_a_bracket_has_one_end_or_none() {
        let point = Point { rate: "1M".into(), ..Point::default() };
        let series = kept(sweep(vec![]), vec![failed(&point, 0, "it ended early")]);
        let chapter = Chapter::new(Path::new("s"), &series);
        let bracket = Bracket::of(chapter.spots.iter()).unwrap();
        assert_eq!((bracket.held, bracket.failed), (None, Some(1e6)));
        assert_eq!(bracket.reason.as_deref(), Some("it ended early"));
        let series = kept(sweep(vec![]), vec![ran(&Point::default(), 0, |_| ())]);
        let chapter = Chapter::new(Path::new("s"), &series);
        assert_eq!(Bracket::of(chapter.spots.iter()), None);
    }
}
