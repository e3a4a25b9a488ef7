//! Which due time has the next batch, where others have passed while one ran.

use crate::conf::{MOST_WAITING, Overrun};
use crate::graph::Graph;
use crate::time::{Duration, Time, millis};

/// How due times become batches.
pub(super) struct Backlog {
    policy: Overrun,
    /// Under [`Overrun::Queue`].
    most_waiting: u64,
    interval: Duration,
    /// The time from which slides are counted.
    zero: Time,
    /// Those that are longer than the interval. At their times there is a batch, whatever is left out.
    slides: Vec<Duration>,
}

/// The batch that is next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) time: Time,
    /// How many due times it stands for.
    pub(super) covers: u64,
    /// How many are due, itself and those that it stands for included.
    pub(super) waiting: u64,
}

impl Due {
    /// Whether far too much is due.
    pub(super) fn is_for_a_gap(&self) -> bool {
        self.waiting > MOST_WAITING
    }
}

impl Backlog {
    pub(super) fn new(policy: Overrun, most_waiting: u64, zero: Time, graph: &Graph<'_>) -> Self {
        let (interval, slides) = (graph.batch_interval, graph.longer_slides());
        Backlog { policy, most_waiting, interval, zero, slides }
    }

    /// Which due time is waited for, of that at `next` and those after it, if the last batch was over at
    /// `ended`.
    pub(super) fn waits_for(&self, next: Time, ended: Time) -> Time {
        if self.policy != Overrun::Skip || ended < next {
            return next;
        }
        let last_passed = ended.floor_from(self.interval, next);
        self.first_of_a_slide(next, last_passed).unwrap_or(last_passed + self.interval)
    }

    /// The batch that is next at `now`, at `next` or after it, if the last one was over at `ended`.
    pub(super) fn due(&self, next: Time, ended: Time, now: Time) -> Due {
        let first = self.waits_for(next, ended);
        let last = first.max(now.floor_from(self.interval, next));
        let waiting = self.steps(first, last) + 1;
        let most = match self.policy {
            _ if waiting > MOST_WAITING => 1,
            Overrun::Queue => self.most_waiting,
            Overrun::Coalesce | Overrun::Skip => 1,
        };
        // The oldest are merged until so many are left.
        let merged = first + self.interval * waiting.saturating_sub(most) as i64;
        let time = match waiting > MOST_WAITING {
            true => merged,
            false => self.first_of_a_slide(first, merged).unwrap_or(merged),
        };
        Due { time, covers: self.steps(next, time) + 1, waiting: self.steps(next, last) + 1 }
    }

    /// The first time from `from` to `to` at which a stream with a longer slide has a dataset.
    fn first_of_a_slide(&self, from: Time, to: Time) -> Option<Time> {
        let at_or_after = |slide: &Duration| {
            // The last one before, and one on.
            (from - millis(1)).floor_from(*slide, self.zero) + *slide
        };
        self.slides.iter().map(at_or_after).min().filter(|time| *time <= to)
    }

