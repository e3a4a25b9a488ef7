//! Notes and errors, for whoever reads stderr.

use std::fmt::Display;
use std::io::{Write, stderr};

use millstream::printable::printable_lines;

/// Tells it on a line of its own. Control characters, which may come from a file or from another process,
/// do nothing to the terminal.
///
/// Nobody reads stderr if this fails, so there is nobody to tell; `eprintln!` would end the program
/// with a panic, and with an exit code that means something else.
pub fn tell(sentence: impl Display) {
    writeln!(stderr(), "{}", printable_lines(&sentence.to_string())).ok();
}
