//! Notes and errors, for whoever reads stderr.

use std::fmt::Display;
use std::io::{Write, stderr};

/// Tells it on a line of its own.
///
/// Nobody reads stderr if this fails, so there is nobody to tell; `eprintln!` would end the program
/// with a panic, and with an exit code that means something else.
pub fn tell(sentence: impl Display) {
    writeln!(stderr(), "{sentence}").ok();
}