    fn steps(&self, from: Time, to: Time) -> u64 {
        ((to - from).as_millis() / self.interval.as_millis()).max(0) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Random;
    use crate::time::secs;

    fn at(millis: i64) -> Time {
        Time::from_millis(millis)
    }

    fn backlog(policy: Overrun, most_waiting: u64, slides: &[u64]) -> Backlog {
        let slides = slides.iter().copied().map(secs).collect();
        Backlog { policy, most_waiting, interval: secs(1), zero: at(0), slides }
    }

    /// The batches, with what they stand for, of which that at `n` seconds runs for as long as `runs(n)`, under
    /// a clock that moves on only as far as it must, until `until`.
    fn batches(backlog: &Backlog, runs: impl Fn(i64) -> Duration, until: Time) -> Vec<(Time, u64)> {
        let (mut now, mut next, mut ended, mut batches) = (at(0), at(1000), at(0), Vec::new());
        loop {
            now = now.max(backlog.waits_for(next, ended));
            let due = backlog.due(next, ended, now);
            if due.time > until {
                return batches;
            }
            batches.push((due.time, due.covers));
            now = now + runs(due.time.as_millis() / 1000);
            (next, ended) = (due.time + secs(1), now);
        }
    }

    /// In seconds: that at 1 s runs until 4.5 s, and the others are quick.
    fn after_one_overrun(backlog: &Backlog) -> Vec<(i64, u64)> {
        let runs = |n| millis(if n == 1 { 3500 } else { 10 });
        let batches = batches(backlog, runs, at(6000));
        batches.into_iter().map(|(time, covers)| (time.as_millis() / 1000, covers)).collect()
    }

    #[test]
    fn each_policy_has_its_own_batches_after_an_overrun() {
        let of = |policy, slides: &[u64]| after_one_overrun(&backlog(policy, MOST_WAITING, slides));
        let all: Vec<_> = (1..=6).map(|n| (n, 1)).collect();
        assert_eq!(of(Overrun::Queue, &[]), all);
        assert_eq!(of(Overrun::Coalesce, &[]), [(1, 1), (4, 3), (5, 1), (6, 1)]);
        assert_eq!(of(Overrun::Skip, &[]), [(1, 1), (5, 4), (6, 1)]);
        assert_eq!(of(Overrun::Queue, &[2]), all);
        let slides_of_three = [(1, 1), (3, 2), (4, 1), (5, 1), (6, 1)];
        assert_eq!(of(Overrun::Coalesce, &[3]), slides_of_three);
        assert_eq!(of(Overrun::Skip, &[3]), [(1, 1), (3, 2), (5, 2), (6, 1)]);
        assert_eq!(
            of(Overrun::Coalesce, &[3, 2]),
            [(1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (6, 1)]
        );
    }

    #[test]
    fn of_a_bounded_queue_the_oldest_are_merged() {
        let of = |most, slides: &[u64]| after_one_overrun(&backlog(Overrun::Queue, most, slides));
        assert_eq!(of(2, &[]), [(1, 1), (3, 2), (4, 1), (5, 1), (6, 1)]);
        assert_eq!(of(1, &[]), [(1, 1), (4, 3), (5, 1), (6, 1)]);
        assert_eq!(of(1, &[3]), [(1, 1), (3, 2), (4, 1), (5, 1), (6, 1)]);
        let due = backlog(Overrun::Queue, 2, &[]).due(at(2000), at(4500), at(4500));
        assert_eq!(due, Due { time: at(3000), covers: 2, waiting: 3 });
    }

    #[test]
    fn far_too_much_is_one_batch_whatever_the_policy_and_the_slides() {
        let years = at(10_000_000_500);
        for policy in [Overrun::Queue, Overrun::Coalesce, Overrun::Skip] {
            let due = backlog(policy, 5, &[7]).due(at(1000), at(0), years);
            assert_eq!((due.time, due.covers), (at(10_000_000_000), 10_000_000));
            assert!(due.is_for_a_gap());
        }
    }

    #[test]
    fn what_wakes_up_late_has_not_overrun() {
        // The driver has waited for the batch at 2 s, and the clock has moved on by much at once.
        let due = backlog(Overrun::Skip, 5, &[]).due(at(2000), at(1300), at(5200));
        assert_eq!((due.time, due.covers), (at(5000), 4));
        let due = backlog(Overrun::Skip, 5, &[]).due(at(2000), at(1300), at(2001));
        assert_eq!((due.time, due.covers), (at(2000), 1));
    }

    #[test]
    fn no_due_time_is_lost_and_none_of_a_longer_slide_is_passed_over() {
        let mut random = Random::new(3);
        let mut next = move |below: u64| random.below(below as usize) as u64;
        for _ in 0..2000 {
            let policy = [Overrun::Queue, Overrun::Coalesce, Overrun::Skip][next(3) as usize];
            let (most, slides) = (1 + next(5), [2 + next(6), 2 + next(6)]);
            let backlog = backlog(policy, most, &slides[..next(3) as usize]);
            let runs: Vec<Duration> = (0..61).map(|_| millis(next(200) * next(30))).collect();
            let batches = batches(&backlog, |n| runs[n as usize], at(60_000));
            let mut last = at(0);
            for (time, covers) in batches {
                assert_eq!(time - last, secs(covers), "the due times of {policy:?}");
                let inside = last + secs(1);
                let passed = backlog.first_of_a_slide(inside, time - secs(1));
                assert_eq!(passed, None, "of {policy:?} with {:?}", backlog.slides);
                last = time;
            }
        }
    }
}
