//! Blocks that memory has no room for, on disk.
//!
//! They are appended to scratch files, which have no names and are gone with the last block in them. A block
//! that was moved knows what its bytes add up to, and is held against that when it is read again.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use crate::disk::{AnyDisk, Scratch, failed, make_directory};
use crate::error::{Error, Result};
use crate::received::ReceivedBlock;

/// A scratch file has so many bytes, and then another one is begun: its room comes back with its last block.
const SCRATCH_BYTES: u64 = 64 << 20;

/// Blocks are cut into such pieces, each with a checksum of its own, so that tasks share the work.
const PIECE_BYTES: usize = 256 << 10;

/// How many bytes are on disk now.
pub(crate) type OnDisk = Arc<AtomicU64>;

/// Where blocks are moved to.
pub(crate) struct Spill {
    disk: Arc<dyn AnyDisk>,
    directory: PathBuf,
    open: Option<Box<dyn Scratch>>,
    on_disk: OnDisk,
}

impl Spill {
    /// Makes sure of the directory, and that scratch files can be made there.
    pub(crate) fn open(disk: Arc<dyn AnyDisk>, directory: PathBuf) -> Result<Self> {
        make_directory(&*disk, &directory)?;
        let mut spill = Spill { disk, directory, open: None, on_disk: OnDisk::default() };
        spill.open = Some(spill.begin()?);
        Ok(spill)
    }

    /// How many bytes are on disk now.
    pub(crate) fn on_disk(&self) -> OnDisk {
        self.on_disk.clone()
    }

    /// The same blocks in pieces, with their bytes on disk; whole or not at all.
    pub(crate) fn moved(
        &mut self,
        blocks: &[Arc<ReceivedBlock>],
    ) -> Result<Vec<Arc<ReceivedBlock>>> {
        let pieces: Vec<Arc<ReceivedBlock>> = blocks.iter().flat_map(in_pieces).collect();
        let parts: Vec<&[u8]> = pieces.iter().map(|piece| &piece.raw()[..]).collect();
        let mut scratch = match self.open.take() {
            Some(scratch) => scratch,
            None => self.begin()?,
        };
        // Where it fails the file is let go, and with it what room it has taken in vain.
        let range = scratch.append(&parts).map_err(|e| self.failed("writing to", &e))?;
        let bytes = scratch.read(range.clone()).map_err(|e| self.failed("reading from", &e))?;
        if range.end < SCRATCH_BYTES {
            self.open = Some(scratch);
        }
        let mut rest = self.counted(bytes);
        let moved = pieces.iter().map(|piece| {
            let bytes = rest.split_to(piece.raw_bytes());
            Arc::new(piece.moved_to(bytes, crc32fast::hash(piece.raw())))
        });
        Ok(moved.collect())
    }

    fn begin(&self) -> Result<Box<dyn Scratch>> {
        self.disk.scratch(&self.directory).map_err(|e| self.failed("making", &e))
    }

    fn failed(&self, doing: &str, error: &std::io::Error) -> Error {
        failed(&format!("{doing} a file without a name in"), &self.directory, error)
    }

    /// The bytes, counted as on disk for as long as they live.
    fn counted(&self, bytes: Bytes) -> Bytes {
        self.on_disk.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Bytes::from_owner(Counted { bytes, on_disk: self.on_disk.clone() })
    }
}

struct Counted {
    bytes: Bytes,
    on_disk: OnDisk,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.on_disk.fetch_sub(self.bytes.len() as u64, Ordering::Relaxed);
    }
}

/// A block that somebody has looked at already stays in one piece.
fn in_pieces(block: &Arc<ReceivedBlock>) -> Vec<Arc<ReceivedBlock>> {
    let (mut pieces, mut rest) = (Vec::new(), block.clone());
    while let Some((first, others)) = rest.split(PIECE_BYTES) {
        pieces.push(Arc::new(first));
        rest = Arc::new(others);
    }
    pieces.push(rest);
    pieces
}

#[cfg(test)]
mod tests;
