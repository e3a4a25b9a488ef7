//! Whether the work of a slide grows with the window.
//!
//! A result has every key of the window, and a long window has more keys than a short one. So the
//! longest window is compared with the shortest one that has as many keys and lets something go
//! with every slide that it keeps: what differs between them is their length alone.

use serde::Serialize;

use super::figures::{Figures, quantile};
use super::operation::Operation;

/// Numbers of keys that differ by less are the same.
const SAME_KEYS: f64 = 0.01;

/// A slide that takes longer by no more than this takes as long.
const SAME_TIME: f64 = 0.10;

/// The longest window of an operation beside a shorter one with as many keys.
#[derive(Debug, Serialize)]
pub(super) struct Verdict {
    operation: Operation,
    shorter: usize,
    longest: usize,
    entries: [f64; 2],
    /// For each entry.
    calls: [f64; 2],
    most_calls: f64,
    /// How many times as long a slide of the longest takes: the median over rounds, in which both
    /// had their turn.
    time: f64,
    /// What that median is at or above, chance aside: in one run of forty it is not.
    time_at_least: f64,
    /// Of entries, which are as many, and of calls, which stay below their bound.
    work_growth: Growth,
    time_growth: Growth,
}

/// How something is from a window to a longer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Growth {
    Flat,
    Grows,
    /// Of times alone: what is counted has no noise.
    TooNoisyToSay,
}

/// One for each operation of which there are two windows to compare.
pub(super) fn verdicts(figures: &[Figures]) -> Vec<Verdict> {
    let of = |operation| figures.iter().filter(move |figures| figures.operation == operation);
    Operation::ALL.into_iter().filter_map(|operation| compare(of(operation))).collect()
}

fn compare<'a>(windows: impl Iterator<Item = &'a Figures> + Clone) -> Option<Verdict> {
    let longest = windows.clone().max_by_key(|figures| figures.ratio)?;
    // A window as long as its slide keeps nothing, so it has nothing to take off.
    let alike =
        |figures: &&Figures| figures.ratio > 1 && figures.keys >= longest.keys * (1.0 - SAME_KEYS);
    let shorter = windows.filter(alike).min_by_key(|figures| figures.ratio)?;
    if shorter.ratio == longest.ratio {
        return None;
    }
    let rounds = longest.round_median_ms.iter().zip(&shorter.round_median_ms);
    let times: Vec<f64> = rounds.filter(|(_, b)| **b > 0.0).map(|(a, b)| a / b).collect();
    // Of n values, the median of all there could be lies within the root of n places of the middle,
    // 19 times of 20.
    let off_the_middle = 1.0 / (times.len().max(4) as f64).sqrt();
    let (time, time_at_least) = (quantile(&times, 0.5), quantile(&times, 0.5 - off_the_middle));
    let calls = [shorter, longest].map(|figures| figures.calls / figures.entries.max(1.0));
    let most_calls = longest.operation.most_calls_per_entry();
    // What happens once in a window may happen once more than the slides have windows.
    let once_more = 1.0 + longest.ratio as f64 / longest.slides as f64;
    let more = longest.entries > shorter.entries || calls[1] > most_calls * once_more;
    Some(Verdict {
        operation: longest.operation,
        shorter: shorter.ratio,
        longest: longest.ratio,
        entries: [shorter.entries, longest.entries],
        calls,
        most_calls,
        time,
        time_at_least,
        work_growth: match more {
            true => Growth::Grows,
            false => Growth::Flat,
        },
        time_growth: match (time <= 1.0 + SAME_TIME, time_at_least <= 1.0 + SAME_TIME) {
            (true, _) => Growth::Flat,
            (false, true) => Growth::TooNoisyToSay,
            (false, false) => Growth::Grows,
        },
    })
}

