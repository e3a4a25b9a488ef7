//! What was asked for, on stdout.

use std::fmt::Display;
use std::io::{self, Write};

use anyhow::{Context, Result};
use millstream::printable::printable_json;
use serde::Serialize;

/// Prints it with a newline behind it. That nobody reads it to its end, as in `bench-suite .. | head -1`, is
/// no error; that it cannot be written is one, where `println!` would end the program with a panic.
pub fn print(text: impl Display) -> Result<()> {
    let printed = write(&mut io::stdout().lock(), &format!("{text}\n"));
    printed.context("stdout could not be written")
}

/// The same of a value, as a line of JSON without orders to a terminal, whatever came from the network.
pub fn print_json(value: &impl Serialize) -> Result<()> {
    let json = serde_json::to_string(value).context("it could not be written as JSON")?;
    print(printable_json(&json))
}

/// A value as JSON, where that is asked for, or else what it says in words.
pub fn print_json_or_text(json: bool, value: &impl Serialize, text: impl Display) -> Result<()> {
    match json {
        true => print_json(value),
        false => print(text),
    }
}

fn write(out: &mut impl Write, text: &str) -> io::Result<()> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Failing(io::ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn that_nobody_reads_on_is_no_error_and_a_full_disk_is_one() {
        assert!(write(&mut Failing(io::ErrorKind::BrokenPipe), "text").is_ok());
        assert!(write(&mut Failing(io::ErrorKind::StorageFull), "text").is_err());
    }
}
