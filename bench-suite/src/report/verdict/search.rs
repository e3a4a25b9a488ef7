//! The verdict on rates that close in on the highest that holds.

use super::Topic;
use super::bottleneck::bottleneck;
use super::known::Best;
use super::next::next;
use crate::chart::{digits, short};
use crate::report::chapter::{Chapter, Work};
use crate::report::figure::Figure;
use crate::report::tries::Bracket;
use crate::series::Axis;

/// What there is to say, in the order in which it is read.
pub(super) fn findings(chapter: &Chapter<'_>, work: &Work<'_, '_>) -> Vec<(Topic, String)> {
    let Some(bracket) = Bracket::of(work.spots.iter().copied()) else {
        return vec![(Topic::Bracket, "No rate has been tried yet.".into())];
    };
    let mut findings = vec![(Topic::Bracket, told(&bracket))];
    let at_rate = |rate: Option<f64>| {
        let mut spots = work.spots.iter().copied();
        spots.find(|spot| rate.is_some() && Axis::Rate.number_of(spot.point) == rate)
    };
    let held = at_rate(bracket.held);
    // What is in the way shows where the rate was too high.
    let cores = chapter.kept.begun.machine.cores;
    let looked_at = at_rate(bracket.failed).filter(|spot| !spot.runs.is_empty()).or(held);
    if let Some(spot) = looked_at
        && let Some(run) = spot.middle_run(Figure::Rate)
    {
        let in_the_way = bottleneck(spot.point, run, spot.holds(), cores);
        findings.push((Topic::Bottleneck, in_the_way.to_string()));
        let best = Best { best: held, promptest: held, in_the_way: &in_the_way };
        findings.extend(next(chapter, work, &best).into_iter().map(|said| (Topic::Next, said)));
    }
    findings
}

fn told(bracket: &Bracket) -> String {
    let reason = bracket.reason.as_deref().unwrap_or_default();
    match (bracket.held, bracket.failed) {
        (Some(held), Some(failed)) => format!(
            "Between {} lines/s, which were held, and {} lines/s, which were not: {reason}. That is a gap \
             of {} %.",
            short(held),
            short(failed),
            digits((failed / held - 1.0) * 100.0)
        ),
        (Some(held), None) => {
            format!("At least {} lines/s: no rate was tried that was not held.", short(held))
        }
        (None, Some(failed)) => {
            format!("Below {} lines/s: no rate that was tried was held; {reason}.", short(failed))
        }
        (None, None) => "No rate has been tried yet.".into(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::report::made::{kept, ran, sweep};
    use crate::series::{Asked, Kind, Point};

    fn said(rates: &[(&str, f64)]) -> String {
        let runs = rates.iter().map(|(rate, taken)| {
            let point = Point { rate: (*rate).into(), ..Point::default() };
            ran(&point, 0, |run| run.job.lines_per_s = *taken)
        });
        let kept = kept(Asked { kind: Kind::Search, ..sweep(vec![]) }, runs.collect());
        let chapter = Chapter::new(Path::new("s"), &kept);
        let works = chapter.works();
        works.first().map_or(String::new(), |work| findings(&chapter, work)[0].1.clone())
    }

    #[test]
    fn the_highest_rate_lies_in_a_bracket() {
        let both = said(&[("1M", 1e6), ("2M", 1.5e6), ("1.25M", 1.25e6)]);
        assert!(
            both.starts_with("Between 1.25M lines/s, which were held, and 2M lines/s"),
            "{both}"
        );
        assert!(both.ends_with("That is a gap of 60.0 %."), "{both}");
        assert!(said(&[("1M", 1e6)]).starts_with("At least 1M lines/s"));
        assert!(said(&[("1M", 0.5e6)]).starts_with("Below 1M lines/s"));
        assert!(said(&[("max", 1e6)]).starts_with("No rate has been tried"));
    }
}