/// The verdicts in a line.
pub(super) fn headline(verdicts: &[Verdict]) -> String {
    if verdicts.is_empty() {
        return "no two windows to compare".into();
    }
    let times = verdicts.iter().map(|verdict| {
        let Verdict { operation, shorter, longest, time, .. } = verdict;
        let growth = match (verdict.work_growth, verdict.time_growth) {
            (Growth::Flat, Growth::Flat) => "",
            (Growth::Flat, Growth::TooNoisyToSay) => ", too noisy to say",
            _ => ", IT GROWS",
        };
        format!("{time:.2} ({}, {shorter} to {longest} slides{growth})", operation.name())
    });
    let times: Vec<String> = times.collect();
    format!("how many times as long a slide of a longer window takes: {}", times.join("; "))
}

/// The verdicts in words.
pub(super) fn sentences(verdicts: &[Verdict]) -> String {
    if verdicts.is_empty() {
        return "No two windows have as many keys in their results, so there is nothing to compare: \
                give longer --ratios, or fewer --keys."
            .into();
    }
    let sentences: Vec<String> = verdicts.iter().map(sentence).collect();
    sentences.join("\n")
}

fn sentence(verdict: &Verdict) -> String {
    let Verdict { operation, shorter, longest, entries, calls, most_calls, time, .. } = verdict;
    let calls = match operation {
        Operation::Count => String::new(),
        Operation::Sum | Operation::Max => {
            format!(", {:.2} and {:.2} calls for each, of {most_calls} at most", calls[0], calls[1])
        }
    };
    let work = match verdict.work_growth {
        Growth::Flat => "the work of a slide is the same",
        Growth::Grows | Growth::TooNoisyToSay => "THE WORK OF A SLIDE GROWS",
    };
    let duration = match verdict.time_growth {
        Growth::Flat => "which is flat",
        Growth::Grows => "SO IT GROWS",
        Growth::TooNoisyToSay => "which is too noisy to say",
    };
    format!(
        "{}: from a window of {shorter} slides to one of {longest}, {work}: {:.0} and {:.0} entries{calls}. \
         It takes {time:.2} times as long, {duration}.",
        operation.name(),
        entries[0],
        entries[1],
    )
}

#[cfg(test)]
mod tests {
    use super::super::figures::Gathered;
    use super::super::sliding::Slide;
    use super::*;

    fn window(ratio: usize, keys: usize, entries: u64, ms: [f64; 4]) -> Figures {
        let slides = ms.map(|ms| Slide { ms, entries, calls: entries, keys }).into();
        let gathered = Gathered { slides, rounds: vec![1; 4], ..Gathered::default() };
        gathered.figures(Operation::Max, ratio)
    }

    fn verdict(figures: &[Figures]) -> (usize, Growth, Growth) {
        let verdicts = verdicts(figures);
        (verdicts[0].shorter, verdicts[0].work_growth, verdicts[0].time_growth)
    }

    #[test]
    fn the_longest_is_compared_with_the_shortest_that_has_as_many_keys() {
        let full = window(100, 998, 20, [1.0, 2.0, 1.0, 1.0]);
        let longest = window(1000, 1000, 20, [1.0, 2.1, 1.05, 1.0]);
        let all = [window(1, 100, 10, [0.1; 4]), window(10, 650, 20, [0.5; 4]), full, longest];
        assert_eq!(verdict(&all), (100, Growth::Flat, Growth::Flat));
        assert!(verdicts(&all[..1]).is_empty() && verdicts(&all[1..2]).is_empty());
    }

    #[test]
    fn what_grows_is_said_and_what_is_noise_too() {
        let full = || window(10, 100, 20, [1.0; 4]);
        let [twice, noisy] = [[2.0; 4], [1.0, 1.0, 1.5, 1.5]];
        assert_eq!(
            verdict(&[full(), window(100, 100, 21, twice)]),
            (10, Growth::Grows, Growth::Grows)
        );
        assert_eq!(verdict(&[full(), window(100, 100, 20, noisy)]).2, Growth::TooNoisyToSay);
        assert!(sentences(&verdicts(&[full(), window(100, 100, 21, twice)])).contains("GROWS"));
        assert!(sentences(&[]).contains("--keys"));
    }
}
