//! How long a record may be.

use crate::conf::LongLines;

/// How long a record may be, and what becomes of a longer line. A longer record that has its length
/// in front is skipped, whatever is said of lines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordLimit {
    pub(crate) max_bytes: usize,
    pub(crate) long_lines: LongLines,
}
