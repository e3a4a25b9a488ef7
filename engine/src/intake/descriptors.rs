//! File descriptors for the connections that a listener may have to hold.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::error::{Error, Result};

/// Descriptors that a process needs beside its connections.
const OTHER_DESCRIPTORS: u64 = 64;

/// As many as a listener holds where nobody says otherwise.
const USUAL_CONNECTIONS: u64 = 65_536;

/// Raises the soft limit of this process so that `wanted` connections fit; left out, as far as the
/// hard limit allows. Answers how many connections may be held.
///
/// Fails, with the numbers, where `wanted` is more than the hard limit allows.
pub(crate) fn reserve(wanted: Option<u64>) -> Result<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)
        .map_err(|e| Error::io("the limit of file descriptors could not be read", &e.into()))?;
    let connections =
        wanted.unwrap_or_else(|| USUAL_CONNECTIONS.min(hard.saturating_sub(OTHER_DESCRIPTORS)));
    let needed = connections.saturating_add(OTHER_DESCRIPTORS);
    if needed > hard {
        return Err(Error::Descriptors { wanted: connections, needed, hard });
    }
    if needed > soft {
        setrlimit(Resource::RLIMIT_NOFILE, needed, hard).map_err(|e| {
            Error::io(
                format!("the limit of file descriptors could not be raised to {needed}"),
                &e.into(),
            )
        })?;
    }
    Ok(connections)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_hard_limit_does_not_allow_is_refused_with_the_numbers() {
        let e = reserve(Some(1 << 40)).unwrap_err().to_string();
        assert!(e.contains("1099511627776 connections") && e.contains("hard limit"), "{e}");
    }

    #[test]
    fn a_modest_wish_is_granted() {
        assert_eq!(reserve(Some(10)).unwrap(), 10);
    }
}
