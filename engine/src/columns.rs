//! Columns of text: a line seen as the pieces between separators, and what they can be read as.
//!
//! Nothing is copied and nothing is kept of where the separators are: a column is searched for when
//! it is asked for, so a line of which one column is read costs no more than that.

use std::fmt;
use std::iter::FusedIterator;

use memchr::memchr;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fields<'b> {
    line: &'b str,
    separator: char,
}

impl<'b> Fields<'b> {
    /// The columns of `line`.
    pub fn new(line: &'b str, separator: char) -> Self {
        Fields { line, separator }
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
        Columns { rest: Some(self.line), separator: self.separator }
    }
}

impl<'b> IntoIterator for Fields<'b> {
    type Item = &'b str;
    type IntoIter = Columns<'b>;

    fn into_iter(self) -> Columns<'b> {
        self.iter()
    }
}

/// The columns of a line. See [`Fields::iter`].
#[derive(Clone, Debug)]
pub struct Columns<'b> {
    /// What follows the last separator that was found.
    rest: Option<&'b str>,
    separator: char,
}

impl<'b> Iterator for Columns<'b> {
    type Item = &'b str;

    #[inline]
    fn next(&mut self) -> Option<&'b str> {
        let rest = self.rest?;
        let end = match u8::try_from(self.separator) {
            Ok(byte) if byte.is_ascii() => find(byte, rest.as_bytes()),
            _ => rest.find(self.separator),
        };
        let column = match end {
            Some(end) => {
                self.rest = Some(&rest[end + self.separator.len_utf8()..]);
                &rest[..end]
            }
            None => {
                self.rest = None;
                rest
            }
        };
        Some(column)
    }
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

impl FusedIterator for Columns<'_> {}

/// What can be read from a text: `&str` (as it is), `String`, integers, floating-point numbers,
/// `bool` and `char`, as [`str::parse`] reads them: white space is part of the text, and ` 5` is no
/// number.
///
/// Implement it for a type of your own, which may borrow from the text:
///
/// ```
/// use millstream::FromText;
/// # use millstream::{secs, testing};
/// /// As in `db1:5432`.
/// struct Host<'b>(&'b str, u16);
///
/// impl<'b> FromText<'b> for Host<'b> {
///     fn from_text(text: &'b str) -> Option<Self> {
///         let (name, port) = text.split_once(':')?;
///         Some(Host(name, port.parse().ok()?))
///     }
/// }
///
/// let out = testing::run(secs(1), 1, |s, out| {
///     let hosts = s.queue_stream([vec!["db1:5432", "no host", "db2:80"]]).parse::<Host<'_>>();
///     out.collect(&hosts.map(|Host(_, port)| port));
///     Ok(())
/// })?;
/// assert_eq!(out, [[5432, 80]]);
/// # Ok::<(), millstream::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a text",
    note = "`&str`, `String`, numbers, `bool`, `char` and types that implement `millstream::FromText` can"
)]
pub trait FromText<'b>: Sized {
    /// What `text` says, or `None` where it says nothing of the kind. Called once for each text.
    fn from_text(text: &'b str) -> Option<Self>;
}

impl<'b> FromText<'b> for &'b str {
    #[inline]
    fn from_text(text: &'b str) -> Option<Self> {
        Some(text)
    }
}

impl<'b> FromText<'b> for String {
    #[inline]
    fn from_text(text: &'b str) -> Option<Self> {
        Some(text.to_owned())
    }
}

macro_rules! as_the_standard_library_parses {
    ($($t:ty),*) => {$(
        impl<'b> FromText<'b> for $t {
            #[inline]
            fn from_text(text: &'b str) -> Option<Self> {
                text.parse().ok()
            }
        }
    )*};
}

as_the_standard_library_parses!(
    u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64, bool, char
);

/// What can be read from columns: tuples of one to eight types that are [`FromText`], from the
/// first columns in order. A line may have more columns, which are not looked at.
///
/// Implement it for a struct by way of a tuple:
///
/// ```
/// use millstream::{BadColumn, Fields, FromFields};
/// struct Request<'b> {
///     path: &'b str,
///     status: u16,
/// }
///
/// impl<'b> FromFields<'b> for Request<'b> {
///     fn from_fields(fields: Fields<'b>) -> Result<Self, BadColumn> {
///         let (path, status) = FromFields::from_fields(fields)?;
///         Ok(Request { path, status })
///     }
/// }
///
/// let request = Request::from_fields(Fields::new("/index.html 200 1.3s", ' '))?;
/// assert_eq!((request.path, request.status), ("/index.html", 200));
/// # Ok::<(), BadColumn>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from columns",
    note = "tuples of one to eight types that are `millstream::FromText` can, and types that implement `millstream::FromFields`"
)]
pub trait FromFields<'b>: Sized {
    /// What the columns say, or the first one that is missing or says something else. Called once
    /// for each line.
    fn from_fields(fields: Fields<'b>) -> Result<Self, BadColumn>;
}

/// The first column that is missing, or that cannot be read as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadColumn {
    /// Its number, counted from 0.
    pub column: usize,
    /// The type that it should be read as.
    pub expected: &'static str,
}

impl fmt::Display for BadColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BadColumn { column, expected } = self;
        write!(f, "column {column} (counted from 0) is missing or no {expected}")
    }
}

impl std::error::Error for BadColumn {}

macro_rules! tuples {
    ($($name:ident $index:tt),*) => {
        impl<'b, $($name: FromText<'b>),*> FromFields<'b> for ($($name,)*) {
            #[inline]
            fn from_fields(fields: Fields<'b>) -> Result<Self, BadColumn> {
                let mut columns = fields.iter();
                Ok(($({
                    let column = columns.next().and_then($name::from_text);
                    column.ok_or(BadColumn {
                        column: $index,
                        expected: std::any::type_name::<$name>(),
                    })?
                },)*))
            }
        }
    };
}

tuples!(A 0);
tuples!(A 0, B 1);
tuples!(A 0, B 1, C 2);
tuples!(A 0, B 1, C 2, D 3);
tuples!(A 0, B 1, C 2, D 3, E 4);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);

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
    fn a_tuple_is_read_from_the_first_columns_and_names_the_one_that_is_bad() {
        let read = |line| <(&str, i64, bool)>::from_fields(Fields::new(line, '\t'));
        assert_eq!(read("a\t-3\ttrue"), Ok(("a", -3, true)));
        assert_eq!(read("a\t-3\ttrue\tmore"), Ok(("a", -3, true)));
        assert_eq!(read("\t+0\tfalse\t"), Ok(("", 0, false)));
        let bad = |column, expected| Err(BadColumn { column, expected });
        assert_eq!(read("a\t 3\ttrue"), bad(1, "i64"));
        assert_eq!(read("a\t3"), bad(2, "bool"));
        assert_eq!(read(""), bad(1, "i64"));
        let eight = <(u8, u8, u8, u8, u8, u8, f64, char)>::from_fields(Fields::new(
            "1 2 3 4 5 6 7.5 é",
            ' ',
        ));
        assert_eq!(eight, Ok((1, 2, 3, 4, 5, 6, 7.5, 'é')));
    }

    #[test]
    fn a_quoted_text_is_escaped_and_short() {
        assert_eq!(quoted("a\t\"\x1b\n"), r#""a\t\"\u{1b}\n""#);
        assert_eq!(quoted(&"é".repeat(60)), format!("\"{}\"", "é".repeat(60)));
        assert_eq!(quoted(&"é".repeat(61)), format!("\"{}\"..", "é".repeat(60)));
    }
}
