//! The verdict on sides that took turns.

use super::Topic;
use crate::report::chapter::Chapter;
use crate::report::figure::Figure;
use crate::report::pairs::{Pairs, between, more_or_less, pairs};
use crate::report::spot::{Count, State};
use crate::turns::{DEFAULT_LEAST, LEAST_PAIRS, Verdict, percent};

/// What there is to say, in the order in which it is read.
pub(super) fn findings(chapter: &Chapter<'_>) -> Vec<(Topic, String)> {
    let least = chapter.kept.asked.least.unwrap_or(DEFAULT_LEAST);
    let by_cost = pairs(chapter, Figure::CpuPerMillion);
    let mut findings = Vec::new();
    for (topic, figure, verb, what) in [
        (Topic::Cost, Figure::CpuPerMillion, "takes", "CPU time per million lines"),
        (Topic::Rate, Figure::Rate, "has", "throughput"),
    ] {
        let pairs = pairs(chapter, figure);
        findings.extend(pairs.iter().map(|pairs| (topic, difference(pairs, verb, what, least))));
    }
    if by_cost.is_empty() {
        findings.push((Topic::Cost, "No turn has a run of both sides yet.".into()));
    }
    for spot in chapter.spots.iter().filter(|spot| !matches!(spot.state(), State::Holds)) {
        findings.push((Topic::Holds, format!("Side {}: {}.", spot.side, spot.told())));
    }
    let too_few = by_cost.iter().find(|pairs| pairs.estimate.is_none());
    if let Some(pairs) = too_few {
        let pairs = Count(pairs.ratios.len(), "pair");
        findings.push((
            Topic::Next,
            format!(
                "More pairs: {pairs} say nothing sure; {LEAST_PAIRS} and more do, with `--pairs {LEAST_PAIRS}`."
            ),
        ));
    }
    findings
}

/// What one says about a figure.
fn difference(pairs: &Pairs, verb: &str, what: &str, least: f64) -> String {
    let [a, b] = &pairs.names;
    let number = Count(pairs.ratios.len(), "pair");
    let Some(ratio) = pairs.estimate else {
        return format!(
            "{b} {verb} {} {what} than {a} in the median of {number}, too few to tell it from chance.",
            more_or_less(pairs.median)
        );
    };
    let sure = format!("99 % sure, over {number}");
    let between = between([ratio.low, ratio.high]);
    let range = format!("{between} than {a}, {sure}");
    match ratio.verdict(least) {
        Verdict::Better | Verdict::Worse => {
            format!(
                "{b} {verb} {} {what} than {a}: {between}, {sure}.",
                more_or_less(ratio.estimate)
            )
        }
        Verdict::NoDifference => {
            format!("No difference in {what} above {} %: {b} {verb} {range}.", percent(least))
        }
        Verdict::Inconclusive => format!(
            "Inconclusive about {what}: {b} {verb} {range}, and a difference of {} % counts.",
            percent(least)
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::report::made::{comparison, kept};

    fn said(turns: usize, ratio: f64) -> Vec<(Topic, String)> {
        let (asked, runs) = comparison(turns, ratio);
        let kept = kept(asked, runs);
        findings(&Chapter::new(Path::new("s"), &kept))
    }

    #[test]
    fn a_difference_is_told_with_its_interval() {
        let said = said(12, 1.05);
        assert!(
            said[0].1.starts_with("B takes 5.0 % more CPU time per million lines than A: between")
        );
        assert!(said[1].1.starts_with("B has 4.8 % less throughput than A"), "{}", said[1].1);
        assert_eq!(said.len(), 2);
    }

    #[test]
    fn what_may_be_chance_is_called_so() {
        let same = said(12, 1.0);
        assert!(same[0].1.starts_with("No difference in CPU time per million lines"), "{same:?}");
        let few = said(2, 1.05);
        assert!(few[0].1.contains("too few to tell it from chance"), "{few:?}");
        assert_eq!(few.last().unwrap().0, Topic::Next);
        assert!(said(0, 1.0)[0].1.contains("No turn has a run of both sides"));
    }
}
