//! One who takes slabs again and again, and is woken where it has found none and there may be one.

use std::sync::Arc;

use super::SlabPool;

/// Who has found no slab.
pub(super) struct Waiting {
    taker: u64,
    /// What is to be reserved with the slab.
    pub(super) ahead: u64,
    pub(super) wake: Arc<dyn Fn() + Send + Sync>,
}

/// One who takes slabs. While it waits for one, others know how much it needs.
pub(crate) struct Taker {
    pool: SlabPool,
    number: u64,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl SlabPool {
    /// One who has `wake` called, once, when it has found no slab and then there may be one: one has come back, or
    /// less is reserved.
    pub(crate) fn taker(&self, wake: Arc<dyn Fn() + Send + Sync>) -> Taker {
        let mut state = self.0.state.lock();
        state.takers += 1;
        Taker { pool: self.clone(), number: state.takers, wake }
    }
}

impl Taker {
    pub(super) fn pool(&self) -> &SlabPool {
        &self.pool
    }

    /// Waits no more.
    pub(super) fn leave(&self, waiting: &mut Vec<Waiting>) {
        waiting.retain(|other| other.taker != self.number);
    }

    pub(super) fn waiting_for(&self, ahead: u64) -> Waiting {
        Waiting { taker: self.number, ahead, wake: self.wake.clone() }
    }
}

impl Drop for Taker {
    fn drop(&mut self) {
        self.leave(&mut self.pool.0.state.lock().waiting);
    }
}
