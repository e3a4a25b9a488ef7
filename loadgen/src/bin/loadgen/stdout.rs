//! Printing what was asked for.

use std::io::{self, Write};

use loadgen::{Error, Result};

/// Prints it whole. That nobody reads it to its end, as in `loadgen .. | head -1`, is no error.
pub(crate) fn print(text: impl AsRef<[u8]>) -> Result<()> {
    match io::stdout().lock().write_all(text.as_ref()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => {
            printed.map_err(|source| Error::System { doing: "print to stdout", error: source })
        }
    }
}

/// A value as JSON, with a newline behind it.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<String> {
    let json = serde_json::to_string_pretty(value);
    json.map(|json| json + "\n")
        .map_err(|error| Error::System { doing: "write JSON", error: error.into() })
}
