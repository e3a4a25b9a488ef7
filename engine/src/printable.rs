//! Text that comes from somewhere else, made fit to be shown.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with its control characters escaped, so that it does nothing to a terminal, and stays in its line.
///
/// ```
/// use millstream::printable::printable;
///
/// assert_eq!(printable("plain, ü"), "plain, ü");
/// assert_eq!(printable("red \u{1b}[31m\n"), "red \\u{1b}[31m\\n");
/// ```
pub fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, char::is_control)
}

/// The same, but ends of lines stay.
///
/// ```
/// use millstream::printable::printable_lines;
///
/// assert_eq!(printable_lines("one\n\ttwo\n"), "one\n\\ttwo\n");
/// ```
pub fn printable_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c.is_control() && c != '\n')
}

/// The same, but ends of lines and tabs stay, as a page of records has them.
pub(crate) fn printable_page(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c.is_control() && c != '\n' && c != '\t')
}

fn escaped(text: &str, is_bad: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_bad) {
        return Cow::Borrowed(text);
    }
    let mut printed = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match is_bad(c) {
            true => write!(printed, "{}", c.escape_default()).expect("a text takes it"),
            false => printed.push(c),
        }
    }
    Cow::Owned(printed)
}
