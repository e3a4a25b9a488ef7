//! Notes and errors, for whoever reads stderr.

use std::fmt::Display;
use std::io::{Write, stderr};

/// Tells it on a line of its own. Control characters, which may come from a file or from another process,
/// do nothing to the terminal.
///
/// Nobody reads stderr if this fails, so there is nobody to tell; `eprintln!` would end the program
/// with a panic, and with an exit code that means something else.
pub fn tell(sentence: impl Display) {
    writeln!(stderr(), "{}", without_controls(&sentence.to_string())).ok();
}

/// A text whose control characters, but for ends of lines, are marks that something was there.
pub fn without_controls(text: &str) -> String {
    let printed = |c: char| if c.is_control() && c != '\n' { '\u{fffd}' } else { c };
    text.chars().map(printed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_do_not_come_through() {
        assert_eq!(without_controls("a\u{1b}[31m\0\n\tü"), "a\u{fffd}[31m\u{fffd}\n\u{fffd}ü");
    }
}
