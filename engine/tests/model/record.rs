//! Records as the model has them, and the kinds that there are.

use std::fmt;

/// A record of any kind: a text, a number, or both. What a kind has not is empty or zero.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Record {
    pub(crate) text: String,
    pub(crate) number: u64,
}

impl Record {
    pub(crate) fn new(text: impl Into<String>, number: u64) -> Self {
        Record { text: text.into(), number }
    }

    pub(crate) fn parts(&self) -> Parts<'_> {
        (&self.text, self.number)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}/{}", self.text, self.number)
    }
}

/// What a record is made of.
pub(crate) type Parts<'r> = (&'r str, u64);

/// The types of the records of a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// `&str`
    Text,
    /// `u64`
    Number,
    /// `(&str, u64)`: the value owns itself, so its aggregations may work early.
    Pair,
    /// `(u64, &str)`: the value borrows, so its aggregations may not.
    Label,
    /// `String`
    Owned,
}

/// How two numbers become one; of two texts the greater stays. Associative and commutative.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Merge {
    Sum,
    Max,
}

impl Merge {
    pub(crate) fn of(self, a: u64, b: u64) -> u64 {
        match self {
            Merge::Sum => a.wrapping_add(b),
            Merge::Max => a.max(b),
        }
    }
}
