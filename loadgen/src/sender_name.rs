//! What senders are called, where lines are acknowledged.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// The protocol's names have 64 bytes at most: room is left for a hyphen and a connection's number.
const MOST_BYTES: usize = 43;

/// What the senders of a run are called: each connection by this, a hyphen and its number.
///
/// A name stands for one sequence of lines, and the other side remembers how far each has come.
///
/// ```
/// use loadgen::SenderName;
///
/// let name: SenderName = "sensors-7".parse()?;
/// assert_eq!(name.to_string(), "sensors-7");
/// assert!("two words".parse::<SenderName>().is_err());
/// # Ok::<(), loadgen::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderName(String);

impl SenderName {
    /// The name of the connection with this number.
    pub(crate) fn of_connection(&self, number: u64) -> String {
        format!("{}-{number}", self.0)
    }
}

impl FromStr for SenderName {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let is_of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if (1..=MOST_BYTES).contains(&name.len()) && name.bytes().all(is_of_a_name) {
            return Ok(Self(name.to_owned()));
        }
        Err(Error::Usage(format!(
            "{name:?} is no name of a sender: it is 1 to {MOST_BYTES} of A-Z a-z 0-9 . _ -"
        )))
    }
}

impl fmt::Display for SenderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_connection_has_a_name_that_the_protocol_allows() {
        let longest: SenderName = "x".repeat(MOST_BYTES).parse().unwrap();
        assert_eq!(longest.of_connection(u64::MAX).len(), 64);
        for bad in ["", "a b", "é", "a\n", &"x".repeat(MOST_BYTES + 1)] {
            assert!(bad.parse::<SenderName>().unwrap_err().to_string().contains("is 1 to 43 of"));
        }
    }
}
