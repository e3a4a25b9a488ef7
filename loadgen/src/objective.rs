//! What is asked of a figure: `lag.p99<5ms`.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::figure::{Figure, Unit};
use crate::rate;

/// A bound on a figure, by the figure's name.
///
/// Times are bounded with a unit, rates in records per second, counts as they are:
/// `lag.p99<5ms`, `rate>=100k`, `connections_lost<=0`.
///
/// ```
/// use loadgen::Objective;
///
/// let objective: Objective = "lag.p99<5ms".parse()?;
/// assert_eq!(objective.figure(), "lag.p99");
/// assert!(objective.is_met(4.9) && !objective.is_met(5.0));
/// assert!("lag.p99".parse::<Objective>().is_err());
/// # Ok::<(), loadgen::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    written: String,
    figure: String,
    relation: Relation,
    /// What the bound counts, by how it is written.
    unit: Unit,
    /// In this unit.
    bound: f64,
}

/// How a figure is to stand to its bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Below,
    AtMost,
    Above,
    AtLeast,
}

/// An objective and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Met {
    /// Whether it is met.
    pub is_met: bool,
    /// The sentence about it, with both numbers.
    pub sentence: String,
}

/// Longer signs first, for the shorter ones begin them.
const SIGNS: [(&str, Relation); 4] = [
    ("<=", Relation::AtMost),
    (">=", Relation::AtLeast),
    ("<", Relation::Below),
    (">", Relation::Above),
];

impl Objective {
    /// The figure that it is about.
    pub fn figure(&self) -> &str {
        &self.figure
    }

    /// Whether a value, in milliseconds where it is a time, meets it.
    pub fn is_met(&self, value: f64) -> bool {
        match self.relation {
            Relation::Below => value < self.bound,
            Relation::AtMost => value <= self.bound,
            Relation::Above => value > self.bound,
            Relation::AtLeast => value >= self.bound,
        }
    }

    /// Holds it against the figures that there are. A figure that there is none of in this run, such
    /// as a lag without a schedule, misses its objective; a name that there never is is a mistake of
    /// usage, and so is a time that is bounded by a number, or a number by a time.
    pub fn judge(&self, figures: &[Figure]) -> Result<Met> {
        let Some(figure) = figures.iter().find(|figure| figure.name == self.figure) else {
            let names: Vec<&str> = figures.iter().map(|figure| figure.name.as_str()).collect();
            return Err(Error::Usage(format!(
                "--objective {self}: there is no figure {:?}; there are {}",
                self.figure,
                names.join(", ")
            )));
        };
        if figure.unit != self.unit {
            let is = match figure.unit {
                Unit::Time => "a time; write its bound with a unit, as in 5ms",
                Unit::Number => "a number; write its bound without a unit of time, as in 100k",
            };
            return Err(Error::Usage(format!("--objective {self}: {} is {is}", self.figure)));
        }
        Ok(match figure.value {
            None => Met {
                is_met: false,
                sentence: format!("objective {self} missed: this run has no {}", self.figure),
            },
            Some(value) => {
                let is_met = self.is_met(value);
                let outcome = if is_met { "met" } else { "missed" };
                let (name, value) = (&figure.name, figure.unit.written(value));
                let sentence = format!("objective {self} {outcome}: {name} is {value}");
                Met { is_met, sentence }
            }
        })
    }
}

impl FromStr for Objective {
    type Err = Error;

    fn from_str(written: &str) -> Result<Self> {
        let parts = SIGNS.iter().find_map(|&(sign, relation)| {
            written.split_once(sign).map(|(figure, bound)| (figure, relation, bound))
        });
        let read = parts.and_then(|(figure, relation, bound)| {
            let (figure, bound) = (figure.trim(), bound.trim());
            let (unit, bound) = read_bound(bound)?;
            let figure = Some(figure.to_owned()).filter(|figure| !figure.is_empty())?;
            Some(Self { written: written.to_owned(), figure, relation, unit, bound })
        });
        read.ok_or_else(|| {
            Error::Usage(format!(
                "{written:?} is no objective: write a figure, one of < <= > >= and a bound, as in \
                 lag.p99<5ms or rate>=100k"
            ))
        })
    }
}

fn read_bound(text: &str) -> Option<(Unit, f64)> {
    if let Ok(number) = rate::read(text) {
        return Some((Unit::Number, number));
    }
    let time = humantime::parse_duration(text).ok()?;
    Some((Unit::Time, time.as_secs_f64() * 1e3))
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objective(written: &str) -> Objective {
        written.parse().unwrap()
    }

    #[test]
    fn bounds_are_times_rates_or_counts() {
        assert!(objective("lag.max<1s").is_met(999.0));
        assert!(!objective("lag.max < 1s").is_met(1000.0));
        assert!(objective("lag.p99.9<=500us").is_met(0.5));
        assert!(objective("rate>=1.5k").is_met(1500.0));
        assert!(objective("connections_lost<=0").is_met(0.0));
        for written in ["", "lag.p99", "<5ms", "lag.p99<", "lag.p99<fast", "lag.p99=5ms"] {
            let refusal = written.parse::<Objective>().unwrap_err().to_string();
            let sentence = format!("{written:?} is no objective: write a figure");
            assert!(refusal.starts_with(&sentence), "{refusal}");
        }
    }

    #[test]
    fn is_judged_with_both_numbers() {
        let figures = [Figure::time("lag.p99", Some(7.25)), Figure::number("rate", None)];
        let missed = objective("lag.p99<5ms").judge(&figures).unwrap();
        assert_eq!(missed.sentence, "objective lag.p99<5ms missed: lag.p99 is 7.25 ms");
        assert!(objective("lag.p99<1s").judge(&figures).unwrap().is_met);
        assert!(!objective("rate>1").judge(&figures).unwrap().is_met);
        let refusal = objective("lagg<1").judge(&figures).unwrap_err();
        assert!(refusal.to_string().contains("there are lag.p99, rate"), "{refusal}");
    }

    #[test]
    fn a_bound_is_of_the_same_kind_as_its_figure() {
        let figures = [Figure::time("lag.p99", None), Figure::number("rate", Some(5.0))];
        for (written, sentence) in [
            ("lag.p99<5", "lag.p99 is a time; write its bound with a unit, as in 5ms"),
            ("lag.p99<5k", "lag.p99 is a time; write its bound with a unit, as in 5ms"),
            ("lag.p99<5M", "lag.p99 is a time; write its bound with a unit, as in 5ms"),
            ("rate>=100ms", "rate is a number; write its bound without a unit of time, as in 100k"),
        ] {
            let refusal = objective(written).judge(&figures).unwrap_err();
            assert_eq!(refusal.to_string(), format!("--objective {written}: {sentence}"));
            assert_eq!(refusal.exit_code(), 2);
        }
    }
}
