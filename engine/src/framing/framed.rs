//! What a read, or a connection's end, has completed.

use std::fmt;
use std::ops::Range;

use crate::progress::LineCounts;

/// What came out of a carry.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Framed {
    /// Where the whole records lie in the buffer; empty where none was completed.
    pub(crate) records: Range<usize>,
    /// What became of those that are not among them.
    pub(crate) counts: LineCounts,
    /// The record within which the connection ended, where it is none for that.
    pub(crate) torn: Option<Torn>,
}

/// A record of which only a part came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Torn {
    pub(crate) part: Part,
    pub(crate) came_bytes: u64,
    pub(crate) wanted_bytes: u64,
}

/// What it was that ended too early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Record,
    Length,
}

impl fmt::Display for Torn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = match self.part {
            Part::Record => "a record",
            Part::Length => "a record's length",
        };
        write!(f, "{} of the {} bytes of {part}", self.came_bytes, self.wanted_bytes)
    }
}
