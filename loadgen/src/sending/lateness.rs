//! How late each line is sent.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::grants::Grant;
use super::room::Room;
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

    /// The schedule's time begins at this one.
    pub(crate) fn begin_at(&mut self, begins: Duration) {
        if !self.warm_up.is_zero() {
            self.warm_up += begins;
        }
    }

    /// Notes lines that were sent at a time of the schedule, over a connection that has had room at
    /// some times and at others none.
    ///
    /// Corrected lateness counts from when a line was due. Raw lateness leaves out the time in which
    /// the reader had no room: it is what the generator itself is to blame for.
    pub(crate) fn note(&mut self, sent: &[Grant], elapsed: Duration, room: &Room) {
        if !self.lines.timetable().is_timed() || sent.is_empty() {
            return;
        }
        let mut latency = self.gauge.lock();
        for grant in sent {
            let measured = grant.split(self.of_warm_up(grant)).1;
            if measured.lines > 0 {
                let mut late = |nth| {
                    let due = self.lines.due_at(measured.number(nth));
                    let late = elapsed.saturating_sub(due);
                    let raw = late.saturating_sub(room.without(due, elapsed));
                    Late { corrected_us: late.as_micros() as u64, raw_us: raw.as_micros() as u64 }
                };
                let ends = (late(0), late(measured.lines - 1));
                spread(&mut latency, &mut late, 0..measured.lines, ends);
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

/// How late a line is.
#[derive(Clone, Copy)]
struct Late {
    corrected_us: u64,
    raw_us: u64,
}

/// Notes lines one by one, or many at once where the first and the last of them count as the same:
/// then so do all between, for each is due after the one before.
fn spread(
    latency: &mut Latency,
    late: &mut impl FnMut(u64) -> Late,
    lines: std::ops::Range<u64>,
    (first, last): (Late, Late),
) {
    let count = lines.end - lines.start;
    let is_same = latency.is_same(first.corrected_us, last.corrected_us)
        && latency.is_same(first.raw_us, last.raw_us);
    if count == 1 || is_same {
        latency.record_us(first.corrected_us, first.raw_us, count);
        return;
    }
    let middle = lines.start + count / 2;
    let (before, after) = (late(middle - 1), late(middle));
    spread(latency, late, lines.start..middle, (first, before));
    spread(latency, late, middle..lines.end, (after, last));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::Timetable;

    /// A socket that was full from one millisecond to another, several times.
    fn full<const TIMES: usize>(times: [(u64, u64); TIMES]) -> Room {
        let mut room = Room::since(Duration::ZERO);
        for (from, to) in times {
            room.fills(Duration::from_millis(from));
            room.empties(Duration::from_millis(to));
        }
        room
    }

    /// Lines noted together come out as if each had been noted alone.
    #[test]
    fn every_line_counts_with_its_own_lateness() {
        for schedule in ["100k", "poisson:100k", "ramp:1..100k/1s", "7"] {
            let timetable = Timetable::new(&schedule.parse().unwrap(), None, 1);
            let lines = TimetableReader::new(&timetable);
            let (together, alone) = (Gauge::default(), Gauge::default());
            let mut noting = Lateness::new(&together, lines.clone(), Duration::ZERO);
            let mut noting_alone = Lateness::new(&alone, lines.clone(), Duration::ZERO);
            let elapsed = Duration::from_secs(3);
            let room = full([(100, 400), (500, 501), (2_000, 2_900)]);
            for grant in [
                Grant { first: 0, stride: 3, lines: 5_000 },
                Grant { first: 7, stride: 1, lines: 1 },
            ] {
                noting.note(&[grant], elapsed, &room);
                for nth in 0..grant.lines {
                    let line = Grant { first: grant.number(nth), stride: 1, lines: 1 };
                    noting_alone.note(&[line], elapsed, &room);
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
        noting.note(&[grant], Duration::from_secs(2), &full([(0, 1_999)]));
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
            &full([]),
        );
        assert_eq!(gauge.lock().records(), 250);
    }
}
