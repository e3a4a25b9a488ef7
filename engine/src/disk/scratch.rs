//! A file that nobody else sees, for data that memory has no room for.

use std::io;
use std::ops::Range;

use bytes::Bytes;

/// A file without a name, written from front to back and read anywhere. It is gone with whoever holds it,
/// and with what was read of it, however the process ends; so nothing of it is ever synced.
pub trait Scratch: Send + 'static {
    /// Writes `parts`, in a row, behind what there is, and answers where. Where it fails nothing was added.
    fn append(&mut self, parts: &[&[u8]]) -> io::Result<Range<u64>>;
    /// What was appended there. It may be read from the file only when it is looked at, and may outlive this.
    fn read(&mut self, range: Range<u64>) -> io::Result<Bytes>;
}
