//! The file with the secret. `loadgen` reads its own in the same way, and a test holds both to the same files.

use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use millstream::replica::check_token;
use nix::libc::O_NONBLOCK;

/// A file that has more holds no token, and is not read on.
const MOST_FILE_BYTES: u64 = 4096;

/// What a file's group and all others may do to it: read and write.
const TO_OTHERS: u32 = 0o066;

/// A secret, and what is to be said of the file that it was read from.
pub(crate) struct Token {
    pub(crate) secret: String,
    pub(crate) warning: Option<String>,
}

impl Token {
    /// The one line of a regular file, which has nothing else in it, and which is a token. Of what might have no end,
    /// such as a pipe, it does not even wait for the first byte.
    pub(crate) fn from_file(file: &Path) -> Result<Token> {
        let named = || format!("--token-file {}", file.display());
        let (text, mode) = read(file).with_context(named)?;
        // The end of the file's one line, and nothing else, is no part of it.
        let secret = text.strip_suffix('\n').unwrap_or(&text);
        let secret = secret.strip_suffix('\r').unwrap_or(secret);
        check_token(secret).with_context(named)?;
        let warning = (mode & TO_OTHERS != 0).then(|| {
            let (named, mode) = (named(), mode & 0o777);
            format!(
                "{named} holds a secret, and others than its owner may read or write it (mode {mode:04o}): chmod 600 \
                 {}",
                file.display()
            )
        });
        Ok(Token { secret: secret.to_owned(), warning })
    }
}

/// A file's text, and its mode.
fn read(file: &Path) -> Result<(String, u32)> {
    let file = OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(file)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        bail!("it is no regular file, and a token is read from no other");
    }
    let mut bytes = Vec::new();
    file.take(MOST_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    ensure!(
        bytes.len() as u64 <= MOST_FILE_BYTES,
        "it has more than {MOST_FILE_BYTES} bytes, which is more than a token and the end of its line"
    );
    // What is in it is not shown.
    let text = String::from_utf8(bytes).ok().context("it is no text, so it holds no token")?;
    Ok((text, metadata.mode()))
}
