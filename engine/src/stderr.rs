//! Sentences on standard error.

use std::fmt::Arguments;
use std::io::Write;

use crate::printable::printable_lines;

/// Writes a line, whose control characters do nothing to the terminal. Where nobody reads standard error any more
/// there is nobody to tell, and that must not end a thread, as `eprintln!` would: its panic on a closed pipe would
/// take the driver along.
pub(crate) fn write_line(sentence: Arguments<'_>) {
    drop(std::io::stderr().lock().write_all(line(sentence).as_bytes()));
}

/// Says a sentence on standard error, formatted as by `format!`.
macro_rules! say {
    ($($sentence:tt)*) => { $crate::stderr::write_line(format_args!($($sentence)*)) };
}

pub(crate) use say;

fn line(sentence: Arguments<'_>) -> String {
    format!("millstream: {}\n", printable_lines(&sentence.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_do_nothing() {
        let said = line(format_args!("{} and\n{}", "\u{1b}[31mred", "ü"));
        assert_eq!(said, "millstream: \\u{1b}[31mred and\nü\n");
    }
}
