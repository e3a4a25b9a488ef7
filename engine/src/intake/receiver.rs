//! What a receiver is given to work with, and the handle by which it is closed and stopped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::block::SourceId;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::received::RecordPolicy;
use crate::slabs::SlabPool;
use crate::threads::EngineThread;
use crate::time::{Duration, Time};

use super::admission::Reads;
use super::assignment::Intake;
use super::rate::SourceRate;
use super::store::StoreRoom;
use super::unfinished::Unfinished;

/// What every receiver works with.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) intake: Arc<Intake>,
    pub(crate) pool: SlabPool,
    pub(crate) clock: Clock,
    pub(crate) progress: Arc<Progress>,
    pub(crate) block_interval: Duration,
    pub(crate) policy: RecordPolicy,
    /// How this receiver's blocks are read.
    pub(crate) reads: Reads,
    /// How many records a second it may take in, where that is limited.
    pub(crate) rate: Option<Arc<SourceRate>>,
    /// What the unfinished records of all receivers hold.
    pub(crate) unfinished: Arc<Unfinished>,
    /// The memory for what receivers of a user's own have stored.
    pub(crate) store_room: Arc<StoreRoom>,
}

/// A running receiver. Dropping it leaves the thread alone; stop it and join it.
pub(crate) struct ReceiverThread {
    source: SourceId,
    order: Arc<Order>,
    /// Kept so that a manual clock goes on waking the receiver.
    wake: Arc<dyn Fn() + Send + Sync>,
    /// What it has open, where that can be closed from outside.
    closing: Option<Arc<dyn Closing>>,
    thread: EngineThread,
}

/// Something that a receiver fills and that the driver closes.
pub(super) trait Closing: Send + Sync {
    /// Closes, at `now`, the blocks whose time is over, for the turn of `batch`.
    fn close(&self, now: Time, batch: Time);
}

/// What the driver wants of a receiver.
#[derive(Default)]
pub(crate) struct Order(AtomicU8);

const GO_ON: u8 = 0;
const DRAIN: u8 = 1;
const LEAVE: u8 = 2;

impl Order {
    /// `None` to go on; otherwise stop, after reading what has arrived if `true`.
    pub(super) fn stop_wanted(&self) -> Option<bool> {
        match self.0.load(Ordering::Acquire) {
            GO_ON => None,
            order => Some(order == DRAIN),
        }
    }
}

impl ReceiverThread {
    /// Starts `work` on a thread of its own. `wake` must make it look at its orders and at the
    /// clock.
    pub(super) fn spawn(
        source: SourceId,
        clock: &Clock,
        order: Arc<Order>,
        wake: Arc<dyn Fn() + Send + Sync>,
        work: impl FnOnce() + Send + 'static,
    ) -> Result<Self> {
        clock.on_move(&wake);
        let thread = EngineThread::spawn(format!("receiver-{source}"), work)
            .map_err(|e| Error::io("no thread could be started for a receiver", &e))?;
        Ok(ReceiverThread { source, order, wake, closing: None, thread })
    }

    /// With something that the driver closes.
    pub(super) fn closed_by_the_driver(self, closing: Arc<dyn Closing>) -> Self {
        ReceiverThread { closing: Some(closing), ..self }
    }

    /// Closes, at `now`, the blocks whose time is over, for the turn of `batch`. Where a receiver
    /// stores no blocks this does nothing.
    pub(crate) fn close(&self, now: Time, batch: Time) {
        if let Some(closing) = &self.closing {
            closing.close(now, batch);
        }
    }

    /// Tells the receiver to stop, after it has read what has arrived if `drain`.
    pub(crate) fn stop(&self, drain: bool) {
        self.order.0.store(if drain { DRAIN } else { LEAVE }, Ordering::Release);
        (self.wake)();
    }

    /// Waits for its end, for at most `limit`; says whether it has ended.
    pub(crate) fn wait(&self, limit: std::time::Duration) -> bool {
        self.thread.wait(limit)
    }

    /// Its source.
    pub(crate) fn source(&self) -> SourceId {
        self.source
    }
}
