//! Columns of text: a line seen as the pieces between separators.
//!
//! Nothing is copied. A column is searched for when it is asked for, so a line of which one column is
//! read costs no more than that; where the line comes with the places of its first separators, there is
//! nothing to search.

pub(crate) mod cut_lines;
pub(crate) mod parsing;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::iter::FusedIterator;

use memchr::memchr;

use crate::scan::cuts::NEAR;

/// As much of a text as a sentence shows.
const SHOWN_CHARS: usize = 60;

/// Bytes that are searched in place, before the rest is searched by a call.
const NEAR_BYTES: usize = 32;

/// A line and what separates its columns. Made by [`DStream::fields`](crate::DStream::fields).
///
/// A line of `n` separators has `n + 1` columns, counted from 0; two separators in a row have an
/// empty column between them, and an empty line is one empty column, as [`str::split`] has it.
/// There is no quoting.
///
/// ```
/// use millstream::Fields;
/// let fields = Fields::new("GET\t/index.html\t200", '\t');
/// assert_eq!(fields.get(1), Some("/index.html"));
/// assert_eq!(fields.get(3), None);
/// assert_eq!(fields.iter().count(), 3);
/// ```
#[derive(Clone, Copy)]
pub struct Fields<'b> {
    line: &'b str,
    separator: char,
    ends: Ends,
}

impl<'b> Fields<'b> {
    /// The columns of `line`.
    pub fn new(line: &'b str, separator: char) -> Self {
        Fields { line, separator, ends: Ends::default() }
    }

    /// The columns of a line of which `separators` has a bit for each of the first [`NEAR`] bytes, and
    /// perhaps others, set where there is a `separator`.
    #[inline]
    pub(crate) fn cut(line: &'b str, separator: u8, separators: u64) -> Self {
        debug_assert!(separator.is_ascii());
        let ends = Ends::near(separators, line.len());
        Fields { line, separator: char::from(separator), ends }
    }

    /// The line, separators and all.
    pub fn line(&self) -> &'b str {
        self.line
    }

    /// Column `n`, counted from 0. Cost: a search through the line up to the column's end.
    #[inline]
    pub fn get(&self, n: usize) -> Option<&'b str> {
        self.iter().nth(n)
    }

    /// The columns in order. Cost: a search for each separator.
    #[inline]
    pub fn iter(&self) -> Columns<'b> {
        Columns { line: self.line, next: Some(0), separator: self.separator, ends: self.ends }
    }
}

impl<'b> IntoIterator for Fields<'b> {
    type Item = &'b str;
    type IntoIter = Columns<'b>;

    fn into_iter(self) -> Columns<'b> {
        self.iter()
    }
}

/// Where the columns end of which that is known: a bit for each of a text's first bytes, and one for
/// where the text ends, if that is as near. Columns without a bit are searched for.
#[derive(Clone, Copy, Debug, Default)]
struct Ends(u64);

impl Ends {
    /// Of a text of `len` bytes, by the separators among its first [`NEAR`] bytes; what is told of others
    /// is not believed.
    #[inline]
    fn near(separators: u64, len: usize) -> Self {
        match len < NEAR {
            true => Ends(separators & !(u64::MAX << len) | 1 << len),
            false => Ends(separators & !(u64::MAX << NEAR)),
        }
    }

    /// The next end, and those behind it as seen from there.
    #[inline]
    fn pop(&mut self) -> Option<usize> {
        let end = (self.0 != 0).then(|| self.0.trailing_zeros() as usize)?;
        self.0 = self.0 >> end >> 1;
        Some(end)
    }
}

/// The columns of a line. See [`Fields::iter`].
#[derive(Clone, Debug)]
pub struct Columns<'b> {
    line: &'b str,
    /// Where the next column begins; none after the last.
    next: Option<usize>,
    separator: char,
    /// As seen from there.
    ends: Ends,
}

impl<'b> Columns<'b> {
    /// The line up to the next column's end, and where in it the column begins.
    #[inline]
    pub(crate) fn next_end(&mut self) -> Option<(&'b str, usize)> {
        let start = self.next?;
        let len = match self.ends.pop() {
            Some(len) => len,
            // By value: what a function has the address of would lie in memory.
            None => first_column(&self.line[start..], self.separator).len(),
        };
        let end = start + len;
        let is_last = end == self.line.len();
        self.next = if is_last { None } else { Some(end + self.separator.len_utf8()) };
        Some((&self.line[..end], start))
    }
}

