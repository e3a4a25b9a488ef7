//! How connections end, and whether the other side has to see them off.

use std::io::{self, ErrorKind};

use crate::faults::End;
use crate::load::Load;

/// How the connections of a run end.
#[derive(Clone, Copy)]
pub(crate) struct Farewell {
    pub(crate) end: End,
    /// Whoever was shown a token may close for it when all lines are written and none is read. So its own end is
    /// waited for, and one that comes too early is no end.
    pub(crate) must_be_returned: bool,
}

impl Farewell {
    pub(crate) fn of(load: &Load) -> Self {
        let must_be_returned = load.token.is_some();
        let end = match load.faults.end {
            End::Close if must_be_returned => End::HalfClose,
            end => end,
        };
        Self { end, must_be_returned }
    }

    /// Whether a connection that was sent all of its lines has broken in a way that may have cost some.
    pub(crate) fn is_missed(self, error: &io::Error) -> bool {
        let is_reset = matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe);
        self.must_be_returned && is_reset
    }

    /// What the other side may have meant by hanging up.
    pub(crate) fn guess(self) -> &'static str {
        if self.must_be_returned { "; it may want another token" } else { "" }
    }
}

/// The other side has closed before it was told that no more will come.
pub(crate) fn closed_too_early() -> io::Error {
    io::Error::new(ErrorKind::ConnectionReset, "it closed before it had all")
}

/// What there is to tell of connections that were to be reset and could not be.
pub(crate) fn not_reset<'e>(mut errors: impl Iterator<Item = &'e io::Error>) -> Option<String> {
    let first = errors.next()?;
    let closed = 1 + errors.count();
    Some(format!(
        "{closed} connections could not be reset and were closed instead, with all that they were sent \
         delivered ({first}): what the reader makes of a reset was not tried"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_that_could_not_be_reset_are_told_with_their_number_and_why() {
        assert_eq!(not_reset(std::iter::empty()), None);
        let errors = ["the first", "another"].map(io::Error::other);
        let told = not_reset(errors.iter()).unwrap();
        assert!(told.starts_with("2 connections") && told.contains("(the first)"), "{told}");
    }
}
