//! What memory has no room for, on disk.
//!
//! It is appended to scratch files, which have no names and are gone with the last of what is in them
//! (`scratch_files.rs`). A block that was moved knows what its bytes add up to, and is held against that when it is
//! read again.

mod overflow;
mod scratch_files;

use std::collections::HashMap;
use std::sync::Arc;

pub(crate) use self::overflow::Overflow;
pub(crate) use self::scratch_files::{OnDisk, ScratchFiles};
use crate::error::Result;
use crate::received::ReceivedBlock;

/// Blocks are cut into such pieces, each with a checksum of its own, so that tasks share the work.
const PIECE_BYTES: usize = 256 << 10;

/// Blocks, and the same ones on disk, in pieces.
pub(crate) struct Moved {
    /// By the address of the block that each was; these keep their addresses from others.
    pieces: HashMap<*const ReceivedBlock, Vec<Arc<ReceivedBlock>>>,
    _in_memory: Vec<Arc<ReceivedBlock>>,
}

impl Moved {
    /// Moves blocks that are in memory; all of them, or none.
    pub(crate) fn to(files: &mut ScratchFiles, blocks: Vec<Arc<ReceivedBlock>>) -> Result<Self> {
        let pieces: Vec<Vec<Arc<ReceivedBlock>>> = blocks.iter().map(in_pieces).collect();
        let parts: Vec<&[u8]> = pieces.iter().flatten().map(|piece| &piece.raw()[..]).collect();
        let mut rest = files.put(&parts)?;
        let mut moved = |piece: &Arc<ReceivedBlock>| {
            let bytes = rest.split_to(piece.raw_bytes());
            Arc::new(piece.moved_to(bytes, crc32fast::hash(piece.raw())))
        };
        let pieces = blocks.iter().zip(&pieces);
        let pieces = pieces
            .map(|(block, of_it)| (Arc::as_ptr(block), of_it.iter().map(&mut moved).collect()));
        Ok(Moved { pieces: pieces.collect(), _in_memory: blocks })
    }

    /// A list of blocks, with those that were moved in the place of what they were.
    pub(crate) fn put_into(&self, blocks: &[Arc<ReceivedBlock>]) -> Vec<Arc<ReceivedBlock>> {
        let of_each = |block: &Arc<ReceivedBlock>| match self.pieces.get(&Arc::as_ptr(block)) {
            Some(pieces) => pieces.clone(),
            None => vec![block.clone()],
        };
        blocks.iter().flat_map(of_each).collect()
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
