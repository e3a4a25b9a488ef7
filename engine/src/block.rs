//! A block: an immutable run of whole records from one connection, and where it came from.

use std::sync::Arc;

use bytes::Bytes;

use crate::framing::Framing;
use crate::slabs::{Lease, Reservation};

/// The number of a source within its context, in order of creation.
pub(crate) type SourceId = usize;

/// Where a block's first record lies in its input: input is addressed, so that it can be found
/// again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) source: SourceId,
    /// The connection's number within the source; it is never used again.
    pub(crate) connection: u64,
    /// The offset of the block's first record in the connection's bytes.
    pub(crate) offset: u64,
}

/// Whole records of one connection, in their order. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Block {
    // Declared in this order because fields are dropped in it: bytes first, then what keeps their
    // slab from its pool.
    bytes: Bytes,
    /// The part of the budget that bytes have which are not the slab's.
    reserved: Option<Arc<Reservation>>,
    _lease: Option<Lease>,
    origin: Origin,
}

impl Block {
    /// A block over a slab.
    pub(crate) fn new(bytes: Bytes, lease: Lease, origin: Origin) -> Self {
        Block { bytes, reserved: None, _lease: Some(lease), origin }
    }

    /// The same with other bytes, which `reserved` is for. It keeps its slab: what is received waits for memory to
    /// come back from what was received before, and not for what is left of the budget alone.
    pub(crate) fn rewritten(self, bytes: Bytes, reserved: Reservation) -> Self {
        Block { bytes, reserved: Some(Arc::new(reserved)), ..self }
    }

    /// What is reserved of the budget for its bytes, beside its slab.
    pub(crate) fn reserved_bytes(&self) -> u64 {
        self.reserved.as_ref().map_or(0, |reserved| reserved.bytes())
    }

    /// A block over memory of its own, outside the pool.
    pub(crate) fn of_bytes(bytes: Bytes) -> Self {
        Block::read_again(bytes, Origin { source: 0, connection: 0, offset: 0 })
    }

    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// A block that was written down, over memory of its own.
    pub(crate) fn read_again(bytes: Bytes, origin: Origin) -> Self {
        Block { bytes, reserved: None, _lease: None, origin }
    }

    /// Where its first record lies in its input.
    pub(crate) fn origin(&self) -> Origin {
        self.origin
    }

    /// The block in two where it is longer than `most_bytes`: its first records of about that many
    /// bytes, and the rest. `None` where it is short enough, or one record.
    pub(crate) fn split(&self, most_bytes: usize, framing: Framing) -> Option<(Block, Block)> {
        let end = framing.part(&self.bytes, most_bytes)?;
        let part = |range: std::ops::Range<usize>| Block {
            origin: Origin { offset: self.origin.offset + range.start as u64, ..self.origin },
            bytes: self.bytes.slice(range),
            reserved: self.reserved.clone(),
            _lease: self._lease.clone(),
        };
        Some((part(0..end), part(end..self.bytes.len())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_splits_between_records_and_its_parts_know_where_they_began() {
        let block = Block::of_bytes(Bytes::from_static(b"one\ntwo\nthree\n"));
        let (a, b) = block.split(9, Framing::Lines).unwrap();
        assert_eq!((&a.bytes()[..], &b.bytes()[..]), (&b"one\ntwo\n"[..], &b"three\n"[..]));
        assert_eq!((a.origin().offset, b.origin().offset), (0, 8));
        assert!(b.split(1, Framing::Lines).is_none());
        let (c, d) = b.split(3, Framing::Fixed(2)).unwrap();
        assert_eq!((c.origin().offset, d.origin().offset), (8, 10));
    }
}
