//! How `print` writes a record: as the original's `toString` does.

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::io::{self, IsTerminal};

use crate::columns::Fields;
use crate::printable::printable_page;
use crate::time::Time;

/// What a batch's header is ruled with.
const RULE: &str = "-------------------------------------------";

/// A record that can be printed: text as it is, numbers as numbers, a pair as `(a,b)`, as in Scala.
///
/// ```
/// use millstream::show::{Show, shown};
/// assert_eq!(shown(&("the", 3)), "(the,3)");
/// assert_eq!(shown(&Some(vec![1.5])), "Some(List(1.5))");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be printed by a stream",
    note = "implement `millstream::Show` for it, or `map` it to a String first"
)]
pub trait Show {
    /// Writes the record.
    fn show(&self, out: &mut dyn Write) -> fmt::Result;
}

/// A record as text.
pub fn shown(record: &(impl Show + ?Sized)) -> String {
    let mut text = String::new();
    record.show(&mut text).expect("a string can always be written to");
    text
}

macro_rules! as_displayed {
    ($($t:ty),*) => {$(
        impl Show for $t {
            fn show(&self, out: &mut dyn Write) -> fmt::Result {
                write!(out, "{self}")
            }
        }
    )*};
}

as_displayed!(
    str, String, char, bool, u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, Time
);

macro_rules! as_scala_writes_floats {
    ($($t:ty),*) => {$(
        impl Show for $t {
            fn show(&self, out: &mut dyn Write) -> fmt::Result {
                // `{:?}` keeps the `.0` that Scala writes too.
                write!(out, "{self:?}")
            }
        }
    )*};
}

as_scala_writes_floats!(f32, f64);

impl<T: Show + ?Sized> Show for &T {
    fn show(&self, out: &mut dyn Write) -> fmt::Result {
        (**self).show(out)
    }
}

/// The line as it came.
impl Show for Fields<'_> {
    fn show(&self, out: &mut dyn Write) -> fmt::Result {
        out.write_str(self.line())
    }
}

impl Show for () {
    fn show(&self, out: &mut dyn Write) -> fmt::Result {
        out.write_str("()")
    }
}

impl<T: Show> Show for Option<T> {
    fn show(&self, out: &mut dyn Write) -> fmt::Result {
        match self {
            None => out.write_str("None"),
            Some(value) => {
                out.write_str("Some(")?;
                value.show(out)?;
                out.write_char(')')
            }
        }
    }
}

impl<T: Show> Show for [T] {
    fn show(&self, out: &mut dyn Write) -> fmt::Result {
        out.write_str("List(")?;
        for (i, value) in self.iter().enumerate() {
            if i > 0 {
                out.write_str(", ")?;
            }
            value.show(out)?;
        }
        out.write_char(')')
    }
}

impl<T: Show> Show for Vec<T> {
    fn show(&self, out: &mut dyn Write) -> fmt::Result {
        self.as_slice().show(out)
    }
}

macro_rules! tuples {
    ($first:ident $($name:ident $index:tt),*) => {
        impl<$first: Show, $($name: Show),*> Show for ($first, $($name),*) {
            fn show(&self, out: &mut dyn Write) -> fmt::Result {
                out.write_char('(')?;
                self.0.show(out)?;
                $(
                    out.write_char(',')?;
                    self.$index.show(out)?;
                )*
                out.write_char(')')
            }
        }
    };
}

tuples!(A B 1);
tuples!(A B 1, C 2);
tuples!(A B 1, C 2, D 3);
tuples!(A B 1, C 2, D 3, E 4);

/// What `print` writes for a batch: a header with its time, the first `most` of `records`, an
/// ellipsis if there are more, and an empty line. `records` holds one more than `most` where there
/// are more.
pub(crate) fn page(time: Time, records: &[impl Show], most: usize) -> String {
    let mut page = format!("{RULE}\nTime: {time}\n{RULE}\n");
    for record in records.iter().take(most) {
        record.show(&mut page).expect("a string can always be written to");
        page.push('\n');
    }
    if records.len() > most {
        page.push_str("...\n");
    }
    page.push('\n');
    page
}

/// Writes a page to standard output in one piece. On a terminal, control characters that came in a
/// record are written as escapes, so that a hostile sender commands no terminal; elsewhere every
/// byte is as it came.
pub(crate) fn write_to_stdout(page: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let safe = if out.is_terminal() { printable_page(page) } else { Cow::Borrowed(page) };
    io::Write::write_all(&mut out, safe.as_bytes())?;
    io::Write::flush(&mut out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_what_the_original_prints() {
        let words = [("to", 2), ("be", 2), ("or", 1)];
        let expected = "-------------------------------------------\nTime: 1000 ms\n\
                        -------------------------------------------\n(to,2)\n(be,2)\n...\n\n";
        assert_eq!(page(Time::from_millis(1000), &words, 2), expected);
        let empty = "-------------------------------------------\nTime: 2000 ms\n\
                     -------------------------------------------\n\n";
        assert_eq!(page(Time::from_millis(2000), &[""; 0], 10), empty);
    }

    #[test]
    fn no_record_commands_the_terminal() {
        assert_eq!(printable_page("a\tb\x1b[2J\r\u{9b}\n"), "a\tb\\u{1b}[2J\\r\\u{9b}\n");
    }

    #[test]
    fn numbers_and_nested_records_look_as_in_scala() {
        assert_eq!(shown(&(1.0, ("a", None::<u8>))), "(1.0,(a,None))");
        assert_eq!(shown(&vec![("x", 1), ("y", 2)]), "List((x,1), (y,2))");
    }
}
