//! Sentences on standard error.

use std::fmt::Arguments;
use std::io::Write;

/// Writes a line. Where nobody reads standard error any more there is nobody to tell, and that must
/// not end a thread, as `eprintln!` would: its panic on a closed pipe would take the driver along.
pub(crate) fn write_line(sentence: Arguments<'_>) {
    drop(writeln!(std::io::stderr().lock(), "millstream: {sentence}"));
}

/// Says a sentence on standard error, formatted as by `format!`.
macro_rules! say {
    ($($sentence:tt)*) => { $crate::stderr::write_line(format_args!($($sentence)*)) };
}

pub(crate) use say;
