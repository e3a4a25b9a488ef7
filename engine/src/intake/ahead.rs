//! Parcels on their way through a log: where what is received is written down before it counts.

use std::sync::Arc;
use std::time::Duration as StdDuration;

use parking_lot::{Condvar, Mutex};

use super::parcel::Parcel;

/// How often who waits for the log looks whether it still should.
const LOOK: StdDuration = StdDuration::from_millis(10);

/// The way to a log; it must not block.
pub(crate) type ToLog = Box<dyn Fn(Unlogged) + Send + Sync>;

/// What becomes of a parcel that has been logged.
type Store = Box<dyn FnOnce(Arc<Parcel>) + Send>;

/// A parcel that counts as received once it is logged. Where it is dropped before, it never does.
pub(crate) struct Unlogged {
    parcel: Arc<Parcel>,
    store: Option<Store>,
    ahead: Arc<Ahead>,
}

impl Unlogged {
    /// Has it stored by `store` when it is logged.
    pub(super) fn new(ahead: &Arc<Ahead>, parcel: Parcel, store: Store) -> Self {
        ahead.count_in();
        Unlogged { parcel: Arc::new(parcel), store: Some(store), ahead: ahead.clone() }
    }

    pub(crate) fn parcel(&self) -> &Parcel {
        &self.parcel
    }

    /// It is the log's frame of this number, and durable as far as was asked for.
    pub(crate) fn logged_as(mut self, frame: u64) {
        self.parcel.is_frame(frame);
        if let Some(store) = self.store.take() {
            store(self.parcel.clone());
        }
        self.parcel.tell_senders();
    }
}

impl Drop for Unlogged {
    fn drop(&mut self) {
        self.ahead.count_out();
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

    fn count_in(&self) {
        *self.on_their_way.lock() += 1;
    }

    fn count_out(&self) {
        *self.on_their_way.lock() -= 1;
        self.fewer.notify_all();
    }

    /// Waits until none is on its way, unless `is_over`; says whether none is.
    pub(super) fn wait_until_empty(&self, is_over: impl Fn() -> bool) -> bool {
        let mut on_their_way = self.on_their_way.lock();
        while *on_their_way > 0 && !is_over() {
            self.fewer.wait_for(&mut on_their_way, LOOK);
        }
        *on_their_way == 0
    }
}
