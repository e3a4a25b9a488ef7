//! The next knob to try, with a flag.

use super::bottleneck::Bottleneck;
use super::known::{Best, Known, share_taken};
use crate::chart::{digits, short};
use crate::report::chapter::{Chapter, Work};
use crate::report::figure::{Figure, Percentile};
use crate::report::spot::Spot;
use crate::series::{Axis, Point};

/// Batches that take less of their interval at p95 could come more often.
const MUCH_ROOM: f64 = 0.2;
/// Those that take more have too little room for a machine that is busy for a moment.
const LITTLE_ROOM: f64 = 0.8;
/// Tasks that bring this share of what each should are worth more of them.
const NEARLY_IDEAL: f64 = 0.8;
/// Rates whose range is a larger share of their median were taken on a restless machine.
const RESTLESS: f64 = 0.1;
/// Below the rate that was taken in, a lower rate has some room.
const LOWER_RATE: f64 = 0.9;
/// More is no help to a reader.
const MOST_SAID: usize = 2;

/// What to try, the most promising first; where no rule fits, that.
pub(super) fn next(chapter: &Chapter<'_>, work: &Work<'_, '_>, best: &Best<'_, '_>) -> Vec<String> {
    let known = Known { chapter, work, best };
    type Rule = fn(&Known<'_, '_, '_>) -> Option<String>;
    let rules: [Rule; 9] = [
        more_for_the_load,
        longer_batches_for_any_to_hold,
        lower_rate_for_any_to_hold,
        longer_batches_for_room,
        more_parallelism,
        shorter_batches,
        smaller_window,
        higher_rate,
        more_turns,
    ];
    let said: Vec<String> = rules.iter().filter_map(|rule| rule(&known)).take(MOST_SAID).collect();
    match said.is_empty() {
        true => vec![
            "Nothing stands out: no rule of this report asks for another setting than those tried."
                .into(),
        ],
        false => said,
    }
}

fn more_for_the_load(known: &Known<'_, '_, '_>) -> Option<String> {
    let is_in_the_way = matches!(
        known.best.in_the_way,
        Bottleneck::LoadNotValid { .. } | Bottleneck::LoadTakesMost { .. }
    );
    let workload = known.work.spots.first()?.point.workload.name();
    is_in_the_way.then(|| {
        format!(
            "A load from elsewhere: run `loadgen serve` on another machine, and `bench-suite job {workload} \
             --connect HOST:PORT` here."
        )
    })
}

fn longer_batches_for_any_to_hold(known: &Known<'_, '_, '_>) -> Option<String> {
    if known.best.best.is_some() {
        return None;
    }
    let (share, spot) = known.nearest()?;
    (share > 1.0).then(|| known.longer_batches(spot, "Nothing holds"))?
}

fn lower_rate_for_any_to_hold(known: &Known<'_, '_, '_>) -> Option<String> {
    let chapter = known.chapter;
    if known.best.best.is_some() || !chapter.is_rate_set() || chapter.is_search() {
        return None;
    }
    let rates = known.work.spots.iter().filter_map(|spot| spot.median(Figure::Rate));
    let taken = rates.fold(0.0, f64::max) * 1e6;
    (taken > 0.0).then(|| {
        format!(
            "A lower rate: at most {} lines/s were taken in, so `--rate {}`.",
            short(taken),
            short(taken * LOWER_RATE)
        )
    })
}

fn longer_batches_for_room(known: &Known<'_, '_, '_>) -> Option<String> {
    let spot = known.best.best?;
    (share_taken(spot)? > LITTLE_ROOM)
        .then(|| known.longer_batches(spot, "There is little room"))?
}

fn more_parallelism(known: &Known<'_, '_, '_>) -> Option<String> {
    let spot = known.best.best?;
    let cores = known.chapter.kept.begun.machine.cores;
    let most = spot.point.parallelism.filter(|most| *most < cores)?;
    let alike = known.alike_but_for(spot, Axis::Parallelism);
    let with_fewest = alike.iter().min_by_key(|spot| spot.point.parallelism)?;
    let fewest = with_fewest.point.parallelism?;
    if alike.iter().any(|spot| spot.point.parallelism.is_none_or(|n| n > most)) {
        return None;
    }
    if fewest == most {
        return Some(format!(
            "More parallelism: the machine has {cores} cores, and {most} of them were asked for, so \
             `--parallelism {cores}`."
        ));
    }
    let gained = spot.median(Figure::Rate)? / with_fewest.median(Figure::Rate)?;
    let ideal = most as f64 / fewest as f64;
    (gained > NEARLY_IDEAL * ideal && !known.chapter.is_rate_set()).then(|| {
        format!(
            "More parallelism: from {fewest} to {most} brought {} times the rate where {} would be ideal, so \
             `--parallelism {cores}`.",
            digits(gained),
            digits(ideal)
        )
    })
}

fn shorter_batches(known: &Known<'_, '_, '_>) -> Option<String> {
    let spot = known.best.promptest?;
    let p95_ms = spot.median(Figure::Processing(Percentile::P95))?;
    let share = share_taken(spot).filter(|share| *share < MUCH_ROOM)?;
    let shorter = |point: &Point| point.batch_ms < spot.point.batch_ms;
    if known.alike_but_for(spot, Axis::Batch).iter().any(|other| shorter(other.point)) {
        return None;
    }
    let point = known.with_batch(spot, p95_ms / MUCH_ROOM, shorter)?;
    Some(format!(
        "Shorter batches, for results that come sooner: 95 % of the batches took {} % of {} ms or less, so \
         `--batch {}`.",
        digits(share * 100.0),
        spot.point.batch_ms,
        Axis::Batch.of(&point)?
    ))
}

fn smaller_window(known: &Known<'_, '_, '_>) -> Option<String> {
    let Bottleneck::Stage { name, .. } = known.best.in_the_way else { return None };
    let spot = known.best.best.filter(|_| name.contains("window"))?;
    let window_ms =
        i64::try_from(spot.point.window_time().as_millis()).ok().filter(|ms| *ms > 0)?;
    let smaller = |point: &Point| point.window_ms.is_some_and(|ms| ms < window_ms);
    if known.alike_but_for(spot, Axis::Window).iter().any(|other| smaller(other.point)) {
        return None;
    }
    let point = Point { window_ms: Some(window_ms / 2), ..spot.point.clone() };
    (window_ms > 1 && point.refused().is_none()).then(|| {
        Some(format!(
            "A smaller window, where the question allows it: `--window {}`.",
            Axis::Window.of(&point)?
        ))
    })?
}

fn higher_rate(known: &Known<'_, '_, '_>) -> Option<String> {
    if known.chapter.is_search() {
        return None;
    }
    let held = known.work.spots.iter().filter(|spot| spot.holds());
    let rates = held.filter_map(|spot| Some((Axis::Rate.number_of(spot.point)?, *spot)));
    let (rate, spot) = rates.max_by(|a, b| a.0.total_cmp(&b.0))?;
    let is_highest =
        |other: &&Spot<'_>| Axis::Rate.number_of(other.point).is_none_or(|r| r <= rate);
    if !known.alike_but_for(spot, Axis::Rate).iter().all(is_highest) {
        return None;
    }
    (share_taken(spot)? < LITTLE_ROOM).then(|| {
        format!(
            "A higher rate: {} lines/s were held, so `--rate {}`.",
            short(rate),
            short(rate * 2.0)
        )
    })
}

fn more_turns(known: &Known<'_, '_, '_>) -> Option<String> {
    if known.chapter.is_search() {
        return None;
    }
    let spread = known.best.best?.spread(Figure::Rate)?;
    (spread.values > 1 && spread.share() > RESTLESS).then(|| {
        format!(
            "More turns: the rates of {} runs of one point lie {} % apart, so `--turns {}`.",
            spread.values,
            digits(spread.share() * 100.0),
            spread.values * 2 + 1
        )
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::report::made::{kept, ran, sweep};
    use crate::series::{Done, Run};

    fn tried_next(in_the_way: &Bottleneck, runs: Vec<Done>) -> String {
        let kept = kept(sweep(vec![]), runs);
        let chapter = Chapter::new(Path::new("s"), &kept);
        let works = chapter.works();
        let best = Best {
            best: works[0].best(Figure::Rate, true),
            promptest: works[0].best(Figure::Age(Percentile::P99), false),
            in_the_way,
        };
        next(&chapter, &works[0], &best).join(" ")
    }

    const TURN: Bottleneck = Bottleneck::Turn { share: 0.1 };

    fn at(point: &Point, change: impl FnOnce(&mut Run)) -> Done {
        ran(point, 0, change)
    }

    fn takes(share: f64) -> impl FnOnce(&mut Run) {
        move |run| run.job.processing_p95_ms = share * run.job.batch_interval_ms as f64
    }

    #[test]
    fn batches_that_take_little_of_their_interval_may_come_more_often() {
        let said = tried_next(&TURN, vec![at(&Point::default(), takes(0.018))]);
        assert!(said.contains("took 1.80 % of 1000 ms or less, so `--batch 100ms`"), "{said}");
        let divided = Point { block_ms: Some(200), ..Point::default() };
        let said = tried_next(&TURN, vec![at(&divided, takes(0.018))]);
        assert!(said.contains("`--batch 200ms`"), "a batch is a multiple of a block: {said}");
        let shorter = Point { batch_ms: 100, ..Point::default() };
        let both = vec![at(&Point::default(), takes(0.018)), at(&shorter, takes(2.0))];
        let said = tried_next(&TURN, both);
        assert!(!said.contains("Shorter"), "it was tried: {said}");
        assert!(tried_next(&TURN, vec![at(&Point::default(), takes(0.5))]).contains("stands out"));
    }

    #[test]
    fn batches_that_take_too_long_are_to_be_longer() {
        let said = tried_next(&TURN, vec![at(&Point::default(), takes(1.2))]);
        assert!(said.starts_with("Longer batches. Nothing holds"), "{said}");
        assert!(said.contains("took 1200 ms or less of their 1000 ms, so `--batch 5s`"), "{said}");
        let said = tried_next(&TURN, vec![at(&Point::default(), takes(0.9))]);
        assert!(said.contains("little room") && said.contains("`--batch 2s`"), "{said}");
    }

    #[test]
    fn tasks_that_scale_are_worth_more_of_them_as_far_as_there_are_cores() {
        let tasks = |parallelism| Point { parallelism: Some(parallelism), ..Point::default() };
        let rate = |lines_per_s| {
            move |run: &mut Run| {
                run.job.lines_per_s = lines_per_s;
                run.job.processing_p95_ms = 500.0;
            }
        };
        let one = || at(&tasks(1), rate(1e6));
        assert!(tried_next(&TURN, vec![one()]).contains("`--parallelism 2`"));
        let both = vec![one(), at(&tasks(2), rate(1.9e6))];
        assert!(!tried_next(&TURN, both).contains("parallelism"), "there are no more cores");
    }

    #[test]
    fn rates_go_up_where_there_is_room_and_down_where_nothing_holds() {
        let point = Point { rate: "1M".into(), ..Point::default() };
        let said = tried_next(&TURN, vec![at(&point, takes(0.5))]);
        assert!(said.contains("A higher rate: 1M lines/s were held, so `--rate 2M`"), "{said}");
        let held_back = |run: &mut Run| run.job.lines_per_s = 5e5;
        let said = tried_next(&TURN, vec![at(&point, held_back)]);
        assert!(said.contains("at most 500k lines/s were taken in, so `--rate 450k`"), "{said}");
    }

    #[test]
    fn what_is_in_the_way_is_given_way() {
        let said = tried_next(
            &Bottleneck::LoadTakesMost { share: 0.6 },
            vec![at(&Point::default(), takes(0.5))],
        );
        assert!(said.contains("`bench-suite job word-count --connect HOST:PORT`"), "{said}");
        let in_window =
            Bottleneck::Stage { name: "reduce_by_key_and_window".into(), ms: 1.0, turn_ms: 2.0 };
        let workload = crate::job::Workload::WindowedWordCount;
        let point = Point { workload, window_ms: Some(60_000), ..Point::default() };
        let said = tried_next(&in_window, vec![at(&point, takes(0.5))]);
        assert!(said.contains("`--window 30s`"), "{said}");
    }

    #[test]
    fn a_restless_machine_is_given_more_turns() {
        let run = |turn, lines_per_s| {
            ran(&Point::default(), turn, |run| {
                (run.job.lines_per_s, run.job.processing_p95_ms) = (lines_per_s, 500.0);
            })
        };
        let said = tried_next(&TURN, vec![run(0, 1e6), run(1, 1.3e6)]);
        assert!(said.contains("`--turns 5`"), "{said}");
        assert!(!tried_next(&TURN, vec![run(0, 1e6), run(1, 1.01e6)]).contains("--turns"));
    }
}