impl<'b> Iterator for Columns<'b> {
    type Item = &'b str;

    #[inline]
    fn next(&mut self) -> Option<&'b str> {
        let (text, start) = self.next_end()?;
        Some(&text[start..])
    }
}

/// The first column of `text`, in which no separator is known.
#[inline(never)]
fn first_column(text: &str, separator: char) -> &str {
    let end = match u8::try_from(separator) {
        Ok(byte) if byte.is_ascii() => find(byte, text.as_bytes()),
        _ => text.find(separator),
    };
    &text[..end.unwrap_or(text.len())]
}

/// Where `byte` first is. Most columns are short, and for those a call costs more than the search.
#[inline]
fn find(byte: u8, text: &[u8]) -> Option<usize> {
    /// The lowest bit of each byte.
    const LOW: u64 = u64::MAX / 0xff;
    let (words, rest) = text[..text.len().min(NEAR_BYTES)].as_chunks::<8>();
    for (i, word) in words.iter().enumerate() {
        let differing = u64::from_le_bytes(*word) ^ (LOW * u64::from(byte));
        // The high bit of the first byte that does not differ, and perhaps of some behind it.
        let equal = differing.wrapping_sub(LOW) & !differing & (LOW << 7);
        if equal != 0 {
            return Some(i * 8 + equal.trailing_zeros() as usize / 8);
        }
    }
    let near = words.len() * 8;
    match text.len() <= NEAR_BYTES {
        true => rest.iter().position(|&b| b == byte).map(|at| near + at),
        false => memchr(byte, &text[near..]).map(|at| near + at),
    }
}

impl PartialEq for Fields<'_> {
    fn eq(&self, other: &Self) -> bool {
        (self.line, self.separator) == (other.line, other.separator)
    }
}

impl Eq for Fields<'_> {}

impl Hash for Fields<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.line, self.separator).hash(state);
    }
}

impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fields")
            .field("line", &self.line)
            .field("separator", &self.separator)
            .finish()
    }
}

impl FusedIterator for Columns<'_> {}

/// A text as a sentence shows it: in quotes, control characters escaped, cut short.
pub(crate) fn quoted(text: &str) -> String {
    let mut shown = String::from('"');
    let mut chars = text.chars();
    shown.extend(chars.by_ref().take(SHOWN_CHARS).flat_map(char::escape_debug));
    shown.push_str(if chars.next().is_some() { "\".." } else { "\"" });
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_those_of_the_standard_librarys_split() {
        let separators = ['\t', ',', 'a', '€', '\u{7f}', '\u{80}', '\u{ff}', '\0'];
        let pieces = ["", "x", "a", "long enough for a register of thirty-two", "é", "€"];
        for separator in separators {
            for first in pieces {
                for second in pieces {
                    for third in pieces {
                        let line = format!("{first}{separator}{second}{separator}{third}");
                        let expected: Vec<&str> = line.split(separator).collect();
                        let fields = Fields::new(&line, separator);
                        assert_eq!(fields.iter().collect::<Vec<_>>(), expected, "{line:?}");
                        for n in 0..=expected.len() {
                            assert_eq!(fields.get(n), expected.get(n).copied(), "{line:?}");
                        }
                    }
                }
            }
        }
        assert_eq!(Fields::new("", ',').iter().collect::<Vec<_>>(), [""]);
    }

    #[test]
    fn a_separator_is_found_wherever_it_is_among_bytes_that_differ_in_one_bit() {
        for separator in [0, 1, b'\t', b',', 0x7f] {
            for like in [separator ^ 1, separator ^ 0x80, separator.wrapping_add(1)] {
                for len in 0..80 {
                    let mut text = vec![like; len];
                    assert_eq!(find(separator, &text), None, "{separator} {like} {len}");
                    for at in (0..len).rev() {
                        text[at] = separator;
                        assert_eq!(find(separator, &text), Some(at), "{separator} {like} {len}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_quoted_text_is_escaped_and_short() {
        assert_eq!(quoted("a\t\"\x1b\n"), r#""a\t\"\u{1b}\n""#);
        assert_eq!(quoted(&"é".repeat(60)), format!("\"{}\"", "é".repeat(60)));
        assert_eq!(quoted(&"é".repeat(61)), format!("\"{}\"..", "é".repeat(60)));
    }
}
