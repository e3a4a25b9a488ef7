//! What holds and what does not.

use crate::report::chapter::{Chapter, Work};
use crate::report::spot::{Count, Spot, State};

/// As many of those that do not hold are told with their reasons.
const MOST_TOLD: usize = 3;

/// How many points hold, and why some of the others do not.
pub(super) fn holds(chapter: &Chapter<'_>, work: &Work<'_, '_>) -> String {
    let spots = &work.spots;
    let with = |wanted: fn(State) -> bool| -> Vec<&Spot<'_>> {
        spots.iter().copied().filter(|spot| wanted(spot.state())).collect()
    };
    let held = with(|state| state == State::Holds);
    let sometimes = with(|state| matches!(state, State::HoldsIn(_)));
    let behind = with(|state| state == State::Behind);
    let failed = with(|state| state == State::Failed);
    let not_run = with(|state| state == State::NotRun);
    let ran = spots.len() - not_run.len();
    let kept_up = match chapter.is_from_memory() {
        // There is no interval to keep, and nobody who sends.
        true => "no batch failed",
        false => {
            "in every run batches kept within their interval, none waited longer and longer, and all lines \
             came out"
        }
    };
    let mut said = match (ran, held.len()) {
        (0, _) if spots.len() == 1 => "It has not run yet.".into(),
        (0, _) => format!("None of {} points has run yet.", spots.len()),
        (1, 1) => format!("It holds: {kept_up}."),
        (ran, held) if ran == held => format!("All {ran} points hold: {kept_up}."),
        (1, _) => "It does not hold in all its runs.".into(),
        (ran, 0) => format!("None of {ran} points holds in all its runs."),
        (ran, 1) => format!("1 of {ran} points holds in all its runs."),
        (ran, held) => format!("{held} of {ran} points hold in all their runs."),
    };
    for (spots, what) in [
        (&sometimes, "in some runs and not in others"),
        (&behind, "in no run"),
        (&failed, "failed"),
    ] {
        if !spots.is_empty() {
            said += &format!(" {}: {}.", sentence_case(what), told(chapter, spots));
        }
    }
    if ran > 0 && !not_run.is_empty() {
        said += &format!(" Not run yet: {}.", Count(not_run.len(), "point"));
    }
    said
}

/// Which, each with its reason.
fn told(chapter: &Chapter<'_>, spots: &[&Spot<'_>]) -> String {
    let with_reason = |spot: &&Spot<'_>| {
        let reason = spot.behind.first().map(String::as_str).or(spot.failures.first().copied());
        format!("{} ({})", chapter.name_of(spot), reason.unwrap_or_default())
    };
    let mut told: Vec<String> = spots.iter().take(MOST_TOLD).map(with_reason).collect();
    if spots.len() > MOST_TOLD {
        told.push(format!("and {} more", spots.len() - MOST_TOLD));
    }
    told.join("; ")
}

fn sentence_case(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::report::made::{failed, kept, ran, sweep};
    use crate::series::{Done, Point, Run};

    fn said(runs: impl Fn(&[Point]) -> Vec<Done>, points: usize) -> String {
        let points: Vec<Point> =
            (1..=points as i64).map(|n| Point { batch_ms: n * 100, ..Point::default() }).collect();
        let kept = kept(sweep(points.clone()), runs(&points));
        let chapter = Chapter::new(Path::new("s"), &kept);
        let works = chapter.works();
        holds(&chapter, &works[0])
    }

    #[test]
    fn where_everything_holds_it_is_one_sentence() {
        let all = |points: &[Point]| points.iter().map(|point| ran(point, 0, |_| ())).collect();
        assert!(said(all, 3).starts_with("All 3 points hold: in every run"));
        assert!(said(all, 1).starts_with("It holds: in every run"));
        assert_eq!(said(|_| vec![], 2), "None of 2 points has run yet.");
    }

    #[test]
    fn what_does_not_hold_is_told_with_its_reason() {
        let late = |run: &mut Run| run.job.processing_p95_ms = 1234.0;
        let mixed = |points: &[Point]| {
            vec![
                ran(&points[0], 0, |_| ()),
                ran(&points[1], 0, |_| ()),
                ran(&points[1], 1, late),
                ran(&points[2], 0, late),
                failed(&points[3], 0, "no port is free"),
                failed(&points[0], 1, "it ended early"),
            ]
        };
        let said = said(mixed, 5);
        assert!(said.starts_with("None of 4 points holds in all its runs."), "{said}");
        assert!(
            said.contains(
                "In some runs and not in others: batch 100ms (it ended early); batch 200ms (a"
            ),
            "{said}"
        );
        assert!(said.contains("In no run: batch 300ms (a twentieth of the batches took 1234"));
        assert!(said.contains("Failed: batch 400ms (no port is free)."), "{said}");
        assert!(said.ends_with("Not run yet: 1 point."), "{said}");
    }

    #[test]
    fn a_long_list_is_cut() {
        let late = |run: &mut Run| run.job.processing_p95_ms = 1e5;
        let all = |points: &[Point]| points.iter().map(|point| ran(point, 0, late)).collect();
        let said = said(all, 8);
        assert!(said.starts_with("None of 8 points holds in all its runs."), "{said}");
        assert!(said.ends_with("and 5 more."), "{said}");
    }
}
