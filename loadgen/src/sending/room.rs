//! For how long a connection's socket has had no room.

use std::collections::VecDeque;
use std::time::Duration;

/// Times without room that are shorter are kept by their share of so long.
const GRAIN: Duration = Duration::from_millis(10);

/// More points than these are thinned out: the history of hours is coarser than that of minutes.
const MOST_POINTS: usize = 4096;

/// The time without room, as a function of the schedule's time: what of a line's lateness is its
/// reader's doing is what the function has grown by since the line was due.
#[derive(Clone, Debug)]
pub(super) struct Room {
    /// Before this the connection's lines were not its own: all of that time counts as without room.
    from: Duration,
    /// Since when the socket has been full, if it is.
    full_since: Option<Duration>,
    /// Points of the function, and last the one that is not yet a grain away from them.
    points: VecDeque<Point>,
    last: Point,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Point {
    at: Duration,
    without: Duration,
}

impl Room {
    /// Of a connection that has come about at a time of the schedule.
    pub(super) fn since(from: Duration) -> Self {
        let last = Point { at: from, without: Duration::ZERO };
        Self { from, full_since: None, points: VecDeque::from([last]), last }
    }

    pub(super) fn is_full(&self) -> bool {
        self.full_since.is_some()
    }

    pub(super) fn fills(&mut self, at: Duration) {
        self.full_since.get_or_insert(at.max(self.last.at));
    }

    pub(super) fn empties(&mut self, at: Duration) {
        let Some(since) = self.full_since.take() else { return };
        let at = at.max(since);
        let (before, length) = (self.last.without, at - since);
        if length >= GRAIN {
            self.push(Point { at: since, without: before });
        }
        self.last = Point { at, without: before + length };
        if self.points.back().is_none_or(|back| at - back.at >= GRAIN) {
            self.push(self.last);
        }
    }

    fn push(&mut self, point: Point) {
        self.points.push_back(point);
        if self.points.len() > MOST_POINTS {
            let mut nth = 0;
            self.points.retain(|_| {
                nth += 1;
                nth % 2 == 1
            });
        }
    }

    /// How much of the time from one moment to another was without room.
    pub(super) fn without(&self, due: Duration, now: Duration) -> Duration {
        let before = self.from.saturating_sub(due).min(now.saturating_sub(due));
        before + self.by(now).saturating_sub(self.by(due.max(self.from)))
    }

    fn by(&self, at: Duration) -> Duration {
        if at >= self.last.at {
            let full = self.full_since.map_or(Duration::ZERO, |since| at.saturating_sub(since));
            return self.last.without + full;
        }
        let next = self.points.partition_point(|point| point.at <= at);
        let after = self.points.get(next).copied().unwrap_or(self.last);
        let Some(before) = next.checked_sub(1).map(|nth| self.points[nth]) else {
            return Duration::ZERO;
        };
        let share = (at - before.at).as_secs_f64() / (after.at - before.at).as_secs_f64();
        before.without + (after.without - before.without).mul_f64(share.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn only_the_time_in_which_the_socket_was_full_counts() {
        let mut room = Room::since(Duration::ZERO);
        assert_eq!(room.without(ms(0), ms(100)), ms(0));
        room.fills(ms(100));
        assert_eq!(room.without(ms(50), ms(400)), ms(300));
        room.empties(ms(1100));
        for (due, now, without) in
            [(0, 2000, 1000), (100, 1100, 1000), (600, 2000, 500), (1200, 2000, 0), (0, 50, 0)]
        {
            assert_eq!(room.without(ms(due), ms(now)), ms(without), "{due} to {now}");
        }
    }

    /// A generator that is late by itself stays late, however often the socket is full for a moment.
    #[test]
    fn moments_without_room_do_not_wipe_out_what_was_before() {
        let mut room = Room::since(Duration::ZERO);
        for blip in 1..1000 {
            room.fills(ms(blip));
            room.empties(ms(blip) + Duration::from_micros(100));
        }
        let without = room.without(ms(0), ms(1000));
        assert!((95..=105).contains(&without.as_millis()), "{without:?}");
        let half = room.without(ms(500), ms(1000));
        assert!((45..=55).contains(&half.as_millis()), "{half:?}");
    }

    #[test]
    fn what_was_anothers_before_counts_as_without_room() {
        let room = Room::since(ms(1000));
        assert_eq!(room.without(ms(200), ms(1500)), ms(800));
        assert_eq!(room.without(ms(1200), ms(1500)), ms(0));
    }

    #[test]
    fn a_long_history_is_thinned_out_and_still_adds_up() {
        let mut room = Room::since(Duration::ZERO);
        for second in 0..20_000u64 {
            room.fills(ms(second * 1000));
            room.empties(ms(second * 1000 + 500));
        }
        assert!(room.points.len() <= MOST_POINTS);
        let without = room.without(ms(0), ms(20_000_000));
        assert_eq!(without, ms(10_000_000));
        let half = room.without(ms(10_000_000), ms(20_000_000)).as_secs_f64();
        assert!((half / 5_000.0 - 1.0).abs() < 0.01, "{half}");
    }
}
