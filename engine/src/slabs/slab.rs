//! A slab from the moment that it is taken until its last bytes are gone and it is back in the pool.

use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;

use super::Shared;
use super::memory::{Memory, Root};

/// A buffer being filled: `..filled` holds data, the rest is room.
pub(crate) struct Slab {
    rest: BytesMut,
    filled: usize,
    lease: Lease,
}

impl Slab {
    pub(super) fn over(memory: Memory, pool: &Arc<Shared>) -> Self {
        let (rest, root) = memory.lend();
        let lease = Lease(Arc::new(Claim { root: Mutex::new(root), pool: pool.clone() }));
        Slab { rest, filled: 0, lease }
    }

    /// The bytes that are filled and not cut off.
    pub(crate) fn filled(&self) -> usize {
        self.filled
    }

    /// Of what is filled and not cut off, these bytes.
    pub(crate) fn bytes(&self, range: Range<usize>) -> &[u8] {
        &self.rest[..self.filled][range]
    }

    /// The room behind what is filled.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        &mut self.rest[self.filled..]
    }

    /// Counts the first `n` bytes of the room as filled.
    pub(crate) fn advance(&mut self, n: usize) {
        assert!(self.filled + n <= self.rest.len(), "a slab cannot be filled past its end");
        self.filled += n;
    }

    /// Cuts off what is filled. The lease must be kept for as long as the bytes, and be dropped
    /// after them.
    pub(crate) fn cut(&mut self) -> (Bytes, Lease) {
        let filled = std::mem::take(&mut self.filled);
        (self.rest.split_to(filled).freeze(), self.lease.clone())
    }
}

/// Keeps a slab from going back to its pool.
#[derive(Clone)]
pub(crate) struct Lease(#[expect(dead_code, reason = "held for its drop")] Arc<Claim>);

struct Claim {
    root: Mutex<Root>,
    pool: Arc<Shared>,
}

impl Drop for Claim {
    fn drop(&mut self) {
        let root = std::mem::take(self.root.get_mut());
        let mut state = self.pool.state.lock();
        let is_wanted = state.made <= self.pool.left_by(state.reserved_bytes);
        match root.reclaim().filter(|_| is_wanted) {
            Some(memory) => state.free.push(memory),
            // The budget has no room for it any more; or somebody kept bytes beyond their lease, whose memory
            // is theirs, and the budget gets a new slab.
            None => state.made -= 1,
        }
        state.returned += 1;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        for taker in waiting {
            (taker.wake)();
        }
    }
}
