//! One batch while it runs: its time, its input, what it has lent, and how its stages run.
//!
//! Early work runs a block through the same operators in a batch of its own, which ends with
//! that work.
//!
//! No loan of a batch outlives it: `brand.rs` says why, and has the one `unsafe`.

mod brand;
mod stage_run;
#[cfg(test)]
mod tests;

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use rayon::ThreadPool;

use brand::Held;
pub(crate) use stage_run::{ATTEMPTS, StageFailed, gave_up, reason_of};

use crate::block::SourceId;
use crate::input::{Input, Past};
use crate::intake::Committed;
use crate::progress::StageReport;
use crate::received::ReceivedBlock;
use crate::tally::Tallies;
use crate::time::{Duration, Time};

/// A batch while it runs. Cheap to clone; when the last clone is dropped, what was lent goes back.
#[doc(hidden)]
pub struct Batch<'b> {
    core: Arc<Core>,
    /// Whose input is read: the batch's own time, or that of one before it.
    time: Time,
    inputs: Arc<Vec<Input>>,
    /// Blocks that any of these stages has taken in are left out.
    without: Committed,
    _brand: PhantomData<fn(&'b ()) -> &'b ()>,
}

struct Core {
    now: Time,
    /// The time from which slides are counted; the first batch of all came after it.
    zero: Time,
    /// Inputs of batches before this one, for windows.
    past: Arc<Past>,
    own_inputs: Arc<Vec<Input>>,
    /// `None` runs every task on the calling thread.
    pool: Option<Arc<ThreadPool>>,
    /// How many partitions a wide stage has.
    parallelism: usize,
    cancelled: Arc<AtomicBool>,
    /// A task has failed for good.
    failed: AtomicBool,
    stages: Mutex<Vec<StageReport>>,
    /// Records that did not parse.
    unparsed: Tallies,
    held: Held,
}

impl<'b> Batch<'b> {
    /// A batch at its turn.
    pub(crate) fn new(
        time: Time,
        zero: Time,
        inputs: Arc<Vec<Input>>,
        past: Arc<Past>,
        pool: Arc<ThreadPool>,
        cancelled: Arc<AtomicBool>,
    ) -> Self {
        let parallelism = pool.current_num_threads();
        Self::over(Core {
            now: time,
            zero,
            past,
            own_inputs: inputs,
            pool: Some(pool),
            parallelism,
            cancelled,
            failed: AtomicBool::new(false),
            stages: Mutex::default(),
            unparsed: Tallies::default(),
            held: Held::default(),
        })
    }

    /// A batch of one source's blocks, run on the calling thread: early work.
    pub(crate) fn of_blocks(
        time: Time,
        sources: usize,
        source: SourceId,
        blocks: Vec<Arc<ReceivedBlock>>,
    ) -> Self {
        let mut inputs: Vec<Input> = (0..sources).map(|_| Input::Nothing).collect();
        inputs[source] = Input::Blocks(blocks.into_iter().map(|block| (block, 0)).collect());
        Self::over(Core {
            now: time,
            zero: Time::default(),
            past: Arc::default(),
            own_inputs: Arc::new(inputs),
            pool: None,
            parallelism: 1,
            cancelled: Arc::default(),
            failed: AtomicBool::new(false),
            stages: Mutex::default(),
            unparsed: Tallies::default(),
            held: Held::default(),
        })
    }

    fn over(core: Core) -> Self {
        Batch {
            time: core.now,
            inputs: core.own_inputs.clone(),
            core: Arc::new(core),
            without: 0,
            _brand: PhantomData,
        }
    }

    /// The same batch without the blocks that `stages` have taken in.
    pub(crate) fn without(&self, stages: Committed) -> Self {
        Batch { without: self.without | stages, ..self.clone() }
    }

    /// The batch at `time`, this one or one before it, as its stages would see it if they ran now;
    /// what is lent still comes back at this batch's end. `None` where nothing of that batch is
    /// kept: it has failed, or there never was one.
    pub(crate) fn at(&self, time: Time) -> Option<Self> {
        let inputs = match time == self.core.now {
            true => &self.core.own_inputs,
            false => self.core.past.get(&time)?,
        };
        Some(Batch { time, inputs: inputs.clone(), without: 0, ..self.clone() })
    }

    /// The batches whose times end `step`s before this one's, as many as there are in the
    /// `length` up to it, oldest first.
    pub(crate) fn window(&self, length: Duration, step: Duration) -> Vec<Self> {
        let after = (self.time - length).max(self.core.zero);
        let first =
            after + Duration::from_millis((self.time - after).as_millis() % step.as_millis());
        let first = if first == after { first + step } else { first };
        first.to(self.time, step).filter_map(|time| self.at(time)).collect()
    }

    /// The time of the batch whose input is read.
    pub(crate) fn time(&self) -> Time {
        self.time
    }

    /// Whether this is the batch whose turn it is, not one before it that a window reads again.
    pub(crate) fn is_current(&self) -> bool {
        self.time == self.core.now
    }

    /// Whether a stream with this slide has a dataset now.
    pub(crate) fn is_due(&self, slide: Duration) -> bool {
        (self.core.now - self.core.zero).is_multiple_of(slide)
    }

    /// Whether a task has failed for good.
    pub(crate) fn has_failed(&self) -> bool {
        self.core.failed.load(Ordering::Relaxed)
    }

    /// Set when whatever takes long had better end.
    pub(crate) fn cancelled(&self) -> &Arc<AtomicBool> {
        &self.core.cancelled
    }

    /// How many partitions a wide stage has.
    pub(crate) fn parallelism(&self) -> usize {
        self.core.parallelism
    }

    /// Where records that do not parse are counted.
    pub(crate) fn unparsed(&self) -> &Tallies {
        &self.core.unparsed
    }

    /// The blocks of a source of bytes.
    pub(crate) fn blocks(&self, source: SourceId) -> Vec<&'b ReceivedBlock> {
        match &self.inputs[source] {
            Input::Blocks(blocks) => {
                let wanted = blocks.iter().filter(|(_, committed)| committed & self.without == 0);
                wanted.map(|(block, _)| self.lend(block)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The items of a queue.
    pub(crate) fn items<T: Send + Sync + 'static>(&self, source: SourceId) -> &'b [T] {
        match &self.inputs[source] {
            Input::Items(items) => {
                let items = items.of_type().expect("items have the type of their stream");
                self.lend::<Vec<T>>(&items)
            }
            _ => &[],
        }
    }
}

impl Clone for Batch<'_> {
    fn clone(&self) -> Self {
        Batch {
            core: self.core.clone(),
            time: self.time,
            inputs: self.inputs.clone(),
            without: self.without,
            _brand: PhantomData,
        }
    }
}
