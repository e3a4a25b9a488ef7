//! The verdict on points of a grid.

use super::Topic;
use super::bottleneck::bottleneck;
use super::holds::holds;
use super::known::Best;
use super::next::next;
use crate::chart::{digits, short};
use crate::report::chapter::{Chapter, Work};
use crate::report::figure::{Figure, Percentile};
use crate::report::spot::Spot;
use crate::series::Axis;

/// What there is to say, in the order in which it is read.
pub(super) fn findings(chapter: &Chapter<'_>, work: &Work<'_, '_>) -> Vec<(Topic, String)> {
    let mut findings = vec![(Topic::Holds, holds(chapter, work))];
    let is_rate_set = chapter.is_rate_set();
    let lateness = chapter.lateness(Percentile::P99);
    let is_rate_varied = is_rate_set && chapter.varied.contains(&Axis::Rate);
    let best = match (is_rate_set, is_rate_varied) {
        (true, false) => work.best(Figure::CpuPerMillion, false),
        _ => work.best(Figure::Rate, true),
    };
    let promptest = work.best(lateness, false);
    let of_many = work.spots.iter().filter(|spot| !spot.runs.is_empty()).count() > 1;
    if let Some(best) = best {
        let topic = match (is_rate_set, is_rate_varied) {
            (true, false) => Topic::Cheapest,
            _ => Topic::Fastest,
        };
        let is_promptest = promptest.is_some_and(|spot| std::ptr::eq(spot, best));
        let also = match of_many && is_promptest {
            true => " No other point has a lower latency.",
            false => "",
        };
        let near = if topic == Topic::Fastest { as_fast(work, best) } else { String::new() };
        findings.push((topic, format!("{}.{also}{near}", figures(chapter, best))));
        if let Some(promptest) = promptest.filter(|_| !is_promptest) {
            findings.push((Topic::LowestLatency, format!("{}.", figures(chapter, promptest))));
        }
        findings.extend(headroom(chapter, best).map(|said| (Topic::Headroom, said)));
    }
    if is_rate_varied {
        findings.extend(highest_rate(chapter, work).map(|said| (Topic::Bracket, said)));
    }
    let looked_at = best.or_else(|| work.spots.iter().copied().find(|spot| !spot.runs.is_empty()));
    let cores = chapter.kept.begun.machine.cores;
    let in_the_way = looked_at.and_then(|spot| {
        let run = spot.middle_run(Figure::Rate)?;
        Some(bottleneck(spot.point, run, spot.holds(), cores))
    });
    if let Some(in_the_way) = &in_the_way {
        findings.push((Topic::Bottleneck, in_the_way.to_string()));
        let best = Best { best, promptest, in_the_way };
        findings.extend(next(chapter, work, &best).into_iter().map(|said| (Topic::Next, said)));
    }
    findings
}

/// How many others may be as fast for all that the ranges of their runs say.
fn as_fast(work: &Work<'_, '_>, best: &Spot<'_>) -> String {
    let range = |spot: &Spot<'_>| spot.spread(Figure::Rate).filter(|spread| spread.values > 1);
    let Some(of_best) = range(best) else { return String::new() };
    let is_near = |spot: &&&Spot<'_>| {
        !std::ptr::eq(**spot, best)
            && spot.holds()
            && range(spot).is_some_and(|spread| spread.most >= of_best.least)
    };
    match work.spots.iter().filter(is_near).count() {
        0 => String::new(),
        1 => " Another point may be as fast: the ranges of their runs overlap.".into(),
        n => format!(" {n} others may be as fast: the ranges of their runs overlap with its own."),
    }
}

/// A spot's name and what it came to, in the figures that matter.
fn figures(chapter: &Chapter<'_>, spot: &Spot<'_>) -> String {
    let lateness = [Percentile::P50, Percentile::P99].map(|p| chapter.lateness(p));
    let figure = |figure: Figure| Some(figure.written(spot.median(figure)?));
    let rate = spot.spread(Figure::Rate).map(|spread| match spread.values {
        1 => Figure::Rate.written(spread.median),
        runs => format!(
            "{} ({} to {} in {runs} runs)",
            Figure::Rate.written(spread.median),
            digits(spread.least),
            digits(spread.most)
        ),
    });
    let cost =
        figure(Figure::CpuPerMillion).map(|cost| format!("{cost} of CPU time per million lines"));
    let latency = lateness.map(|of| figure(of).map(|value| format!("{} {value}", of.name())));
    let said: Vec<String> = [rate, cost].into_iter().chain(latency).flatten().collect();
    format!("{}: {}", chapter.name_of(spot), said.join(", "))
}

/// How much of its interval is left where it holds.
fn headroom(chapter: &Chapter<'_>, spot: &Spot<'_>) -> Option<String> {
    if spot.point.from_memory_bytes.is_some() {
        return None;
    }
    let p95_ms = spot.median(Figure::Processing(Percentile::P95))?;
    let interval_ms = spot.point.batch_ms as f64;
    let left = (1.0 - p95_ms / interval_ms) * 100.0;
    Some(format!(
        "{} % of the interval is left at p95: with {}, 95 % of the batches took {} ms or less of {} ms.",
        digits(left),
        chapter.name_of(spot),
        digits(p95_ms),
        digits(interval_ms)
    ))
}

