//! A secret that two sides share.

use std::fmt;
use std::hint::black_box;

use crate::error::{Error, Result};

const FEWEST_BYTES: usize = 16;
const MOST_BYTES: usize = 256;

/// A secret that is compared in a time that does not depend on where it differs, and never shown.
#[derive(Clone)]
pub(crate) struct Token(Box<[u8]>);

impl Token {
    pub(crate) fn new(token: &str) -> Result<Token> {
        let is_fit = (FEWEST_BYTES..=MOST_BYTES).contains(&token.len())
            && token.bytes().all(|byte| byte.is_ascii_graphic());
        match is_fit {
            true => Ok(Token(token.as_bytes().into())),
            false => Err(Error::Setting {
                setting: "the token",
                got: format!("of {} bytes, or of others than these", token.len()),
                want: format!(
                    "{FEWEST_BYTES} to {MOST_BYTES} printable ASCII characters without spaces"
                ),
            }),
        }
    }

    /// As it is sent.
    pub(crate) fn secret(&self) -> &str {
        std::str::from_utf8(&self.0).expect("it is ASCII")
    }

    /// Whether `given` is the same. Every byte of `given` is looked at, whatever the others are, so that
    /// only its own length tells in the time that this takes.
    pub(crate) fn is(&self, given: &[u8]) -> bool {
        let mut differs = u8::from(given.len() != self.0.len());
        for (at, byte) in given.iter().enumerate() {
            differs |= black_box(byte ^ self.0[at % self.0.len()]);
        }
        black_box(differs) == 0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_is_the_same_and_nobody_reads_it() {
        let token = Token::new("0123456789abcdef").unwrap();
        assert!(token.is(b"0123456789abcdef"));
        let others =
            ["", "0123456789abcde", "0123456789abcdeF", "0123456789abcdef0123456789abcdef"];
        assert!(others.iter().all(|other| !token.is(other.as_bytes())));
        assert_eq!(format!("{token:?}"), "Token(..)");
    }

    #[test]
    fn short_ones_and_spaces_are_refused_without_showing_them() {
        for bad in ["short", "with a space in it", "ein-schlüssel-der-keiner-ist", &"x".repeat(257)]
        {
            let sentence = Token::new(bad).unwrap_err().to_string();
            assert!(sentence.contains("16 to 256") && !sentence.contains(bad), "{sentence}");
        }
    }
}
