//! What a listener wants to be shown before it takes lines.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use nix::libc::O_NONBLOCK;

use crate::error::{Error, Result};

/// A listener takes no shorter one, which could be found by trying.
const LEAST_BYTES: usize = 16;

/// A listener keeps no longer one.
const MOST_BYTES: usize = 256;

/// A file that has more holds no token, and is not read on.
const MOST_FILE_BYTES: u64 = 4096;

/// What a file's group and all others may do to it: read and write.
const TO_OTHERS: u32 = 0o066;

/// A secret that is sent as the first line of a connection, `TOKEN SECRET`. Nothing prints it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    secret: String,
    /// A sentence, where others than the user may read the file, or write it.
    warning: Option<String>,
}

impl Token {
    /// Reads it from a file, which holds it in one line and nothing else; whether a newline ends that is all the
    /// same. What is in an argument, every user of a machine can see. It must be a regular file, of which no more than
    /// 4096 bytes are read: a pipe might never end.
    pub fn from_file(path: &Path) -> Result<Self> {
        let failed = |e| Error::Usage(format!("cannot read the token in {}: {e}", path.display()));
        let (bytes, mode) = match read(path).map_err(failed)? {
            Some(read) => read,
            None => {
                let what = "is no regular file, and a token is read from no other";
                return Err(Error::Usage(format!("{} {what}", path.display())));
            }
        };
        let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let is_one = line.iter().all(u8::is_ascii_graphic)
            && (LEAST_BYTES..=MOST_BYTES).contains(&line.len());
        match std::str::from_utf8(line) {
            Ok(secret) if is_one => {
                Ok(Self { secret: secret.to_owned(), warning: warning(path, mode) })
            }
            _ => Err(Error::Usage(format!(
                "{} holds no token: it must be one line of {LEAST_BYTES} to {MOST_BYTES} printable ASCII \
                 characters without a space, as `openssl rand -hex 32` writes one",
                path.display()
            ))),
        }
    }

    /// The secret, for whoever is to know it.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// What is to be said of the file that it was read from: that others than the user may read it, or write it.
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// What is sent in front of everything.
    pub(crate) fn line(&self) -> String {
        format!("TOKEN {}\n", self.secret)
    }
}

/// The beginning of a file, and its mode; nothing where it is no regular one. Of what might have no end it does not
/// even wait for the first byte.
fn read(path: &Path) -> io::Result<Option<(Vec<u8>, u32)>> {
    let file: File = OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.take(MOST_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(Some((bytes, metadata.mode())))
}

fn warning(path: &Path, mode: u32) -> Option<String> {
    (mode & TO_OTHERS != 0).then(|| {
        let (path, mode) = (path.display(), mode & 0o777);
        format!(
            "{path} holds a secret, and others than its owner may read or write it (mode {mode:04o}): chmod 600 \
             {path}"
        )
    })
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

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
        assert_eq!(missing.exit_code(), 2);
        assert!(
            missing.to_string().starts_with("cannot read the token in /nowhere/token: "),
            "{missing}"
        );
        // Whoever prints what is behind an error too says it once.
        assert!(std::error::Error::source(&missing).is_none());
    }
}
