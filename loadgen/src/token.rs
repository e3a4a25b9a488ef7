//! What a listener wants to be shown before it takes lines.

use std::fmt;
use std::fs;
use std::path::Path;

use crate::error::{Error, Result};

/// A listener takes no shorter one, which could be found by trying.
const LEAST_BYTES: usize = 16;

/// A listener keeps no longer one.
const MOST_BYTES: usize = 256;

/// A secret that is sent as the first line of a connection, `TOKEN SECRET`. Nothing prints it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Reads it from a file, which holds it in one line and nothing else; whether a newline ends that is all the
    /// same. What is in an argument, every user of a machine can see.
    pub fn from_file(path: &Path) -> Result<Self> {
        let read = fs::read_to_string(path);
        let text = read.map_err(|error| Error::File {
            doing: "read the token in",
            path: path.into(),
            error,
        })?;
        let secret = text.strip_suffix('\n').unwrap_or(&text);
        let secret = secret.strip_suffix('\r').unwrap_or(secret);
        let is_one = secret.bytes().all(|byte| byte.is_ascii_graphic())
            && (LEAST_BYTES..=MOST_BYTES).contains(&secret.len());
        if !is_one {
            return Err(Error::Usage(format!(
                "{} holds no token: it must be one line of {LEAST_BYTES} to {MOST_BYTES} printable ASCII \
                 characters without a space, as `openssl rand -hex 32` writes one",
                path.display()
            )));
        }
        Ok(Self(secret.to_owned()))
    }

    /// The secret, for whoever is to know it.
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// What is sent in front of everything.
    pub(crate) fn line(&self) -> String {
        format!("TOKEN {}\n", self.0)
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

    fn read(text: &str) -> Result<Token> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        Token::from_file(file.path())
    }

    #[test]
    fn a_file_of_one_line_is_a_token_and_is_not_shown() {
        for text in ["0123-4567-89ab-c", "0123-4567-89ab-c\n", "0123-4567-89ab-c\r\n"] {
            let token = read(text).unwrap();
            assert_eq!(token.secret(), "0123-4567-89ab-c");
            assert_eq!(token.line(), "TOKEN 0123-4567-89ab-c\n");
            assert!(!format!("{token:?}").contains("0123"));
        }
        let two_lines = "0123-4567-89ab-c\n0123-4567-89ab-c\n";
        let too_long = "x".repeat(257);
        for text in [
            "",
            "\n",
            "0123-4567-89ab-",
            "0123-4567 89ab-c",
            " 0123-4567-89ab-c",
            two_lines,
            "0123-4567-89ab-c\n\n",
            "0123-4567-89ab-é",
            &too_long,
        ] {
            let refusal = read(text).unwrap_err();
            assert_eq!(refusal.exit_code(), 2);
            let refusal = refusal.to_string();
            assert!(refusal.contains("16 to 256"), "{refusal}");
            assert!(text.len() < 3 || !refusal.contains(text.trim()), "{refusal}");
        }
        let missing = Token::from_file(Path::new("/nowhere/token")).unwrap_err();
        assert!(missing.to_string().contains("/nowhere/token"), "{missing}");
        // Whoever prints what is behind an error too says it once.
        assert!(std::error::Error::source(&missing).is_none());
    }
}
