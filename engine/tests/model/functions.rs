//! The functions that programs apply to records.
//!
//! The engine's side and the model share these functions: what is tested is which records meet
//! which function, and how often, not the functions. None depends on the order of the records of a
//! batch.

use crate::record::Parts;

/// What states begin with, where they do; of the key that comes twice the first counts.
pub(crate) const INITIAL: [(&str, u64); 5] = [("k1", 5), ("é", 1), ("k4", 9), ("k1", 7), ("", 2)];

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

/// One number of several, in whatever order they come.
pub(crate) fn digest(mut numbers: Vec<u64>) -> u64 {
    numbers.sort_unstable();
    numbers.into_iter().fold(17, mixed)
}

/// The digest of texts.
pub(crate) fn digest_of<'t>(texts: impl IntoIterator<Item = &'t str>) -> u64 {
    digest(texts.into_iter().map(|text| weight((text, 0))).collect())
}

/// The value that a value is mapped to.
pub(crate) fn valued(number: u64) -> u64 {
    mixed(number, 7)
}

/// The values that a value is mapped to.
pub(crate) fn values_of(number: u64) -> impl Iterator<Item = u64> {
    (0..number % 3).map(move |i| number.wrapping_add(i))
}

/// What a join makes of the two values of a key.
pub(crate) fn joined(a: Option<u64>, b: Option<u64>) -> u64 {
    let shifted = |value: Option<u64>| value.map_or(0, |value| value.wrapping_add(1));
    mixed(shifted(a), shifted(b))
}

/// Whether a record is one of the few with which a cartesian product multiplies.
pub(crate) fn is_one_of_few(parts: Parts<'_>) -> bool {
    weight(parts).is_multiple_of(7)
}

/// Whether a record stays in the batches of which only some do.
pub(crate) fn stays(parts: Parts<'_>, batch: u64) -> bool {
    batch.is_multiple_of(2) || !weight(parts).is_multiple_of(3)
}

/// The new state of a key. It depends on how often it is called, and drops a key now and then.
pub(crate) fn updated(old: Option<u64>, new: &[u64], salt: u64) -> Option<u64> {
    let sum = new.iter().fold(salt, |sum, n| sum.wrapping_add(*n));
    let state = mixed(old.unwrap_or(3), sum.wrapping_add(new.len() as u64));
    (!state.is_multiple_of(4)).then_some(state)
}

/// The same for a state that is a text: the greatest, which loses a character in each batch that has
/// none for it.
pub(crate) fn updated_text(old: Option<&str>, new: &[&str]) -> Option<String> {
    let greatest = new.iter().copied().chain(old).max()?;
    match new {
        [] if greatest.is_empty() => None,
        [] => Some(tail(greatest).to_string()),
        _ => Some(greatest.to_string()),
    }
}

/// What a function with state does with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Next {
    Stay,
    Set(u64),
    Remove,
}

/// What a call of a function with state makes.
pub(crate) struct Called {
    pub(crate) next: Next,
    /// The result of a function that always has one.
    pub(crate) result: u64,
    /// Whether a function that filters has it too.
    pub(crate) passes: bool,
}

/// A call for a record in `batch`, where its key comes once in it.
pub(crate) fn called_once(batch: u64, value: u64, state: Option<u64>) -> Called {
    let total = mixed(state.unwrap_or(1), value);
    let next = match total % 6 {
        0 => Next::Remove,
        1 => Next::Stay,
        _ => Next::Set(total),
    };
    Called { next, result: mixed(total, batch), passes: !total.is_multiple_of(5) }
}

/// A call for one of several records of a key: the state is their sum. A function that filters has
/// results for keys that are new, which say nothing of the record.
pub(crate) fn called_often(batch: u64, value: u64, state: Option<u64>, filters: bool) -> Called {
    let next = Next::Set(state.unwrap_or(0).wrapping_add(value));
    let result = if filters { batch } else { mixed(value, batch) };
    Called { next, result, passes: state.is_none() }
}

/// The last call for a key that has been idle for too long.
pub(crate) fn timed_out(batch: u64, state: u64) -> Called {
    let result = mixed(state, mixed(99, batch));
    Called { next: Next::Stay, result, passes: !result.is_multiple_of(3) }
}
