//! A part of the budget that is left to somebody else: the pool hands out as much less.

use super::{LEAST_SLABS, Shared, SlabPool};

/// A part of the budget that somebody else has, until this is dropped.
pub(crate) struct Reservation {
    pool: SlabPool,
    bytes: u64,
}

impl Reservation {
    /// So many bytes it is from now on.
    pub(crate) fn set(&mut self, bytes: u64) {
        if bytes != self.bytes {
            self.pool.reserve(self.bytes, bytes);
            self.bytes = bytes;
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.set(0);
    }
}

impl Shared {
    /// How many slabs there may be where so much is reserved.
    pub(super) fn left_by(&self, reserved_bytes: u64) -> usize {
        let reserved = reserved_bytes / self.slab_bytes as u64;
        let reserved = usize::try_from(reserved).unwrap_or(usize::MAX);
        self.most_slabs.saturating_sub(reserved).max(LEAST_SLABS)
    }
}

impl SlabPool {
    /// A part of the budget that is left to somebody else; nothing as yet.
    pub(crate) fn reservation(&self) -> Reservation {
        Reservation { pool: self.clone(), bytes: 0 }
    }

    /// Leaves `bytes` of the budget to others in place of `before`. Slabs that are in use stay so until they come
    /// back; two there are always.
    fn reserve(&self, before: u64, bytes: u64) {
        let mut state = self.0.state.lock();
        state.reserved_bytes = state.reserved_bytes - before + bytes;
        let left = self.0.left_by(state.reserved_bytes);
        let grows = left > state.allowed;
        state.allowed = left;
        let too_many = state.made.saturating_sub(left).min(state.free.len());
        let kept = state.free.len() - too_many;
        let freed = state.free.split_off(kept);
        state.made -= freed.len();
        let waiting = if grows { std::mem::take(&mut state.waiting) } else { Vec::new() };
        drop(state);
        drop(freed);
        for wake in waiting {
            wake();
        }
    }
}
