//! The bounded pool of buffers that receivers read into: the engine's one byte budget.
//!
//! A [`Slab`] is filled from its front. What is filled is cut off as [`Bytes`], without a copy,
//! while the rest goes on being filled. When the last of those bytes is gone the memory is back in
//! the pool, at the top, for the slab that was given back last is the one that is still in the
//! cache.
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

use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;

/// What a slab holds at least, where lines are short.
const USUAL_SLAB_BYTES: usize = 1 << 20;

/// The room that a slab leaves for a read behind the longest unfinished line.
pub(crate) const READ_ROOM_BYTES: usize = 64 << 10;

/// One to fill while the other is worked on.
const LEAST_SLABS: usize = 2;

/// Called once, when a slab has come back.
pub(crate) type OnReturn = Box<dyn FnOnce() + Send>;

/// A bounded pool of slabs. Cheap to clone; clones are the same pool.
#[derive(Clone)]
pub(crate) struct SlabPool(Arc<Shared>);

struct Shared {
    slab_bytes: usize,
    most_slabs: usize,
    state: Mutex<State>,
}

struct State {
    free: Vec<BytesMut>,
    made: usize,
    /// What others have of the budget.
    reserved_bytes: u64,
    /// How many there may be beside that.
    allowed: usize,
    waiting: Vec<OnReturn>,
    /// Who makes room when it gets scarce.
    on_scarcity: Vec<Arc<dyn Fn() + Send + Sync>>,
}

impl State {
    fn in_use(&self) -> usize {
        self.made - self.free.len()
    }

    /// Whether three quarters of what may be handed out are.
    fn is_scarce(&self) -> bool {
        self.in_use() * 4 >= self.allowed * 3
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
            allowed: most_slabs,
            waiting: Vec::new(),
            on_scarcity: Vec::new(),
        };
        SlabPool(Arc::new(Shared { slab_bytes, most_slabs, state: Mutex::new(state) }))
    }

    /// The least budget of a pool for such lines: two slabs.
    pub(crate) fn least_bytes(max_line_bytes: usize) -> u64 {
        (LEAST_SLABS * slab_bytes(max_line_bytes)) as u64
    }

    /// An empty slab, or `None` at the limit.
    pub(crate) fn take(&self) -> Option<Slab> {
        let mut state = self.0.state.lock();
        let reused = match state.free.pop() {
            Some(memory) => Some(memory),
            None if state.made < state.allowed => {
                state.made += 1;
                None
            }
            None => {
                let hooks = state.on_scarcity.clone();
                drop(state);
                hooks.iter().for_each(|hook| hook());
                return None;
            }
        };
        let hooks = if state.is_scarce() { state.on_scarcity.clone() } else { Vec::new() };
        drop(state);
        hooks.iter().for_each(|hook| hook());
        let memory = reused.unwrap_or_else(|| BytesMut::zeroed(self.0.slab_bytes));
        Some(Slab::over(memory, &self.0))
    }

    /// Has `hook` called, with nothing locked, whenever a slab is taken, or asked for in vain, while few are left.
    pub(crate) fn on_scarcity(&self, hook: Arc<dyn Fn() + Send + Sync>) {
        self.0.state.lock().on_scarcity.push(hook);
    }

    /// Whether three quarters of what may be handed out are.
    pub(crate) fn is_scarce(&self) -> bool {
        self.0.state.lock().is_scarce()
    }

    /// By how much more than half of what may be handed out is.
    pub(crate) fn bytes_beyond_half(&self) -> u64 {
        let state = self.0.state.lock();
        (state.in_use().saturating_sub(state.allowed / 2) * self.0.slab_bytes) as u64
    }

    /// A part of the budget that is left to somebody else; nothing as yet.
    pub(crate) fn reservation(&self) -> Reservation {
        Reservation { pool: self.clone(), bytes: 0 }
    }

    /// Leaves `bytes` of the budget to others in place of `before`. Slabs that are in use stay so until they come
    /// back; two there are always.
    fn reserve(&self, before: u64, bytes: u64) {
        let mut state = self.0.state.lock();
        state.reserved_bytes = state.reserved_bytes - before + bytes;
        let reserved = state.reserved_bytes / self.0.slab_bytes as u64;
        let reserved = usize::try_from(reserved).unwrap_or(usize::MAX);
        let left = self.0.most_slabs.saturating_sub(reserved).max(LEAST_SLABS);
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

    /// Has `on_return` called once, when a slab has come back next. Whoever finds none asks for this first, and
    /// then looks again: one may have come back between.
    pub(crate) fn on_next_return(&self, on_return: OnReturn) {
        self.0.state.lock().waiting.push(on_return);
    }

    /// The bytes of a slab.
    pub(crate) fn slab_bytes(&self) -> usize {
        self.0.slab_bytes
    }

    /// The bytes of all the slabs that are not free.
    pub(crate) fn bytes_in_use(&self) -> u64 {
        (self.0.state.lock().in_use() * self.0.slab_bytes) as u64
    }

    /// Whether every slab is handed out.
    pub(crate) fn is_full(&self) -> bool {
        let state = self.0.state.lock();
        state.made >= state.allowed && state.free.is_empty()
    }

    /// The most bytes that the pool may hand out, beside what is reserved.
    pub(crate) fn limit_bytes(&self) -> u64 {
        (self.0.state.lock().allowed * self.0.slab_bytes) as u64
    }

    /// Whether the budget is so far reserved that only the slabs are left that there are always.
    pub(crate) fn is_at_its_least(&self) -> bool {
        self.0.most_slabs > LEAST_SLABS && self.0.state.lock().allowed == LEAST_SLABS
    }
}

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

