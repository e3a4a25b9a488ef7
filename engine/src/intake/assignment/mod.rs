//! Which batch a stored parcel belongs to.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use super::admission::{Admission, Reads};
use super::ahead::{Ahead, ToLog, Unlogged};
use super::parcel::Parcel;
use crate::block::SourceId;
use crate::received::ReceivedBlock;
use crate::time::{Duration, Time};

/// Called with each parcel as it is stored, and with who may work on it early; it must not block.
pub(crate) type OnStored = Box<dyn Fn(Arc<Parcel>, Workers) -> Option<Work> + Send + Sync>;

/// Early work that is left to whoever has stored the parcel, to be done when no lock is held.
pub(crate) type Work = Box<dyn FnOnce() + Send>;

/// Who may work on a parcel before its batch's turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Workers {
    /// Nobody: the turn has come.
    Nobody,
    Tasks,
    /// Tasks, or the receiver itself.
    TasksAndReceiver,
}

/// When a parcel is stored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    /// While its batch waits for its turn, as far as is known.
    EarlyWorkMayBegin,
    /// By the driver, before any batch has its turn.
    Again,
    /// At the turn of this batch: for what belongs to it no work is early any more.
    AtTurnOf(Time),
}

/// The meeting place of receivers and driver.
pub(crate) struct Intake {
    batch_interval: Duration,
    state: Mutex<State>,
    on_stored: OnceLock<OnStored>,
    /// Told of the source of a parcel that may be moved out of memory from now on; it must not block.
    on_movable: OnceLock<Box<dyn Fn(SourceId) + Send + Sync>>,
    pub(crate) admission: Admission,
    /// Parcels on their way through the log, where there is one.
    ahead: Ahead,
    stored_bytes: AtomicU64,
}

struct State {
    /// By batch, in order of arrival.
    received: BTreeMap<Time, Vec<Arc<Parcel>>>,
    /// The last batch that was taken; what comes later than its turn goes to the next one.
    assigned_up_to: Time,
    /// Nothing is worked on early any more.
    only_stored: bool,
}

impl Intake {
    /// For batches every `batch_interval`, none assigned up to `zero`.
    pub(crate) fn new(batch_interval: Duration, zero: Time, admission: Admission) -> Self {
        let state = State { received: BTreeMap::new(), assigned_up_to: zero, only_stored: false };
        Intake {
            batch_interval,
            state: Mutex::new(state),
            on_stored: OnceLock::new(),
            on_movable: OnceLock::new(),
            admission,
            ahead: Ahead::default(),
            stored_bytes: AtomicU64::new(0),
        }
    }

    /// Has `on_stored` called with each parcel from now on. The first call counts.
    pub(crate) fn on_stored(&self, on_stored: OnStored) {
        assert!(
            self.on_stored.set(on_stored).is_ok(),
            "early work is set up once, before the receivers start"
        );
    }

    /// Has `on_movable` told of the source of each parcel that may be moved out of memory from now on. The first
    /// call counts.
    pub(crate) fn on_movable(&self, on_movable: Box<dyn Fn(SourceId) + Send + Sync>) {
        let is_first = self.on_movable.set(on_movable).is_ok();
        assert!(is_first, "one spiller is set up, before the receivers start");
    }

    /// A parcel of this source may be moved out of memory from now on.
    pub(crate) fn is_movable(&self, source: SourceId) {
        if let Some(on_movable) = self.on_movable.get() {
            on_movable(source);
        }
    }

    /// Has what is stored from now on written to a log too; or not any more.
    pub(crate) fn log_ahead(&self, to_log: Option<ToLog>) {
        self.ahead.set(to_log);
    }

    /// Stores blocks that closed at `closed_at` at the latest. Where there is a log they are on their way to
    /// it from here on, while early work on them begins; their batch waits until they are logged. Gives a
    /// receiver what it is to do itself; a driver is given nothing.
    #[must_use]
    pub(crate) fn store(
        self: &Arc<Self>,
        parcel: Parcel,
        closed_at: Time,
        stored: Stored,
    ) -> Option<Work> {
        let parcel = Arc::new(parcel);
        match self.ahead.to_log() {
            Some(to_log) => {
                let intake = self.clone();
                self.ahead.one_more();
                self.admission.log_began(parcel.kept_bytes());
                let end = Box::new(move |parcel: &Parcel, is_logged| {
                    if is_logged {
                        intake.count(parcel);
                    }
                    intake.admission.log_ended(parcel.kept_bytes());
                    intake.ahead.one_less();
                });
                to_log(Unlogged::new(parcel.clone(), end));
            }
            None => self.count(&parcel),
        }
        self.store_now(parcel, closed_at, stored)
    }

