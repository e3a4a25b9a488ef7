//! Early work: what is done with a parcel of blocks as soon as a receiver has stored it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use rayon::ThreadPool;

use crate::batch::{Batch, reason_of};
use crate::graph::Early;
use crate::intake::{Intake, OnStored, Parcel, Taken};
use crate::progress::LineCounts;

/// Slabs that may wait for early work, for each thread: enough to keep it busy, few enough to stay
/// in the cache.
const SLABS_PER_THREAD: u64 = 4;

/// The most bytes that may wait for early work.
pub(crate) fn most_waiting_bytes(slab_bytes: usize, threads: usize) -> u64 {
    slab_bytes as u64 * SLABS_PER_THREAD * threads as u64
}

/// Has each parcel that is stored in time worked on by `tasks`, by the early stages of its source.
pub(crate) fn on_stored(
    early: Vec<Option<Early<'static>>>,
    intake: &Arc<Intake>,
    tasks: Arc<ThreadPool>,
) -> OnStored {
    let early = Arc::new(early);
    let intake = Arc::downgrade(intake);
    Box::new(move |parcel, may_begin| {
        if early[parcel.source()].is_none() {
            return;
        }
        let Some(intake) = intake.upgrade() else { return };
        if !may_begin {
            intake.admission.early_ended(parcel.bytes(), None);
            return;
        }
        let early = early.clone();
        tasks.spawn(move || {
            let bytes = parcel.bytes();
            let started = Instant::now();
            let worked = early[parcel.source()]
                .as_ref()
                .is_some_and(|work| take_in(&parcel, work, early.len()));
            drop(parcel);
            intake.admission.early_ended(bytes, worked.then(|| started.elapsed()));
        });
    })
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