fn slab_bytes(max_line_bytes: usize) -> usize {
    USUAL_SLAB_BYTES.max(max_line_bytes) + READ_ROOM_BYTES
}

/// A buffer being filled: `..filled` holds data, the rest is room.
pub(crate) struct Slab {
    rest: BytesMut,
    filled: usize,
    lease: Lease,
}

impl Slab {
    fn over(mut memory: BytesMut, pool: &Arc<Shared>) -> Self {
        // A handle of no bytes that keeps the allocation, and gets it back when it is the only one
        // left.
        let root = memory.split_to(0);
        let lease = Lease(Arc::new(Claim { root: Mutex::new(root), pool: pool.clone() }));
        Slab { rest: memory, filled: 0, lease }
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
    root: Mutex<BytesMut>,
    pool: Arc<Shared>,
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut memory = std::mem::take(self.root.get_mut());
        let mut state = self.pool.state.lock();
        let is_wanted = state.made <= state.allowed;
        if is_wanted && memory.try_reclaim(self.pool.slab_bytes) {
            initialised::restore(&mut memory, self.pool.slab_bytes);
            state.free.push(memory);
        } else {
            // The budget has no room for it any more; or somebody kept bytes beyond their lease, whose memory
            // is theirs, and the budget gets a new slab.
            state.made -= 1;
        }
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        for wake in waiting {
            wake();
        }
    }
}

/// The door to the one line that needs `unsafe`.
mod initialised {
    #![allow(unsafe_code)]

    use bytes::BytesMut;

