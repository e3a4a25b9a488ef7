//! The door to the mapping of a file, which needs `unsafe`.

#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::ops::Range;

use bytes::Bytes;
use memmap2::{Advice, MmapOptions};

/// A part of a scratch file, as the memory of which it is a mapping. The safe twin reads it into memory of its own.
///
/// Where the disk cannot read it any more, whoever looks at it is ended by the system.
pub(super) fn range(scratch: &File, range: Range<u64>) -> io::Result<Bytes> {
    let len = usize::try_from(range.end.saturating_sub(range.start))
        .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    if len == 0 {
        return Ok(Bytes::new());
    }
    // SAFETY: what is mapped must not change while it is borrowed. The file has no name, so no other program
    // opens it; its one writer, `MappedScratch`, writes behind its end alone, and never shortens it. A page that the
    // kernel has dropped it reads again, and the file system is trusted to give the same bytes, as it is for the
    // program's own code.
    let map = unsafe { MmapOptions::new().offset(range.start).len(len).map(scratch) }?;
    // It is read from front to back, once, as a rule. Without this it is slower, and nothing else.
    if let Err(e) = map.advise(Advice::Sequential)
        && e.kind() != io::ErrorKind::InvalidInput
    {
        return Err(e);
    }
    Ok(Bytes::from_owner(map))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use super::*;

    #[test]
    fn a_mapped_range_is_what_a_read_gives_wherever_it_begins() {
        let file = tempfile::tempfile().unwrap();
        let content: Vec<u8> = (0..3 * 4096 + 5).map(|n: u32| (n % 251) as u8).collect();
        file.write_all_at(&content, 0).unwrap();
        for (start, len) in [(0, 1), (1, 4096), (4095, 2), (4096, 4096), (5000, 7293), (12_292, 1)]
        {
            let mut twin = vec![0; len];
            file.read_exact_at(&mut twin, start).unwrap();
            assert_eq!(range(&file, start..start + len as u64).unwrap(), twin);
        }
    }
}
