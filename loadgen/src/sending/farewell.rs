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
