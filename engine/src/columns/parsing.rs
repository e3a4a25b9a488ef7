//! What can be read from a text and from the columns of a line.

use std::fmt;

use super::Fields;
use crate::scan::digits;

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

    /// The same of a text's end, from `start` on. What comes before that may be looked at too, where it
    /// makes the reading quicker, and changes nothing.
    #[doc(hidden)]
    #[inline]
    fn from_end(text: &'b str, start: usize) -> Option<Self> {
        Self::from_text(&text[start..])
    }
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

as_the_standard_library_parses!(u128, i128, f32, f64, bool, char);

/// As the standard library parses, and as quickly as digits are read where there is nothing else.
macro_rules! integers {
    ($($unsigned:ty, $signed:ty;)*) => {$(
        impl<'b> FromText<'b> for $unsigned {
            #[inline]
            fn from_text(text: &'b str) -> Option<Self> {
                match digits::number(text.as_bytes()) {
                    Some(number) => number.try_into().ok(),
                    None => text.parse().ok(),
                }
            }

            #[inline]
            fn from_end(text: &'b str, start: usize) -> Option<Self> {
                match digits::number_at_the_end(text.as_bytes(), start) {
                    Some(number) => number.try_into().ok(),
                    None => Self::from_text(&text[start..]),
                }
            }
        }

        impl<'b> FromText<'b> for $signed {
            #[inline]
            fn from_text(text: &'b str) -> Option<Self> {
                let negative = text.as_bytes().first() == Some(&b'-');
                match digits::number(&text.as_bytes()[usize::from(negative)..]) {
                    Some(number) => {
                        let number = number.cast_signed();
                        (if negative { -number } else { number }).try_into().ok()
                    }
                    None => text.parse().ok(),
                }
            }

            #[inline]
            fn from_end(text: &'b str, start: usize) -> Option<Self> {
                match digits::number_at_the_end(text.as_bytes(), start) {
                    Some(number) => number.cast_signed().try_into().ok(),
                    None => Self::from_text(&text[start..]),
                }
            }
        }
    )*};
}

integers!(u8, i8; u16, i16; u32, i32; u64, i64; usize, isize;);

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
                    let column = columns.next_end();
                    let column = column.and_then(|(text, start)| $name::from_end(text, start));
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

#[cfg(test)]
mod tests {
    use std::fmt::Debug;
    use std::str::FromStr;

    use super::*;

    fn assert_as_parsed<T>(text: &str)
    where
        T: for<'b> FromText<'b> + FromStr + PartialEq + Debug,
    {
        assert_eq!(T::from_text(text), text.parse().ok(), "{text:?}");
        for before in ["", "1", "a key of some length\t"] {
            let all = format!("{before}{text}");
            assert_eq!(T::from_end(&all, before.len()), text.parse().ok(), "{all:?}");
        }
    }

    #[test]
    fn integers_are_what_the_standard_library_reads() {
        let digits = [
            "",
            "0",
            "7",
            "00",
            "007",
            "127",
            "128",
            "129",
            "255",
            "256",
            "0000000255",
            "32768",
            "65535",
            "65536",
            "2147483648",
            "4294967295",
            "4294967296",
            "99999999",
            "100000000",
            "1764115200000",
            "9999999999999999",
            "10000000000000000",
            "9223372036854775807",
            "9223372036854775808",
            "18446744073709551615",
            "18446744073709551616",
            "1_000",
            " 5",
            "5 ",
            "5\r",
            "0x1f",
            "1e3",
            "١",
            "5é",
            "½",
            "12345678a",
            "a12345678",
            "1.0",
            "/",
            ":",
        ];
        for digits in digits {
            for sign in ["", "-", "+", "--", "-+", "+-", "−"] {
                let text = format!("{sign}{digits}");
                assert_as_parsed::<u8>(&text);
                assert_as_parsed::<i8>(&text);
                assert_as_parsed::<u16>(&text);
                assert_as_parsed::<i16>(&text);
                assert_as_parsed::<u32>(&text);
                assert_as_parsed::<i32>(&text);
                assert_as_parsed::<u64>(&text);
                assert_as_parsed::<i64>(&text);
                assert_as_parsed::<usize>(&text);
                assert_as_parsed::<isize>(&text);
                assert_as_parsed::<u128>(&text);
                assert_as_parsed::<i128>(&text);
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
}
