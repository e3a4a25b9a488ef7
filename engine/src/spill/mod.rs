//! What memory has no room for, on disk.
//!
//! It is appended to scratch files, which have no names and are gone with the last of what is in them
//! (`scratch_files.rs`). A block that was moved knows what its bytes add up to, and is held against that when it is
//! read again.

mod overflow;
mod scratch_files;

use std::sync::Arc;

pub(crate) use self::overflow::Overflow;
pub(crate) use self::scratch_files::{OnDisk, ScratchFiles};
use crate::error::Result;
use crate::received::ReceivedBlock;

/// Blocks are cut into such pieces, each with a checksum of its own, so that tasks share the work.
const PIECE_BYTES: usize = 256 << 10;

/// The same blocks in pieces, with their bytes on disk; whole or not at all.
pub(crate) fn moved(
    blocks: &[Arc<ReceivedBlock>],
    files: &mut ScratchFiles,
) -> Result<Vec<Arc<ReceivedBlock>>> {
    let pieces: Vec<Arc<ReceivedBlock>> = blocks.iter().flat_map(in_pieces).collect();
    let parts: Vec<&[u8]> = pieces.iter().map(|piece| &piece.raw()[..]).collect();
    let mut rest = files.put(&parts)?;
    let moved = pieces.iter().map(|piece| {
        let bytes = rest.split_to(piece.raw_bytes());
        Arc::new(piece.moved_to(bytes, crc32fast::hash(piece.raw())))
    });
    Ok(moved.collect())
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
