//! What a listener wants to be shown before it takes lines.

use std::fmt;
use std::fs;
use std::path::Path;

use crate::error::{Error, Result};

/// A listener keeps no longer one.
const MOST_BYTES: usize = 256;

/// A secret that is sent as the first line of a connection, `TOKEN SECRET`. Nothing prints it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Reads it from a file, which holds it in one line: what is in an argument, every user of a machine can see.
    pub fn from_file(path: &Path) -> Result<Self> {
        let read = fs::read_to_string(path);
        let text = read.map_err(|source| Error::File {
            doing: "read the token in",
            path: path.into(),
            source,
        })?;
        let secret = text.strip_suffix('\n').unwrap_or(&text);
        let secret = secret.strip_suffix('\r').unwrap_or(secret);
        let is_one = secret.bytes().all(|byte| byte.is_ascii_graphic())
            && (1..=MOST_BYTES).contains(&secret.len());
        if !is_one {
            return Err(Error::Usage(format!(
                "{} holds no token: it must be one line of 1 to {MOST_BYTES} printable ASCII characters \
                 without a space, as `openssl rand -hex 32` writes one",
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
        for text in ["abc-123", "abc-123\n", "abc-123\r\n"] {
            let token = read(text).unwrap();
            assert_eq!((token.secret(), token.line().as_str()), ("abc-123", "TOKEN abc-123\n"));
            assert!(!format!("{token:?}").contains("abc"));
        }
        for text in ["", "\n", "abc 123", "abc\n123\n", "abc\n\n", "é", &"x".repeat(257)] {
            let refusal = read(text).unwrap_err();
            assert_eq!(refusal.exit_code(), 2);
            assert!(text.len() < 3 || !refusal.to_string().contains(text.trim_end()), "{refusal}");
        }
        let missing = Token::from_file(Path::new("/nowhere/token")).unwrap_err();
        assert!(missing.to_string().contains("/nowhere/token"), "{missing}");
    }
}
