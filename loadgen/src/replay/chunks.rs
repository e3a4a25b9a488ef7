//! The parts of a file that were read last.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use memchr::memchr_iter;

use super::index::{Extent, Index};
use super::{cannot, refusal};
use crate::error::Result;

/// So much of a file is kept, so that connections which go along together read it once.
const KEPT_BYTES: usize = 64 << 20;

/// Some whole lines of a file.
pub(crate) struct Chunk {
    first_line: u64,
    bytes: Vec<u8>,
    /// Where each line starts, and last where they end.
    starts: Vec<u32>,
}

impl Chunk {
    /// A line by its number in the file, with its newline; nothing if it is in another chunk.
    pub(crate) fn line(&self, line: u64) -> Option<&[u8]> {
        let nth = usize::try_from(line.checked_sub(self.first_line)?).ok()?;
        let end = *self.starts.get(nth + 1)?;
        Some(&self.bytes[self.starts[nth] as usize..end as usize])
    }
}

/// Reads chunks, each once for all who need it at about the same time.
pub(super) struct Chunks {
    path: PathBuf,
    file: File,
    index: Index,
    /// Those that were asked for last come first.
    recent: Mutex<VecDeque<(usize, Arc<Slot>)>>,
}

/// The place of a chunk, and the turn of who reads it.
type Slot = Mutex<Option<Arc<Chunk>>>;

impl Chunks {
    pub(super) fn new(path: &Path, file: File, index: Index) -> Self {
        Self { path: path.to_owned(), file, index, recent: Mutex::default() }
    }

    /// The chunk with a line, which must be one of the file's; read unless it was lately.
    pub(super) fn with_line(&self, line: u64) -> Result<Arc<Chunk>> {
        let nth = self.index.chunk_of(line);
        let slot = self.slot(nth);
        let mut chunk = lock(&slot);
        if let Some(chunk) = &*chunk {
            return Ok(chunk.clone());
        }
        let read = Arc::new(self.read(self.index.extent(nth))?);
        Ok(chunk.insert(read).clone())
    }

    fn slot(&self, nth: usize) -> Arc<Slot> {
        let mut recent = lock(&self.recent);
        let known = recent.iter().position(|(chunk, _)| *chunk == nth);
        let (_, slot) = known.and_then(|at| recent.remove(at)).unwrap_or_default();
        recent.push_front((nth, slot.clone()));
        let mut bytes = 0;
        let is_kept = |(chunk, _): &&(usize, Arc<Slot>)| {
            bytes += self.index.extent(*chunk).bytes;
            bytes <= KEPT_BYTES || *chunk == nth
        };
        let kept = recent.iter().take_while(is_kept).count();
        recent.truncate(kept);
        slot
    }

    fn read(&self, extent: Extent) -> Result<Chunk> {
        let Extent { offset, bytes: length, first_line, lines } = extent;
        let changed = |what: String| {
            refusal(
                &self.path,
                format!(
                    "was changed while it was replayed: from byte {offset} on, {what}; replay a file \
                     that no other program writes to"
                ),
            )
        };
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, offset).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                let last_line = first_line + lines;
                let first_line = first_line + 1;
                changed(format!(
                    "its lines {first_line} to {last_line} had {length} bytes, and now it ends before"
                ))
            }
            _ => cannot("read", &self.path)(error),
        })?;
        if bytes.last() != Some(&b'\n') {
            bytes.push(b'\n');
        }
        let mut starts = Vec::with_capacity(lines as usize + 1);
        starts.push(0);
        starts.extend(memchr_iter(b'\n', &bytes).map(|at| at as u32 + 1));
        let found = starts.len() as u64 - 1;
        if found != lines {
            return Err(changed(format!("{length} bytes held {lines} lines, and now {found}")));
        }
        Ok(Chunk { first_line, bytes, starts })
    }
}

/// A thread that panicked has left the cache as it was before, or after.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
