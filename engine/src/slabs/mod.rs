//! The bounded pool of buffers that receivers read into: the engine's one byte budget.
//!
//! A [`Slab`] is filled from its front. What is filled is cut off as [`Bytes`](bytes::Bytes), without
//! a copy, while the rest goes on being filled. When the last of those bytes is gone the memory is
//! back in the pool, at the top, for the slab that was given back last is the one that is still in
//! the cache.
//!
//! The budget is for more than slabs: what else is held of received data, in states, windows and shuffles, is
//! [reserved](Reservation), and the pool hands out as much less. Two slabs it always has, for without
//! them nothing would go on.
//!
//! Invariants:
//! - `made * slab_bytes` never passes the budget, and no slab is made beyond what is left of it; a slab is made,
//!   handed out, or free.
//! - every byte of a slab was initialised when it was made, so a reused slab needs no clearing;
//! - a [`Lease`] is dropped after every `Bytes` that it accompanies.

mod memory;
mod reservation;
mod slab;
mod taker;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use self::memory::Memory;
use self::taker::Waiting;

pub(crate) use reservation::Reservation;
pub(crate) use slab::{Lease, Slab};
pub(crate) use taker::Taker;

/// What a slab holds at least, where lines are short.
const USUAL_SLAB_BYTES: usize = 1 << 20;

/// What an allocator writes in front of a slab: with it a slab is a whole number of its units, which have 64 KiB in some.
const HEADER_BYTES: usize = 4 << 10;

/// The room that a slab leaves for a read behind the longest unfinished line.
pub(crate) const READ_ROOM_BYTES: usize = (64 << 10) - HEADER_BYTES;

/// One to fill while the other is worked on.
const LEAST_SLABS: usize = 2;

/// Called whenever slabs are scarce.
pub(crate) type OnScarcity = dyn Fn() + Send + Sync;

/// A bounded pool of slabs. Cheap to clone; clones are the same pool.
#[derive(Clone)]
pub(crate) struct SlabPool(Arc<Shared>);

struct Shared {
    slab_bytes: usize,
    most_slabs: usize,
    state: Mutex<State>,
}

struct State {
    free: Vec<Memory>,
    made: usize,
    /// What others have of the budget.
    reserved_bytes: u64,
    waiting: Vec<Waiting>,
    /// How many there were who take slabs.
    takers: u64,
    /// How many slabs have come back.
    returned: u64,
    /// Who makes room when it gets scarce. An engine outlives its streams, so it does not keep them.
    on_scarcity: Vec<Weak<OnScarcity>>,
}

impl State {
    fn hooks(&self) -> Vec<Arc<OnScarcity>> {
        self.on_scarcity.iter().filter_map(Weak::upgrade).collect()
    }

    fn in_use(&self) -> usize {
        self.made - self.free.len()
    }

    /// How many slabs there may be where whoever waits for the most has what it needs beside one.
    fn allowed_to_who_waits(&self, pool: &Shared) -> usize {
        let ahead = self.waiting.iter().map(|waiting| waiting.ahead).max();
        pool.left_by(self.reserved_bytes + ahead.unwrap_or(0))
    }

    /// Whether three quarters of what may be handed out are.
    fn is_scarce(&self, pool: &Shared) -> bool {
        self.in_use() * 4 >= self.allowed_to_who_waits(pool) * 3
    }
}

impl SlabPool {
    /// A pool of slabs that take a line of `max_line_bytes`, as many as fit into `budget_bytes`.
    ///
    /// # Panics
    /// If fewer than two fit: one to fill while the other is worked on.
    pub(crate) fn new(budget_bytes: u64, max_line_bytes: usize) -> Self {
        let least = Self::least_bytes(max_line_bytes);
        assert!(budget_bytes >= least, "a pool needs {least} bytes, it has {budget_bytes}");
        let slab_bytes = slab_bytes(max_line_bytes);
        let most_slabs = usize::try_from(budget_bytes).unwrap_or(usize::MAX) / slab_bytes;
        let state = State {
            free: Vec::new(),
            made: 0,
            reserved_bytes: 0,
            waiting: Vec::new(),
            takers: 0,
            returned: 0,
            on_scarcity: Vec::new(),
        };
        SlabPool(Arc::new(Shared { slab_bytes, most_slabs, state: Mutex::new(state) }))
    }

    /// The least budget of a pool for such lines: two slabs.
    pub(crate) fn least_bytes(max_line_bytes: usize) -> u64 {
        (LEAST_SLABS * slab_bytes(max_line_bytes)) as u64
    }

