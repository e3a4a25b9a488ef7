//! Bytes that nobody can guess.

use crate::error::{Error, Result};

/// So many of the system's random bytes.
pub(crate) fn drawn<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| Error::Io {
        what: "the system gave no random bytes".to_owned(),
        reason: e.to_string(),
    })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_are_the_same() {
        assert_ne!(drawn::<16>().unwrap(), drawn::<16>().unwrap());
    }
}