    /// Makes all `slab_bytes` bytes of a reclaimed slab readable again, without writing them. The
    /// safe twin is `memory.resize(slab_bytes, 0)`, which clears a mebibyte that the next read
    /// overwrites: 20 to 40 microseconds for every 200 of reading.
    pub(super) fn restore(memory: &mut BytesMut, slab_bytes: usize) {
        assert!(
            memory.capacity() >= slab_bytes,
            "only a slab that was reclaimed whole is restored"
        );
        // SAFETY: the capacity suffices, as just asserted. `memory` is a handle to an allocation
        // that `BytesMut::zeroed(slab_bytes)` made, and `try_reclaim` put it back to its start
        // without reallocating; bytes once initialised stay so, for nothing ever writes an
        // uninitialised byte.
        unsafe { memory.set_len(slab_bytes) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(slabs: u64) -> SlabPool {
        SlabPool::new(slabs * slab_bytes(100) as u64, 100)
    }

    fn fill(slab: &mut Slab, byte: u8, n: usize) -> (Bytes, Lease) {
        slab.room()[..n].fill(byte);
        slab.advance(n);
        slab.cut()
    }

    #[test]
    fn what_is_cut_off_stays_while_the_rest_is_filled() {
        let mut slab = pool(2).take().unwrap();
        let (a, _lease_a) = fill(&mut slab, b'a', 1000);
        let (b, _lease_b) = fill(&mut slab, b'b', 1000);
        assert!(a.iter().all(|&x| x == b'a') && b.iter().all(|&x| x == b'b'));
        assert_eq!((a.len(), b.len()), (1000, 1000));
    }

    #[test]
    fn a_slab_comes_back_with_its_last_bytes_and_is_the_same_memory() {
        let pool = pool(2);
        let mut slab = pool.take().unwrap();
        let (bytes, lease) = fill(&mut slab, b'x', 10);
        let address = bytes.as_ptr();
        drop(slab);
        assert_eq!(pool.bytes_in_use(), pool.slab_bytes() as u64);
        drop(bytes);
        drop(lease);
        assert_eq!(pool.bytes_in_use(), 0);
        let mut again = pool.take().unwrap();
        assert_eq!(again.room().as_ptr(), address);
        assert_eq!(again.room().len(), pool.slab_bytes());
    }

    #[test]
    fn a_reused_slab_is_whole_and_holds_only_what_was_written_to_it() {
        // Held against the safe twin: a fresh, zeroed slab written in the same way.
        let pool = pool(2);
        for round in 0..5u8 {
            let mut slab = pool.take().unwrap();
            let mut twin = vec![0u8; pool.slab_bytes()];
            slab.room().fill(round);
            twin.fill(round);
            slab.advance(pool.slab_bytes());
            let (bytes, lease) = slab.cut();
            assert_eq!(bytes, twin);
            drop((slab, bytes, lease));
        }
    }

    #[test]
    fn at_the_limit_there_is_none_until_one_returns() {
        let pool = pool(2);
        let (a, b) = (pool.take().unwrap(), pool.take().unwrap());
        let told = Arc::new(Mutex::new(0));
        let tell = told.clone();
        assert!(pool.take().is_none());
        pool.on_next_return(Box::new(move || *tell.lock() += 1));
        drop(a);
        assert_eq!(*told.lock(), 1);
        assert!(pool.take().is_some());
        drop(b);
        assert_eq!(*told.lock(), 1);
    }

    #[test]
    fn what_is_reserved_is_not_handed_out_and_comes_back() {
        let pool = pool(6);
        let slab = pool.slab_bytes() as u64;
        let mut slabs: Vec<Slab> = (0..5).map(|_| pool.take().unwrap()).collect();
        slabs.truncate(3);
        let (mut ours, mut theirs) = (pool.reservation(), pool.reservation());
        ours.set(slab);
        theirs.set(2 * slab);
        assert_eq!((pool.bytes_in_use(), pool.is_full()), (3 * slab, true));
        let told = Arc::new(Mutex::new(0));
        let tell = told.clone();
        assert!(pool.take().is_none());
        pool.on_next_return(Box::new(move || *tell.lock() += 1));
        theirs.set(2 * slab - 1);
        assert_eq!(*told.lock(), 1);
        slabs.push(pool.take().unwrap());
        assert!(pool.is_full());
        ours.set(1 << 60);
        slabs.truncate(2);
        assert!(pool.is_full(), "two there are");
        slabs.truncate(1);
        assert!(pool.take().is_some());
        drop((ours, theirs));
        slabs.extend((0..5).map(|_| pool.take().unwrap()));
        assert!(pool.take().is_none());
    }

    #[test]
    fn whoever_makes_room_hears_when_it_gets_scarce() {
        let pool = pool(4);
        let told = Arc::new(Mutex::new(0));
        let tell = told.clone();
        pool.on_scarcity(Arc::new(move || *tell.lock() += 1));
        let slabs = [pool.take().unwrap(), pool.take().unwrap()];
        assert_eq!((*told.lock(), pool.is_scarce(), pool.bytes_beyond_half()), (0, false, 0));
        let third = pool.take().unwrap();
        assert_eq!((*told.lock(), pool.is_scarce()), (1, true));
        assert_eq!(pool.bytes_beyond_half(), pool.slab_bytes() as u64);
        drop((slabs, third));
    }

    #[test]
    fn bytes_kept_beyond_their_lease_stay_right_and_cost_the_pool_nothing() {
        let pool = pool(2);
        let mut slab = pool.take().unwrap();
        let (bytes, lease) = fill(&mut slab, b'k', 10);
        drop((slab, lease));
        assert_eq!(pool.bytes_in_use(), 0);
        let mut other = pool.take().unwrap();
        other.room().fill(b'!');
        assert_eq!(&bytes[..], b"kkkkkkkkkk");
    }
}
