//! A part of the budget that is left to somebody else: the pool hands out as much less.

use super::memory::Memory;
use super::taker::Waiting;
use super::{LEAST_SLABS, Shared, SlabPool, State};

/// A part of the budget that somebody else has, until this is dropped.
pub(crate) struct Reservation {
    pool: SlabPool,
    bytes: u64,
}

impl Reservation {
    /// What is reserved already.
    pub(super) fn of(pool: SlabPool, bytes: u64) -> Self {
        Reservation { pool, bytes }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

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

impl State {
    /// Notes that `bytes` of the budget are left to others in place of `before`. Gives the memory that nobody may
    /// have any more.
    pub(super) fn reserve(&mut self, before: u64, bytes: u64, pool: &Shared) -> Vec<Memory> {
        self.reserved_bytes = self.reserved_bytes - before + bytes;
        let left = pool.left_by(self.reserved_bytes);
        let too_many = self.made.saturating_sub(left).min(self.free.len());
        let freed = self.free.split_off(self.free.len() - too_many);
        self.made -= freed.len();
        freed
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
        let reserved_before = state.reserved_bytes;
        let freed = state.reserve(before, bytes, &self.0);
        let reserved = state.reserved_bytes;
        let is_more_left = |waiting: &mut Waiting| {
            self.0.left_by(reserved + waiting.ahead)
                > self.0.left_by(reserved_before + waiting.ahead)
        };
        let helped: Vec<Waiting> = state.waiting.extract_if(.., is_more_left).collect();
        drop(state);
        drop(freed);
        for taker in helped {
            (taker.wake)();
        }
    }
}
