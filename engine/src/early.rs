//! Early work: what is done with a parcel of blocks as soon as a receiver has stored it.
//!
//! As many threads do it as tasks may run at once, and receivers are among them: one that finds the
//! tasks busy works on its parcel itself, while that is in its core's cache, and reads into the same
//! memory again. Where fewer receivers are busy than tasks may run, the tasks that are left take what
//! receivers hand over, and these go on reading. Where more are, or a batch has its turn, tasks do it all.

use std::cell::Cell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

use parking_lot::Mutex;
use rayon::ThreadPool;
use smallvec::SmallVec;

use crate::batch::{Batch, reason_of};
use crate::block::SourceId;
use crate::graph::Early;
use crate::intake::{Intake, OnStored, Parcel, Taken, Workers};
use crate::progress::LineCounts;

/// Slabs that may wait for early work, for each thread: enough to keep it busy, few enough to stay
/// in the cache.
const SLABS_PER_THREAD: u64 = 4;

/// The most bytes that may wait for early work.
pub(crate) fn most_waiting_bytes(slab_bytes: usize, threads: usize) -> u64 {
    slab_bytes as u64 * SLABS_PER_THREAD * threads as u64
}

/// Whoever stores less than this in one go is not busy.
const LEAST_BUSY_BYTES: u64 = 16 << 10;

/// A receiver that has stored none of so many parcels for each receiver is not busy.
const PARCELS_PER_RECEIVER: usize = 4;

/// Has each parcel that is stored in time worked on, by the early stages of its source: by `tasks`, or
/// by whoever has stored it.
pub(crate) fn on_stored(
    early: Vec<Option<Early<'static>>>,
    intake: &Arc<Intake>,
    tasks: Arc<ThreadPool>,
) -> OnStored {
    let early = Arc::new(early);
    let intake = Arc::downgrade(intake);
    let busy = BusyReceivers::default();
    let handed_over = Arc::new(AtomicUsize::new(0));
    Box::new(move |parcel, workers| {
        early[parcel.source()].as_ref()?;
        let intake = intake.upgrade()?;
        if workers == Workers::Nobody {
            intake.admission.early_ended(parcel.bytes(), None);
            return None;
        }
        let busy = busy.after(parcel.source(), parcel.bytes());
        let turn_runs = intake.admission.turn_runs();
        let early = early.clone();
        let work = move || {
            let bytes = parcel.bytes();
            let started = Instant::now();
            let worked = early[parcel.source()]
                .as_ref()
                .is_some_and(|work| take_in(&parcel, work, early.len()));
            let source = parcel.source();
            drop(parcel);
            intake.is_movable(source);
            intake.admission.early_ended(bytes, worked.then(|| started.elapsed()));
        };
        let spare_tasks = tasks.current_num_threads().checked_sub(busy);
        let tasks_are_busy = spare_tasks.is_some_and(|spare| handed_over.load(Relaxed) >= spare);
        if tasks_are_busy && !turn_runs && workers == Workers::TasksAndReceiver {
            let tasks = tasks.clone();
            return Some(Box::new(move || beside(&tasks, work)));
        }
        handed_over.fetch_add(1, Relaxed);
        let handed_over = handed_over.clone();
        tasks.spawn(move || {
            work();
            handed_over.fetch_sub(1, Relaxed);
        });
        None
    })
}

thread_local! {
    /// The tasks beside which this thread does early work now.
    static BESIDE: Cell<*const ThreadPool> = const { Cell::new(ptr::null()) };
}

/// Does the work of a task on a thread that is none.
fn beside(tasks: &Arc<ThreadPool>, work: impl FnOnce()) {
    BESIDE.set(Arc::as_ptr(tasks));
    work();
    BESIDE.set(ptr::null());
}

/// Whether the caller is one of `tasks`, or does the work of one.
pub(crate) fn is_inside(tasks: &Arc<ThreadPool>) -> bool {
    tasks.current_thread_index().is_some() || BESIDE.get() == Arc::as_ptr(tasks)
}

/// Which receivers have stored the last parcels that were worth a thought.
#[derive(Default)]
struct BusyReceivers(Mutex<VecDeque<SourceId>>);

impl BusyReceivers {
    /// How many they are, now that this one has stored so many bytes more.
    fn after(&self, source: SourceId, bytes: u64) -> usize {
        let mut last = self.0.lock();
        if bytes >= LEAST_BUSY_BYTES {
            last.push_front(source);
        }
        let mut busy: SmallVec<[SourceId; 8]> = SmallVec::new();
        for (age, source) in last.iter().enumerate() {
            if age > PARCELS_PER_RECEIVER * busy.len() {
                break;
            }
            if !busy.contains(source) {
                busy.push(*source);
            }
        }
        last.truncate(PARCELS_PER_RECEIVER * (busy.len() + 1));
        busy.len()
    }
}

/// Runs the early stages over a parcel, unless its batch's turn has come first. A stage tries again by
/// itself what panics; where it cannot even begin it has not taken the parcel in, and finds it again at
/// the batch's turn.
fn take_in(parcel: &Parcel, early: &Early<'static>, sources: usize) -> bool {
    let Some(blocks) = parcel.begin_early() else { return false };
    let batch = Batch::of_blocks(parcel.batch(), sources, parcel.source(), blocks.clone());
    let mut taken = Taken::default();
    for (bit, stage) in &early.stages {
        let whole = catch_unwind(AssertUnwindSafe(|| stage.take_in(&batch)));
        let whole = whole.map_err(reason_of).is_ok();
        let unparsed = batch.unparsed().take();
        if whole {
            taken.committed |= bit;
            taken.unparsed += unparsed;
        }
    }
    // The end of this small batch: every value that borrows is gone with `take_in`, and now what
    // was lent comes back.
    drop(batch);
    let mut counts = LineCounts::default();
    for block in &blocks {
        counts += block.counts();
    }
    taken.counts = Some(counts);
    let everybody = early.stages.iter().fold(0, |all, (bit, _)| all | bit);
    drop(blocks);
    parcel.end_early(taken, taken.committed == everybody && !early.keep_blocks);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receivers_that_store_nothing_any_more_are_not_busy() {
        let receivers = BusyReceivers::default();
        let store = |sources: &[SourceId]| {
            let counts = sources.iter().map(|source| receivers.after(*source, LEAST_BUSY_BYTES));
            counts.last()
        };
        assert_eq!(store(&[7]), Some(1));
        assert_eq!(store(&[7, 8, 7, 8]), Some(2));
        assert_eq!(store(&[9, 7, 8, 8, 9, 7]), Some(3));
        assert_eq!(store(&[7; 3]), Some(3), "the others may be slower");
        assert_eq!(store(&[7; 20]), Some(1));
        assert_eq!(store(&[8]), Some(2));
        assert_eq!(receivers.after(9, LEAST_BUSY_BYTES - 1), 2, "a few lines make nobody busy");
    }
}