    /// An empty slab, and `ahead` bytes reserved for what will be made of it; or `None` at the limit, where `taker`
    /// waits.
    fn take_for(&self, taker: Option<&Taker>, ahead: u64) -> Option<(Slab, Reservation)> {
        let mut state = self.0.state.lock();
        if let Some(taker) = taker {
            taker.leave(&mut state.waiting);
        }
        if state.in_use() >= self.0.left_by(state.reserved_bytes + ahead) {
            state.waiting.extend(taker.map(|taker| taker.waiting_for(ahead)));
            let hooks = state.hooks();
            drop(state);
            hooks.iter().for_each(|hook| hook());
            return None;
        }
        let reused = state.free.pop();
        state.made += usize::from(reused.is_none());
        let freed = state.reserve(0, ahead, &self.0);
        let hooks = if state.is_scarce(&self.0) { state.hooks() } else { Vec::new() };
        drop(state);
        drop(freed);
        hooks.iter().for_each(|hook| hook());
        let memory = reused.unwrap_or_else(|| Memory::zeroed(self.0.slab_bytes));
        Some((Slab::over(memory, &self.0), Reservation::of(self.clone(), ahead)))
    }

    /// Has `hook` called, with nothing locked, whenever a slab is taken, or asked for in vain, while few are left; for
    /// as long as whoever asks for this keeps it.
    pub(crate) fn on_scarcity(&self, hook: &Arc<OnScarcity>) {
        let mut state = self.0.state.lock();
        state.on_scarcity.retain(|hook| hook.strong_count() > 0);
        state.on_scarcity.push(Arc::downgrade(hook));
    }

    /// Whether three quarters of what may be handed out are.
    pub(crate) fn is_scarce(&self) -> bool {
        self.0.state.lock().is_scarce(&self.0)
    }

    /// By how much more than half of what may be handed out is.
    pub(crate) fn bytes_beyond_half(&self) -> u64 {
        let state = self.0.state.lock();
        let half = state.allowed_to_who_waits(&self.0) / 2;
        (state.in_use().saturating_sub(half) * self.0.slab_bytes) as u64
    }

    /// How many slabs have come back since the pool was made.
    pub(crate) fn returned(&self) -> u64 {
        self.0.state.lock().returned
    }

    /// Whether somebody waits for a slab to come back.
    pub(crate) fn is_waited_for(&self) -> bool {
        !self.0.state.lock().waiting.is_empty()
    }

    /// The bytes of a slab.
    pub(crate) fn slab_bytes(&self) -> usize {
        self.0.slab_bytes
    }

    /// The bytes of all the slabs that are not free.
    pub(crate) fn bytes_in_use(&self) -> u64 {
        (self.0.state.lock().in_use() * self.0.slab_bytes) as u64
    }

    /// Whether every slab is handed out, or those that are left are not enough for who waits.
    pub(crate) fn is_full(&self) -> bool {
        let state = self.0.state.lock();
        state.in_use() >= state.allowed_to_who_waits(&self.0)
    }

    /// The most bytes that the pool may hand out, beside what is reserved.
    pub(crate) fn limit_bytes(&self) -> u64 {
        let allowed = self.0.left_by(self.0.state.lock().reserved_bytes);
        (allowed * self.0.slab_bytes) as u64
    }

    /// The same where nothing is reserved.
    pub(crate) fn most_bytes(&self) -> u64 {
        (self.0.most_slabs * self.0.slab_bytes) as u64
    }

    /// Whether `reserved_bytes`, of all that is reserved, leave but the slabs that there are always.
    pub(crate) fn is_left_its_least_by(&self, reserved_bytes: u64) -> bool {
        self.0.most_slabs > LEAST_SLABS && self.0.left_by(reserved_bytes) == LEAST_SLABS
    }
}

impl Taker {
    /// An empty slab, and `ahead` bytes reserved for what will be made of it; or `None` at the limit, and then it
    /// waits, until it is woken or asks again.
    pub(crate) fn take(&self, ahead: u64) -> Option<(Slab, Reservation)> {
        self.pool().take_for(Some(self), ahead)
    }
}

fn slab_bytes(max_line_bytes: usize) -> usize {
    USUAL_SLAB_BYTES.max(max_line_bytes) + READ_ROOM_BYTES
}

#[cfg(test)]
impl SlabPool {
    /// For who does not wait: an empty slab, and `ahead` bytes reserved for what will be made of it.
    pub(crate) fn take(&self, ahead: u64) -> Option<(Slab, Reservation)> {
        self.take_for(None, ahead)
    }

    /// How many hooks it knows.
    pub(crate) fn hooks(&self) -> usize {
        self.0.state.lock().on_scarcity.len()
    }

    /// What others have of the budget.
    pub(crate) fn reserved_bytes(&self) -> u64 {
        self.0.state.lock().reserved_bytes
    }
}
