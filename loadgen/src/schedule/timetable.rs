//! The moment of every line, by its number.

use std::sync::Arc;
use std::time::Duration;

use super::course::Course;
use super::poisson::{Looked, Poisson};
use super::{Arrivals, Schedule};
use crate::replay::Moments;

/// How many lines are due when there is no end of them.
pub(crate) const ENDLESS: u64 = u64::MAX;

/// What a schedule comes to. Times are counted from the schedule's start, lines from 0.
#[derive(Debug)]
pub(crate) struct Timetable {
    moments: Kind,
    records: Option<u64>,
}

/// Where the moments come from.
#[derive(Debug)]
enum Kind {
    /// Lines are not waited for.
    AtOnce,
    Paced {
        course: Course,
        poisson: Option<Poisson>,
    },
    /// Lines have times of their own.
    Recorded(Arc<Moments>),
}

impl Timetable {
    pub(crate) fn new(schedule: &Schedule, records: Option<u64>, seed: u64) -> Arc<Self> {
        let poisson = (schedule.arrivals == Arrivals::Poisson).then(|| Poisson::new(seed));
        let moments = match Course::of(&schedule.pace) {
            Some(course) => Kind::Paced { course, poisson },
            None => Kind::AtOnce,
        };
        Arc::new(Self { moments, records })
    }

    /// The timetable of so many lines that have times of their own.
    pub(crate) fn recorded(moments: Arc<Moments>, records: u64) -> Arc<Self> {
        Arc::new(Self { moments: Kind::Recorded(moments), records: Some(records) })
    }

    /// How many lines there are in all, if there is an end of them.
    pub(crate) fn records(&self) -> Option<u64> {
        self.records
    }

    /// Whether lines have a moment at which they are due, to be late for.
    pub(crate) fn is_timed(&self) -> bool {
        !matches!(self.moments, Kind::AtOnce)
    }

    /// Whether lines have times of their own: then many may be due at the same moment.
    pub(crate) fn is_recorded(&self) -> bool {
        matches!(self.moments, Kind::Recorded(_))
    }
}

/// One thread's view of the timetable: random moments are looked up in what it has drawn last.
#[derive(Clone, Debug)]
pub(crate) struct TimetableReader {
    timetable: Arc<Timetable>,
    looked: Looked,
}

impl TimetableReader {
    pub(crate) fn new(timetable: &Arc<Timetable>) -> Self {
        Self { timetable: timetable.clone(), looked: Looked::default() }
    }

    pub(crate) fn timetable(&self) -> &Timetable {
        &self.timetable
    }

    /// How many lines are due by now.
    pub(crate) fn due(&mut self, elapsed: Duration) -> u64 {
        let records = self.timetable.records.unwrap_or(ENDLESS);
        let lines = match &self.timetable.moments {
            Kind::AtOnce => return records,
            Kind::Paced { course, poisson } => {
                let lines = course.lines_by(elapsed.as_secs_f64());
                match poisson {
                    None => lines as u64,
                    Some(poisson) => poisson.arrivals_by(lines, &mut self.looked),
                }
            }
            Kind::Recorded(moments) => moments.due(elapsed),
        };
        lines.min(records)
    }

    /// The moment at which a line is due; [`Duration::MAX`] if it never is.
    pub(crate) fn due_at(&mut self, line: u64) -> Duration {
        match &self.timetable.moments {
            Kind::AtOnce => Duration::ZERO,
            Kind::Paced { course, poisson } => {
                let lines = match poisson {
                    None => (line + 1) as f64,
                    Some(poisson) => poisson.moment(line, &mut self.looked),
                };
                Duration::try_from_secs_f64(course.time_of(lines)).unwrap_or(Duration::MAX)
            }
            Kind::Recorded(moments) => moments.due_at(line),
        }
    }

    /// Whether every line that was asked for is due by now.
    pub(crate) fn is_over(&mut self, elapsed: Duration) -> bool {
        let records = self.timetable.records;
        records.is_some_and(|records| self.due(elapsed) == records)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn reader(schedule: &str, records: Option<u64>) -> TimetableReader {
        TimetableReader::new(&Timetable::new(&schedule.parse().unwrap(), records, 1))
    }

    #[test]
    fn a_line_is_due_at_its_moment_and_not_before() {
        let mut lines = reader("1k", None);
        let (just_before, moment) = (Duration::from_micros(4_999), Duration::from_micros(5_000));
        assert_eq!(lines.due(just_before), 4);
        assert_eq!(lines.due_at(4), moment);
        assert_eq!(lines.due(moment), 5);
    }

    #[test]
    fn lines_at_random_moments_are_due_at_theirs() {
        let mut lines = reader("poisson:1k", None);
        for line in (0..100_000).step_by(997) {
            let moment = lines.due_at(line);
            assert!(lines.due(moment + Duration::from_nanos(2)) > line);
            assert!(lines.due(moment.saturating_sub(Duration::from_nanos(2))) <= line);
        }
        let in_100_s = lines.due(100 * SECOND);
        assert!((98_000..102_000).contains(&in_100_s), "{in_100_s}");
    }

    #[test]
    fn no_more_is_due_than_was_asked_for() {
        let mut lines = reader("1k", Some(500));
        assert_eq!(lines.due(SECOND / 4), 250);
        assert!(!lines.is_over(SECOND / 4));
        assert_eq!(lines.due(SECOND), 500);
        assert!(lines.is_over(SECOND));
    }

    #[test]
    fn recorded_lines_are_due_at_their_own_times() {
        let mut moments = Moments::new(0.5);
        let written_s = [7, 7, 8, 8, 8, 10];
        written_s.iter().for_each(|s| moments.push(Some(s * 1_000_000)));
        let mut lines = TimetableReader::new(&Timetable::recorded(Arc::new(moments), 5));
        for (elapsed_s, due) in [(0, 2), (1, 2), (2, 5), (9, 5)] {
            assert_eq!(lines.due(elapsed_s * SECOND), due, "after {elapsed_s} s");
        }
        assert_eq!([1, 2, 4, 5].map(|line| lines.due_at(line).as_secs()), [0, 2, 2, 6]);
        assert!(!lines.is_over(SECOND) && lines.is_over(2 * SECOND));
        assert!(lines.timetable().is_timed() && lines.timetable().is_recorded());
    }

    #[test]
    fn without_a_rate_everything_is_due_at_once() {
        assert_eq!(reader("max", Some(7)).due(Duration::ZERO), 7);
        assert_eq!(reader("max", None).due(Duration::ZERO), ENDLESS);
    }
}
