//! Parcels on their way through a log: what is received counts once it is written down.

use std::sync::Arc;
use std::time::Duration as StdDuration;

use parking_lot::{Condvar, Mutex};

use super::parcel::Parcel;
use crate::received::ReceivedBlock;

/// How often who waits for the log looks whether it still should.
const LOOK: StdDuration = StdDuration::from_millis(10);

/// The way to a log; it must not block.
pub(crate) type ToLog = Box<dyn Fn(Unlogged) + Send + Sync>;

/// What is to be done when a parcel is on its way no longer; told whether it is logged.
type End = Box<dyn FnOnce(&Parcel, bool) + Send>;

/// A parcel that counts as received once it is logged. Where it is dropped before, it never does.
pub(crate) struct Unlogged {
    parcel: Arc<Parcel>,
    /// Its blocks, which early work on it may be done with before.
    blocks: Vec<Arc<ReceivedBlock>>,
    end: Option<End>,
}

impl Unlogged {
    pub(super) fn new(parcel: Arc<Parcel>, end: End) -> Self {
        Unlogged { blocks: parcel.blocks(), parcel, end: Some(end) }
    }

    pub(crate) fn parcel(&self) -> &Parcel {
        &self.parcel
    }

    pub(crate) fn blocks(&self) -> &[Arc<ReceivedBlock>] {
        &self.blocks
    }

    /// It is the log's frame of this number, and durable as far as was asked for.
    pub(crate) fn logged_as(mut self, frame: u64) {
        self.parcel.is_frame(frame);
        self.end(true);
        self.parcel.tell_senders();
    }

    fn end(&mut self, is_logged: bool) {
        // The slab is free for what is read next before anybody hears of it.
        self.blocks.clear();
        if let Some(end) = self.end.take() {
            end(&self.parcel, is_logged);
        }
    }
}

impl Drop for Unlogged {
    fn drop(&mut self) {
        self.end(false);
    }
}

/// Whether parcels are logged before they count, and how many are on their way.
#[derive(Default)]
pub(super) struct Ahead {
    to_log: Mutex<Option<Arc<ToLog>>>,
    on_their_way: Mutex<u64>,
    fewer: Condvar,
}

impl Ahead {
    pub(super) fn set(&self, to_log: Option<ToLog>) {
        *self.to_log.lock() = to_log.map(Arc::new);
    }

    pub(super) fn to_log(&self) -> Option<Arc<ToLog>> {
        self.to_log.lock().clone()
    }

    pub(super) fn is_empty(&self) -> bool {
        *self.on_their_way.lock() == 0
    }

    pub(super) fn one_more(&self) {
        *self.on_their_way.lock() += 1;
    }

    pub(super) fn one_less(&self) {
        *self.on_their_way.lock() -= 1;
        self.fewer.notify_all();
    }

    /// Waits until all of `parcels` are logged, unless `is_over`; says whether they are.
    pub(super) fn wait_until_logged(
        &self,
        parcels: &[Arc<Parcel>],
        is_over: impl Fn() -> bool,
    ) -> bool {
        let mut on_their_way = self.on_their_way.lock();
        let mut left = parcels;
        loop {
            while let [first, others @ ..] = left
                && first.frame().is_some()
            {
                left = others;
            }
            if left.is_empty() || is_over() {
                return left.is_empty();
            }
            self.fewer.wait_for(&mut on_their_way, LOOK);
        }
    }
}
