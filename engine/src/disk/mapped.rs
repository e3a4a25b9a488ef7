//! Scratch files of the machine, mapped where they are read, which needs `unsafe`.

#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use memmap2::{Advice, MmapOptions, MmapRaw};

use super::scratch::Scratch;

/// The first so many bytes of a file are one mapping, made when the first of them are read, and what is read beyond
/// them is one each. A process may have but so many mappings, 65,530 by default (`vm.max_map_count`), and where it has
/// them all it gets no memory either.
const MAPPED_AT_ONCE: usize = 64 << 20;

/// A file of the machine: the kernel has it in memory as long as there is room, and reads it again where there was
/// none.
///
/// Where the disk cannot read it any more, whoever looks at it is ended by the system.
pub(super) struct MappedScratch {
    file: File,
    /// Everything before is written, and is not written again.
    end: u64,
    map: Option<Arc<MmapRaw>>,
}

impl MappedScratch {
    /// In `directory`, in whose file system the room is taken.
    pub(super) fn create(directory: &Path) -> io::Result<Self> {
        Ok(MappedScratch { file: tempfile::tempfile_in(directory)?, end: 0, map: None })
    }

    /// The mapping of the file's beginning, most of which may not be written yet.
    fn beginning(&mut self) -> io::Result<Arc<MmapRaw>> {
        match &self.map {
            Some(map) => Ok(map.clone()),
            None => Ok(self.map.insert(map(&self.file, 0, MAPPED_AT_ONCE)?).clone()),
        }
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

    fn read(&mut self, range: Range<u64>) -> io::Result<Bytes> {
        if range.end > self.end {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let invalid = |_| io::Error::from(io::ErrorKind::InvalidInput);
        let len = usize::try_from(range.end.saturating_sub(range.start)).map_err(invalid)?;
        if len == 0 {
            return Ok(Bytes::new());
        }
        let part = match usize::try_from(range.end) {
            Ok(end) if end <= MAPPED_AT_ONCE => {
                Part { map: self.beginning()?, range: end - len..end }
            }
            _ => Part { map: map(&self.file, range.start, len)?, range: 0..len },
        };
        Ok(Bytes::from_owner(part))
    }
}

/// Maps a part of a file, which need not be there yet.
fn map(file: &File, offset: u64, len: usize) -> io::Result<Arc<MmapRaw>> {
    let map = MmapOptions::new().offset(offset).len(len).map_raw_read_only(file)?;
    // It is read from front to back, once, as a rule. Without this it is slower, and nothing else.
    if let Err(e) = map.advise(Advice::Sequential)
        && e.kind() != io::ErrorKind::InvalidInput
    {
        return Err(e);
    }
    Ok(Arc::new(map))
}

/// A part of a mapping that is written in the file. Only [`MappedScratch::read`] makes one.
struct Part {
    map: Arc<MmapRaw>,
    range: Range<usize>,
}

impl AsRef<[u8]> for Part {
    /// The safe twin reads it from the file into memory of its own.
    fn as_ref(&self) -> &[u8] {
        let Range { start, end } = self.range.clone();
        assert!(start <= end && end <= self.map.len(), "a part lies in its mapping");
        // SAFETY: the bytes lie in the mapping, as just asserted, which lives as long as `self`. They lie in the file:
        // `MappedScratch::read` gives no part that ends behind what was appended, and the file is never shortened. What
        // lies behind, which the mapping has too, nobody looks at. What is borrowed must not change meanwhile: the file
        // has no name, so no other program opens it, and its one writer, `MappedScratch`, writes behind what
        // was appended alone. A page that the kernel has dropped it reads again, and the file system is trusted to give
        // the same bytes, as it is for the program's own code. Bytes are aligned anywhere and valid whatever they are.
        unsafe { std::slice::from_raw_parts(self.map.as_ptr().add(start), end - start) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(content: &[u8]) -> MappedScratch {
        let mut scratch = MappedScratch::create(&std::env::temp_dir()).unwrap();
        scratch.append(&[content]).unwrap();
        scratch
    }

    fn content(bytes: usize) -> Vec<u8> {
        (0..bytes).map(|n| (n % 251) as u8).collect()
    }

    #[test]
    fn a_mapped_range_is_what_a_read_gives_wherever_it_begins() {
        let mut scratch = scratch(&content(3 * 4096 + 5));
        for (start, len) in [(0, 1), (1, 4096), (4095, 2), (4096, 4096), (5000, 7293), (12_292, 1)]
        {
            let mut twin = vec![0; len];
            scratch.file.read_exact_at(&mut twin, start).unwrap();
            assert_eq!(scratch.read(start..start + len as u64).unwrap(), twin);
        }
    }

    #[test]
    fn what_was_read_stays_while_more_is_appended_and_after_the_file_is_let_go() {
        let mut scratch = scratch(b"first");
        let first = scratch.read(0..5).unwrap();
        // In the same page, in others, across the end of the first mapping, and behind it.
        let mut read = Vec::new();
        for bytes in [10, 5000, MAPPED_AT_ONCE - 6000, 3000, 70] {
            let content = content(bytes);
            let range = scratch.append(&[&content]).unwrap();
            read.push((scratch.read(range).unwrap(), content));
        }
        assert!(scratch.end > MAPPED_AT_ONCE as u64);
        assert!(scratch.read(0..scratch.end + 1).is_err());
        drop(scratch);
        assert_eq!(&first[..], b"first");
        assert!(read.iter().all(|(read, twin)| read == twin));
    }
}