/// The highest rate that was held, with the settings that held it, and the lowest above it that was not.
fn highest_rate(chapter: &Chapter<'_>, work: &Work<'_, '_>) -> Option<String> {
    let others: Vec<Axis> =
        chapter.settings().into_iter().filter(|axis| *axis != Axis::Rate).collect();
    let held = work.spots.iter().filter(|spot| spot.holds());
    let held = held.filter_map(|spot| Some((Axis::Rate.number_of(spot.point)?, *spot)));
    let (rate, highest) = held.max_by(|a, b| a.0.total_cmp(&b.0))?;
    let is_alike =
        |spot: &&Spot<'_>| others.iter().all(|axis| axis.of(spot.point) == axis.of(highest.point));
    // Here a rate holds if all its runs do, while a search is content with one of two.
    let above = |spot: &&Spot<'_>| Axis::Rate.number_of(spot.point).is_some_and(|r| r > rate);
    let above = work.spots.iter().copied().filter(|spot| is_alike(spot) && above(spot));
    let above = above.filter_map(|spot| Some((Axis::Rate.number_of(spot.point)?, spot)));
    let failed = above.min_by(|a, b| a.0.total_cmp(&b.0));
    let with = highest.point.along(&others);
    let with = if with.is_empty() { String::new() } else { format!(" with {with}") };
    let held = short(rate);
    Some(match failed {
        Some((rate, spot)) => format!(
            "{held} lines/s were held{with}, and {} were not, or not in all runs: {}.",
            short(rate),
            spot.why_not()
        ),
        None => format!("{held} lines/s, the highest rate tried, were held{with}."),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::report::made::{kept, ran, sweep};
    use crate::series::{Done, Point, Run};

    fn said(runs: Vec<Done>) -> Vec<(Topic, String)> {
        let kept = kept(sweep(vec![]), runs);
        let chapter = Chapter::new(Path::new("s"), &kept);
        let works = chapter.works();
        findings(&chapter, &works[0])
    }

    fn about(said: &[(Topic, String)], topic: Topic) -> &str {
        said.iter().find(|(about, _)| *about == topic).map_or("", |(_, said)| said)
    }

    fn at(batch_ms: i64, rate: &str, change: impl FnOnce(&mut Run)) -> Done {
        ran(&Point { batch_ms, rate: rate.into(), ..Point::default() }, 0, change)
    }

    #[test]
    fn the_fastest_and_the_promptest_are_told_with_their_figures() {
        let said = said(vec![
            at(1000, "max", |run| run.job.lines_per_s = 9e6),
            at(100, "max", |run| run.job.lines_per_s = 8e6),
            at(10, "max", |run| {
                (run.job.lines_per_s, run.job.processing_p95_ms) = (20e6, 11.0);
            }),
        ]);
        let fastest = about(&said, Topic::Fastest);
        assert!(fastest.starts_with("batch 1s: 9.00 M lines/s, 10.0 s of CPU"), "{fastest}");
        assert!(fastest.ends_with("oldest line p99 1060 ms."), "{fastest}");
        let promptest = about(&said, Topic::LowestLatency);
        assert!(promptest.starts_with("batch 100ms: 8.00 M lines/s"), "{promptest}");
        let headroom = about(&said, Topic::Headroom);
        assert!(headroom.starts_with("95.0 % of the interval is left"), "{headroom}");
        assert_eq!(about(&said, Topic::Bracket), "");
    }

    #[test]
    fn of_rates_that_vary_the_highest_that_held_is_told() {
        let rate = |lines_per_s: f64| {
            move |run: &mut Run| {
                run.job.lines_per_s = lines_per_s;
                run.job.measured_cpu_seconds = lines_per_s / 1e6;
            }
        };
        let said = said(vec![
            at(1000, "1M", rate(1e6)),
            at(1000, "2M", rate(2e6)),
            at(1000, "4M", rate(3e6)),
            at(100, "1M", rate(0.5e6)),
        ]);
        assert!(about(&said, Topic::Fastest).starts_with("batch 1s, rate 2M: 2.00 M lines/s"));
        let bracket = about(&said, Topic::Bracket);
        assert!(bracket.starts_with(
            "2M lines/s were held with batch 1s, and 4M were not, or not in all runs: the"
        ));
        assert_eq!(about(&said, Topic::Cheapest), "");
    }

    #[test]
    fn at_one_set_rate_the_cheapest_is_the_best() {
        let cpu = |seconds| move |run: &mut Run| run.job.measured_cpu_seconds = seconds;
        let said = said(vec![at(1000, "1M", cpu(1.0)), at(100, "1M", cpu(1.5))]);
        assert!(about(&said, Topic::Cheapest).starts_with("batch 1s: 1.00 M lines/s, 0.500 s of"));
        assert_eq!((about(&said, Topic::Fastest), about(&said, Topic::Bracket)), ("", ""));
    }

    #[test]
    fn points_whose_ranges_overlap_with_the_fastest_are_told() {
        let run = |batch_ms, turn, rate| {
            let point = Point { batch_ms, ..Point::default() };
            ran(&point, turn, |run| run.job.lines_per_s = rate)
        };
        let both = |low, high| {
            said(vec![run(1000, 0, 2e6), run(1000, 1, 3e6), run(100, 0, low), run(100, 1, high)])
        };
        let near = both(1.8e6, 2.1e6);
        assert!(about(&near, Topic::Fastest).ends_with(
            "Another point may be as fast: the ranges of \
            their runs overlap."
        ));
        let apart = both(1.7e6, 1.9e6);
        assert!(!about(&apart, Topic::Fastest).contains("as fast"), "{apart:?}");
    }

    #[test]
    fn where_nothing_holds_there_is_no_best_but_something_to_try() {
        let said = said(vec![at(1000, "max", |run| run.job.processing_p95_ms = 1700.0)]);
        let topics: Vec<Topic> = said.iter().map(|(topic, _)| *topic).collect();
        assert_eq!(topics, [Topic::Holds, Topic::Bottleneck, Topic::Next]);
    }
}
