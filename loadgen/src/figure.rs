//! What a run came to in one respect, and in which unit that is told.

/// A figure by its name, for an [`Objective`](crate::Objective) to be held against.
///
/// ```
/// use loadgen::{Figure, Objective};
///
/// let figures = [Figure::time("lag.p99", Some(7.25)), Figure::number("rate", Some(2000.0))];
/// let objective: Objective = "lag.p99<5ms".parse()?;
/// assert!(!objective.judge(&figures)?.is_met);
/// # Ok::<(), loadgen::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// As in `lag.p99`.
    pub name: String,
    /// What its value counts.
    pub unit: Unit,
    /// In its unit; nothing where this run has none.
    pub value: Option<f64>,
}

/// What a value counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Milliseconds; a bound of it is written with a unit of time.
    Time,
    /// How many, or how many in a second; a bound of it is written as a rate is.
    Number,
}

impl Figure {
    /// A time, in milliseconds.
    pub fn time(name: impl Into<String>, ms: Option<f64>) -> Self {
        Self { name: name.into(), unit: Unit::Time, value: ms }
    }

    /// A number of something.
    pub fn number(name: impl Into<String>, number: Option<f64>) -> Self {
        Self { name: name.into(), unit: Unit::Number, value: number }
    }
}

impl Unit {
    /// A value to three digits behind the point, with what it counts.
    pub(crate) fn written(self, value: f64) -> String {
        let rounded = (value * 1e3).round() / 1e3;
        match self {
            Self::Time => format!("{rounded} ms"),
            Self::Number => rounded.to_string(),
        }
    }
}
