//! A file that nobody else sees, for data that memory has no room for.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use bytes::Bytes;

use super::mapped;

/// A file without a name, written from front to back and read anywhere. It is gone with whoever holds it,
/// and with what was read of it, however the process ends; so nothing of it is ever synced.
pub trait Scratch: Send + 'static {
    /// Writes `parts`, in a row, behind what there is, and answers where. Where it fails nothing was added.
    fn append(&mut self, parts: &[&[u8]]) -> io::Result<Range<u64>>;
    /// What was appended there. It may be read from the file only when it is looked at, and may outlive this.
    fn read(&self, range: Range<u64>) -> io::Result<Bytes>;
}

/// A file of the machine, mapped where it is read: the kernel has it in memory as long as there is room, and
/// reads it again where there was none.
pub(super) struct MappedScratch {
    file: File,
    end: u64,
}

impl MappedScratch {
    /// In `directory`, in whose file system the room is taken.
    pub(super) fn create(directory: &Path) -> io::Result<Self> {
        Ok(MappedScratch { file: tempfile::tempfile_in(directory)?, end: 0 })
    }
}

impl Scratch for MappedScratch {
    fn append(&mut self, parts: &[&[u8]]) -> io::Result<Range<u64>> {
        let mut end = self.end;
        for part in parts {
            self.file.write_all_at(part, end)?;
            end += part.len() as u64;
        }
        Ok(std::mem::replace(&mut self.end, end)..end)
    }

    fn read(&self, range: Range<u64>) -> io::Result<Bytes> {
        if range.end > self.end {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        mapped::range(&self.file, range)
    }
}
