//! What stamps say of the time.

use std::time::{Duration, Instant};

use crate::schedule::{ScheduleTime, TimetableReader};

/// Tells when lines were due and when they are sent, in microseconds since the epoch.
pub(crate) struct Times<'a> {
    lines: &'a mut TimetableReader,
    time: ScheduleTime,
    now: fn() -> Instant,
}

impl<'a> Times<'a> {
    pub(crate) fn new(lines: &'a mut TimetableReader, time: ScheduleTime) -> Self {
        Self { lines, time, now: Instant::now }
    }

    /// The schedule's time at which it is asked for.
    pub(crate) fn elapsed(&self) -> Duration {
        self.time.elapsed((self.now)())
    }

    /// The moment at which it is asked for.
    pub(crate) fn now_us(&self) -> u64 {
        self.time.wall_us(self.elapsed())
    }

    /// When the schedule's line with this number was due; as fast as possible, that is now.
    pub(crate) fn due_us(&mut self, number: u64, now_us: u64) -> u64 {
        let due = self.lines.due_at(number);
        if self.lines.timetable().is_timed() && due != Duration::MAX {
            self.time.wall_us(due)
        } else {
            now_us
        }
    }
}

#[cfg(test)]
impl<'a> Times<'a> {
    /// Always the same moment.
    pub(crate) fn fixed(lines: &'a mut TimetableReader) -> Self {
        static MOMENT: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        static TIME: std::sync::OnceLock<ScheduleTime> = std::sync::OnceLock::new();
        fn moment() -> Instant {
            *MOMENT.get_or_init(Instant::now)
        }
        let time = *TIME.get_or_init(|| ScheduleTime::starting_at(moment()));
        Self { lines, time, now: moment }
    }
}
