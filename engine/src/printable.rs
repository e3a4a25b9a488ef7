//! Text that comes from somewhere else, made fit to be shown.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with its control characters escaped, so that it does nothing to a terminal, and stays in its line; and
/// those that turn the direction of what follows, so that it is read in the order in which it stands.
///
/// ```
/// use millstream::printable::printable;
///
/// assert_eq!(printable("plain, ü"), "plain, ü");
/// assert_eq!(printable("red \u{1b}[31m\n"), "red \\u{1b}[31m\\n");
/// assert_eq!(printable("\u{202e}txt.exe"), "\\u{202e}txt.exe");
/// ```
pub fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, does_something, as_in_rust)
}

/// The same, but ends of lines stay.
///
/// ```
/// use millstream::printable::printable_lines;
///
/// assert_eq!(printable_lines("one\n\ttwo\n"), "one\n\\ttwo\n");
/// ```
pub fn printable_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| does_something(c) && c != '\n', as_in_rust)
}

/// The same of JSON, which stays what it is to whoever reads it: JSON itself has some of these characters escaped and
/// lets others stand. Ends of lines and tabs stay, for they are between its values.
///
/// ```
/// use millstream::printable::printable_json;
///
/// assert_eq!(printable_json("{\"ü\":\"\u{9b}2J\u{7f}\"}\n"), "{\"ü\":\"\\u009b2J\\u007f\"}\n");
/// ```
pub fn printable_json(json: &str) -> Cow<'_, str> {
    escaped(json, |c| does_something(c) && c >= ' ', as_in_json)
}

/// The same, but ends of lines and tabs stay, as a page of records has them.
pub(crate) fn printable_page(text: &str) -> Cow<'_, str> {
    escaped(text, |c| does_something(c) && c != '\n' && c != '\t', as_in_rust)
}

/// Whether it is no character to be seen, but an order: to the terminal, or to turn the direction of what follows.
fn does_something(c: char) -> bool {
    let turns = matches!(c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns
}

fn as_in_rust(c: char, printed: &mut String) {
    printed.extend(c.escape_default());
}

fn as_in_json(c: char, printed: &mut String) {
    // None of those that do something has more than four digits.
    write!(printed, "\\u{:04x}", u32::from(c)).expect("a text takes it");
}

fn escaped(
    text: &str,
    is_bad: impl Fn(char) -> bool,
    escape: impl Fn(char, &mut String),
) -> Cow<'_, str> {
    if !text.contains(&is_bad) {
        return Cow::Borrowed(text);
    }
    let mut printed = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match is_bad(c) {
            true => escape(c, &mut printed),
            false => printed.push(c),
        }
    }
    Cow::Owned(printed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_shown_gives_orders() {
        let orders =
            "\u{7f}\u{80}\u{9b}\u{9f}\u{61c}\u{200e}\u{200f}\u{202a}\u{202e}\u{2066}\u{2069}";
        for c in orders.chars() {
            let (text, code) = (format!("a{c}b"), u32::from(c));
            let in_rust = format!("a\\u{{{code:x}}}b");
            assert_eq!(printable(&text), in_rust);
            assert_eq!(printable_lines(&text), in_rust);
            assert_eq!(printable_page(&text), in_rust);
            assert_eq!(printable_json(&text), format!("a\\u{code:04x}b"));
        }
        // What joins letters, spaces of all widths, and other scripts.
        let text = "a\u{a0}\u{200d}\u{202f}\u{2009}\u{5e9}\u{2028}\u{fffd}~\u{20}";
        assert!(matches!(printable(text), Cow::Borrowed(_)));
    }

    #[test]
    fn json_says_the_same_as_before() {
        let said = "\u{0}\u{1b}[2J\u{9b}2J\u{7f}\u{202e}\n\t\"\\ü\u{10ffff}".to_owned();
        let json = serde_json::to_string_pretty(&vec![&said]).unwrap();
        let printed = printable_json(&json);
        assert!(!printed.chars().any(|c| does_something(c) && c != '\n'), "{printed}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&printed).unwrap(), [said]);
    }
}
