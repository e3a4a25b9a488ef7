//! How late each line is sent.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::grants::Grant;
use crate::latency::Latency;
use crate::schedule::TimetableReader;

/// A lane's histograms, emptied about once a second by the thread that tells of the run.
#[derive(Default)]
pub(crate) struct Gauge(Mutex<Latency>);

impl Gauge {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Latency> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds what was noted to `sum` and forgets it.
    pub(crate) fn empty_into(&self, sum: &mut Latency) {
        let mut noted = self.lock();
        sum.add(&noted);
        noted.clear();
    }
}

/// Notes the lateness of every line that one lane sends.
pub(crate) struct Lateness<'a> {
    gauge: &'a Gauge,
    lines: TimetableReader,
    /// Lines that are due by then belong to the warm-up.
    warm_up: Duration,
}

impl<'a> Lateness<'a> {
    pub(crate) fn new(gauge: &'a Gauge, lines: TimetableReader, warm_up: Duration) -> Self {
        Self { gauge, lines, warm_up }
    }

    /// Notes lines that were sent at a time of the schedule, over a connection that has had room
    /// since another.
    ///
    /// Corrected lateness counts from when a line was due. Raw lateness leaves out the time in which
    /// the reader had no room: it is what the generator itself is to blame for.
    pub(crate) fn note(&mut self, sent: &[Grant], elapsed: Duration, room_since: Duration) {
        if !self.lines.timetable().is_timed() || sent.is_empty() {
            return;
        }
        let raw_most_us = elapsed.saturating_sub(room_since).as_micros() as u64;
        let mut latency = self.gauge.lock();
        for grant in sent {
            let measured = grant.split(self.of_warm_up(grant)).1;
            if measured.lines > 0 {
                let mut late_us = |nth| {
                    let due_at = self.lines.due_at(measured.number(nth));
                    elapsed.saturating_sub(due_at).as_micros() as u64
                };
                let ends_us = (late_us(0), late_us(measured.lines - 1));
                spread(&mut latency, &mut late_us, 0..measured.lines, ends_us, raw_most_us);
            }
        }
    }

    /// How many of a grant's first lines belong to the warm-up.
    fn of_warm_up(&mut self, grant: &Grant) -> u64 {
        let (mut known, mut measured) = (0, grant.lines);
        if self.warm_up.is_zero() || self.lines.due_at(grant.first) > self.warm_up {
            return 0;
        }
        while known < measured {
            let middle = known + (measured - known) / 2;
            match self.lines.due_at(grant.number(middle)) <= self.warm_up {
                true => known = middle + 1,
                false => measured = middle,
            }
        }
        measured
    }
}

/// Notes lines one by one, or many at once where the first and the last of them count as the same:
/// then so do all between, for each is due after the one before.
fn spread(
    latency: &mut Latency,
    late_us: &mut impl FnMut(u64) -> u64,
    lines: std::ops::Range<u64>,
    (first_us, last_us): (u64, u64),
    raw_most_us: u64,
) {
    let count = lines.end - lines.start;
    if count == 1 || latency.is_same(first_us, last_us) {
        latency.record_us(first_us, first_us.min(raw_most_us), count);
        return;
    }
    let middle = lines.start + count / 2;
    let (before_us, after_us) = (late_us(middle - 1), late_us(middle));
    spread(latency, late_us, lines.start..middle, (first_us, before_us), raw_most_us);
    spread(latency, late_us, middle..lines.end, (after_us, last_us), raw_most_us);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::Timetable;

    /// Lines noted together come out as if each had been noted alone.
    #[test]
    fn every_line_counts_with_its_own_lateness() {
        for schedule in ["100k", "poisson:100k", "ramp:1..100k/1s", "7"] {
            let timetable = Timetable::new(&schedule.parse().unwrap(), None, 1);
            let lines = TimetableReader::new(&timetable);
            let (together, alone) = (Gauge::default(), Gauge::default());
            let mut noting = Lateness::new(&together, lines.clone(), Duration::ZERO);
            let mut noting_alone = Lateness::new(&alone, lines.clone(), Duration::ZERO);
            let (elapsed, room) = (Duration::from_secs(3), Duration::from_millis(2_900));
            for grant in [
                Grant { first: 0, stride: 3, lines: 5_000 },
                Grant { first: 7, stride: 1, lines: 1 },
            ] {
                noting.note(&[grant], elapsed, room);
                for nth in 0..grant.lines {
                    let line = Grant { first: grant.number(nth), stride: 1, lines: 1 };
                    noting_alone.note(&[line], elapsed, room);
                }
            }
            let (together, alone) = (together.lock(), alone.lock());
            assert_eq!(together.records(), 5_001);
            for (one, other) in
                [(together.corrected(), alone.corrected()), (together.raw(), alone.raw())]
            {
                let pairs = one.named().into_iter().zip(other.named());
                assert!(
                    pairs.into_iter().all(|((name, a), (_, b))| a == b
                        || (name == "mean" && (a / b - 1.0).abs() < 1e-3)),
                    "{one:?} {other:?}"
                );
            }
        }
    }

    #[test]
    fn a_reader_without_room_counts_in_the_corrected_lateness_alone() {
        let timetable = Timetable::new(&"1k".parse().unwrap(), None, 1);
        let gauge = Gauge::default();
        let mut noting = Lateness::new(&gauge, TimetableReader::new(&timetable), Duration::ZERO);
        let grant = Grant { first: 0, stride: 1, lines: 1_000 };
        noting.note(&[grant], Duration::from_secs(2), Duration::from_millis(1_999));
        let latency = gauge.lock();
        assert!(latency.corrected().p50 > 1_400.0 && latency.raw().max <= 1.0, "{latency:?}");
    }

    #[test]
    fn the_warm_up_does_not_count() {
        let timetable = Timetable::new(&"1k".parse().unwrap(), None, 1);
        let gauge = Gauge::default();
        let lines = TimetableReader::new(&timetable);
        let mut noting = Lateness::new(&gauge, lines, Duration::from_secs(1));
        noting.note(
            &[Grant { first: 1, stride: 2, lines: 750 }],
            Duration::from_secs(2),
            Duration::ZERO,
        );
        assert_eq!(gauge.lock().records(), 250);
    }
}
