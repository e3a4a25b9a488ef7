//! Records as the model has them, and the functions that programs apply to records.
//!
//! The engine's side and the model share these functions: what is tested is which records meet
//! which function, and how often, not the functions.

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

/// A number that depends on all of a record: filters and repetitions go by it.
pub(crate) fn weight((text, number): Parts<'_>) -> u64 {
    let sum = text.bytes().fold(number, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    sum ^ (sum >> 7)
}

/// The number that a record is mapped to.
pub(crate) fn number_of((text, number): Parts<'_>) -> u64 {
    number.wrapping_mul(31).wrapping_add(text.chars().count() as u64)
}

/// The few numbers that label records.
pub(crate) fn label_of(parts: Parts<'_>) -> u64 {
    number_of(parts) % 11
}

/// The text without its first character: a map from slice to slice.
pub(crate) fn tail(text: &str) -> &str {
    let mut characters = text.chars();
    characters.next();
    characters.as_str()
}

/// The string that a record is mapped to.
pub(crate) fn written((text, number): Parts<'_>) -> String {
    match number {
        0 => text.to_string(),
        n => format!("{n}{}", text.to_lowercase()),
    }
}

/// The key of an owned string, where one is wanted.
pub(crate) fn group_of(text: &str) -> u64 {
    text.chars().count() as u64 % 5
}

/// A number together with how often its record occurred.
pub(crate) fn mixed(number: u64, times: u64) -> u64 {
    number.wrapping_mul(31).wrapping_add(times)
}

/// A string together with how often it occurred.
pub(crate) fn times_written(text: &str, times: u64) -> String {
    format!("{text}*{times}")
}
