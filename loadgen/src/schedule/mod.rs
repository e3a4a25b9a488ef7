//! When each line is due.
//!
//! A [`Schedule`] is what people write: how the rate goes over time ([`Pace`]), and whether lines
//! come evenly or at random ([`Arrivals`]). A [`Timetable`] is what is made of it: the moment of
//! every line, by its number, without a list of them.

mod clock;
mod course;
mod pace;
mod poisson;
mod timetable;

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

pub(crate) use clock::{ScheduleClock, ScheduleTime};
pub use pace::Pace;
pub(crate) use timetable::{ENDLESS, Timetable, TimetableReader};

/// When lines are due: an open loop, which depends on the time alone and never on what was sent.
///
/// As people write it:
///
/// | written | lines per second |
/// |---|---|
/// | `100k` | so many |
/// | `max`, `0` | as many as the readers take |
/// | `ramp:10k..200k/30s` | more and more for 30 s, and then as at the end |
/// | `steps:10k,50k,20k/10s` | each for 10 s, and then the last |
/// | `sine:50k..150k/20s` | up and down, every 20 s, from the mean upwards |
/// | `square:10k..100k/10s` | 5 s so few, 5 s so many |
/// | `bursts:10k..1M/100ms/5s` | for the last 100 ms of every 5 s so many, else so few |
/// | `poisson:100k`, `poisson:ramp:..` | the same in the mean, at random moments |
///
/// ```
/// use loadgen::{Arrivals, Pace, Schedule};
///
/// let schedule: Schedule = "poisson:1.5k".parse()?;
/// assert_eq!(schedule.pace, Pace::Constant { lines_per_s: 1500.0 });
/// assert_eq!(schedule.arrivals, Arrivals::Poisson);
/// assert_eq!(schedule.to_string(), "poisson:1.5k");
/// # Ok::<(), loadgen::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schedule {
    /// How the rate goes over time.
    pub pace: Pace,
    /// How lines lie within it.
    pub arrivals: Arrivals,
}

/// How lines lie within the pace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Arrivals {
    /// Each as far from the next as the pace says.
    #[default]
    Even,
    /// At random: a Poisson process, inhomogeneous where the pace changes. The seed decides it.
    Poisson,
}

/// What is written before the pace.
const POISSON: &str = "poisson:";

impl Schedule {
    /// So many lines per second, evenly; 0 means as many as the readers take.
    pub fn constant(lines_per_s: f64) -> Self {
        let pace = if lines_per_s == 0.0 { Pace::Max } else { Pace::Constant { lines_per_s } };
        Self { pace, arrivals: Arrivals::Even }
    }

    /// Whether so many lines are ever due.
    pub(crate) fn comes_to(&self, lines: u64) -> bool {
        course::Course::of(&self.pace).is_none_or(|course| course.time_of(lines as f64).is_finite())
    }

    /// Refuses what makes no sense, in terms of the flag that sets it.
    pub fn check(&self) -> Result<()> {
        self.possible().map_err(|why| Error::Usage(format!("--rate {self} is not possible: {why}")))
    }

    /// Whether it makes sense; else why not, without the name of a flag.
    fn possible(&self) -> std::result::Result<(), String> {
        if self.arrivals == Arrivals::Poisson && self.pace == Pace::Max {
            return Err("random moments need a rate, as in poisson:10k".into());
        }
        self.pace.possible()
    }
}

impl FromStr for Schedule {
    type Err = Error;

    fn from_str(written: &str) -> Result<Self> {
        let (arrivals, pace) = match written.strip_prefix(POISSON) {
            Some(pace) => (Arrivals::Poisson, pace),
            None => (Arrivals::Even, written),
        };
        let schedule = Self { pace: pace.parse()?, arrivals };
        let refuse = |why| Error::Usage(format!("{written:?} is not possible: {why}"));
        schedule.possible().map_err(refuse)?;
        Ok(schedule)
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.arrivals {
            Arrivals::Even => write!(f, "{}", self.pace),
            Arrivals::Poisson => write!(f, "{POISSON}{}", self.pace),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_as_it_is_read() {
        for written in [
            "max",
            "100k",
            "0.5",
            "ramp:10k..200k/30s",
            "steps:10k,50k,20k/10s",
            "sine:50k..150k/20s",
            "square:0..100k/10s",
            "bursts:10k..1M/100ms/5s",
            "poisson:100k",
            "poisson:sine:1..3/1m",
        ] {
            assert_eq!(written.parse::<Schedule>().unwrap().to_string(), written);
        }
        assert_eq!("0".parse::<Schedule>().unwrap(), Schedule::constant(0.0));
    }

    #[test]
    fn refuses_what_is_no_schedule_and_says_how_to_write_it() {
        for (written, sentence) in [
            ("", r#""" is not a rate: write lines per second such as 500"#),
            ("quick", r#""quick" is not a rate"#),
            ("-5", r#""-5" is not a rate"#),
            ("poisson:quick", r#""quick" is not a rate"#),
            ("ramp:1..2", r#""ramp:1..2" is no schedule: write it as in ramp:10k..200k/30s"#),
            ("steps:/1s", r#""steps:/1s" is no schedule: "" is not a rate"#),
            ("steps:0,0/1s", r#""steps:0,0/1s" is not possible: no line would ever be due"#),
            ("sine:3..1/1s", r#""sine:3..1/1s" is not possible: the first rate must be the lower"#),
            (
                "square:1..2/0s",
                r#""square:1..2/0s" is not possible: the time must be at least 1ms"#,
            ),
            ("bursts:1..2/5s/5s", r#""bursts:1..2/5s/5s" is not possible: a burst of 5s must be"#),
            ("wave:1..2/5s", r#""wave:1..2/5s" is no schedule: there is no kind "wave""#),
            ("1e300", r#""1e300" is not possible: 1"#),
            ("poisson:11G", r#""poisson:11G" is not possible: 11G lines per second is more than"#),
            ("poisson:max", r#""poisson:max" is not possible: random moments need a rate"#),
        ] {
            let refusal = written.parse::<Schedule>().unwrap_err();
            assert!(refusal.to_string().starts_with(sentence), "{refusal}");
            assert_eq!(refusal.exit_code(), 2);
        }
    }

    #[test]
    fn what_was_not_read_is_refused_in_terms_of_its_flag() {
        let refusal = Schedule::constant(-1.0).check().unwrap_err().to_string();
        assert_eq!(refusal, "--rate -1 is not possible: -1 is not a rate");
    }
}