    /// Stores, for the next batch, a parcel that was logged before the process died. It counts as taken in now.
    pub(crate) fn store_again(&self, parcel: Parcel, frame: u64, reads: Reads) {
        parcel.is_frame(frame);
        self.admission.took_in(reads, parcel.bytes());
        self.count(&parcel);
        let work = self.store_now(Arc::new(parcel), Time::default(), Stored::Again);
        debug_assert!(work.is_none(), "a driver is given no early work");
    }

    fn count(&self, parcel: &Parcel) {
        self.stored_bytes.fetch_add(parcel.bytes(), Ordering::Relaxed);
    }

    fn store_now(&self, parcel: Arc<Parcel>, closed_at: Time, stored: Stored) -> Option<Work> {
        self.admission.stored(parcel.kept_bytes());
        let workers = {
            let mut state = self.state.lock();
            let batch = self.batch_of(closed_at).max(state.assigned_up_to + self.batch_interval);
            parcel.label(batch);
            state.received.entry(batch).or_default().push(parcel.clone());
            match stored {
                _ if state.only_stored => Workers::Nobody,
                Stored::EarlyWorkMayBegin => Workers::TasksAndReceiver,
                Stored::Again => Workers::Tasks,
                Stored::AtTurnOf(turn) if batch <= turn => Workers::Nobody,
                Stored::AtTurnOf(_) => Workers::Tasks,
            }
        };
        let source = parcel.source();
        let work = self.on_stored.get().and_then(|on_stored| on_stored(parcel, workers));
        self.is_movable(source);
        work
    }

    /// Of the parcels of such sources that wait for their batch and can be moved out of memory, those that wait
    /// longest from now on: so many that they have `bytes`, or all.
    pub(crate) fn last_to_move(
        &self,
        of: impl Fn(SourceId) -> bool,
        bytes: u64,
    ) -> Vec<(Arc<Parcel>, Vec<Arc<ReceivedBlock>>)> {
        let state = self.state.lock();
        let from_the_end = state.received.values().rev().flat_map(|parcels| parcels.iter().rev());
        let candidates = from_the_end.filter(|parcel| of(parcel.source()));
        let (mut found, mut so_far) = (Vec::new(), 0);
        for parcel in candidates {
            if let Some(blocks) = parcel.blocks_to_move() {
                so_far += parcel.bytes();
                found.push((parcel.clone(), blocks));
            }
            if so_far >= bytes {
                break;
            }
        }
        found
    }

    /// Gives out what belongs to `batch`, and whatever was left over from batches before it.
    pub(crate) fn assign(&self, batch: Time) -> Vec<Arc<Parcel>> {
        let now = {
            let mut state = self.state.lock();
            state.assigned_up_to = batch;
            let later = state.received.split_off(&(batch + Duration::from_millis(1)));
            std::mem::replace(&mut state.received, later)
        };
        let parcels: Vec<Arc<Parcel>> = now.into_values().flatten().collect();
        self.admission.assigned(parcels.iter().map(|parcel| parcel.kept_bytes()).sum());
        parcels
    }

    /// Has nothing worked on early any more, but for what has begun or waits for a task.
    pub(crate) fn only_store(&self) {
        self.state.lock().only_stored = true;
    }

    /// Gives out what no batch has been given and none will be.
    pub(crate) fn give_up(&self) -> Vec<Arc<Parcel>> {
        let mut state = self.state.lock();
        state.only_stored = true;
        std::mem::take(&mut state.received).into_values().flatten().collect()
    }

    /// Whether anything is stored, or about to be, that no batch has been given.
    pub(crate) fn has_unassigned(&self) -> bool {
        !self.ahead.is_empty() || !self.state.lock().received.is_empty()
    }

    /// Waits until all of `parcels` are logged, unless `is_over`. Says whether they are.
    pub(crate) fn wait_until_logged(
        &self,
        parcels: &[Arc<Parcel>],
        is_over: impl Fn() -> bool,
    ) -> bool {
        self.ahead.wait_until_logged(parcels, is_over)
    }

    /// Whether the interval of a batch ends at `time`.
    pub(crate) fn ends_batch(&self, time: Time) -> bool {
        self.batch_of(time) == time
    }

    /// Bytes stored since the start.
    pub(crate) fn stored_bytes(&self) -> u64 {
        self.stored_bytes.load(Ordering::Relaxed)
    }

    /// The batch whose interval `(t - interval, t]` holds `time`.
    fn batch_of(&self, time: Time) -> Time {
        let floor = time.floor(self.batch_interval);
        if floor == time { time } else { floor + self.batch_interval }
    }
}
