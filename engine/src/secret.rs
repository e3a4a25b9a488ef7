//! A secret that is compared and never shown.

use std::fmt;
use std::sync::Arc;

use subtle::ConstantTimeEq;

use crate::error::{Error, Result};

/// A shorter one is found by trying.
const LEAST_BYTES: usize = 16;

/// What a receiver keeps of a line that may be one is bounded by this.
pub(crate) const MOST_SECRET_BYTES: usize = 256;

/// What both sides of a connection must know. Cheap to clone; nothing prints it.
#[derive(Clone)]
pub(crate) struct Secret(Arc<[u8]>);

impl Secret {
    pub(crate) fn new(secret: String) -> Self {
        Secret(secret.into_bytes().into())
    }

    /// Refuses what is no secret, or does not fit into a line of words. The sentence tells its length alone.
    pub(crate) fn check(&self, setting: &'static str) -> Result<()> {
        let is_printable = self.0.iter().all(u8::is_ascii_graphic);
        if is_printable && (LEAST_BYTES..=MOST_SECRET_BYTES).contains(&self.0.len()) {
            return Ok(());
        }
        let kind = if is_printable { "printable ASCII" } else { "with other characters in them" };
        Err(Error::Setting {
            setting,
            got: format!("{} bytes, {kind}", self.0.len()),
            want: format!(
                "{LEAST_BYTES} to {MOST_SECRET_BYTES} printable ASCII characters without a space, as \
                 `openssl rand -hex 32` makes them"
            ),
        })
    }

    /// Its characters.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.0).expect("it was made of a string")
    }

    /// Whether `shown` is the secret. How long that takes depends on both lengths and on nothing else, so no
    /// part of it can be found out by trying.
    pub(crate) fn is(&self, shown: &[u8]) -> bool {
        self.0.ct_eq(shown).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.into())
    }

    #[test]
    fn it_is_itself_and_nothing_that_is_near() {
        let ours = secret("0123456789abcdef");
        assert!(ours.is(b"0123456789abcdef"));
        for other in
            ["", "0123456789abcde", "0123456789abcdefg", "0123456789abcdeF", "1123456789abcdef"]
        {
            assert!(!ours.is(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn what_is_no_secret_is_refused_and_not_shown() {
        for bad in
            ["short", "has a space in it, and is long", "line\nline\nline\nline", &"x".repeat(257)]
        {
            let e = secret(bad).check("the token").unwrap_err().to_string();
            assert!(e.contains(&format!("{} bytes", bad.len())) && e.contains("16 to 256"), "{e}");
            assert!(!e.contains(bad), "{e}");
        }
        assert!([16, 256].iter().all(|&n| secret(&"x".repeat(n)).check("the token").is_ok()));
        assert!(!format!("{:?}", secret("0123456789abcdef")).contains("0123"));
    }
}
