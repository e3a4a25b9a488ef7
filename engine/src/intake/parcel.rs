//! A parcel: the blocks that a receiver closed together, and how far the work on them has come.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::{Condvar, Mutex};

use super::acknowledged::{Logged, Reached};
use crate::block::SourceId;
use crate::progress::LineCounts;
use crate::received::ReceivedBlock;
use crate::spill::Moved;
use crate::time::Time;

/// Which early stages have taken a parcel in: bit `i` is the graph's stage `i`.
pub(crate) type Committed = u64;

/// What a parcel has for its batch's turn.
pub(crate) struct Claimed {
    pub(crate) blocks: Vec<Arc<ReceivedBlock>>,
    pub(crate) taken: Taken,
}

/// What early work has done with a parcel.
#[derive(Clone, Copy, Default)]
pub(crate) struct Taken {
    /// The stages that have it whole.
    pub(crate) committed: Committed,
    /// What became of the lines, where early work has looked at them all.
    pub(crate) counts: Option<LineCounts>,
    /// Records that did not parse on the way into those stages.
    pub(crate) unparsed: u64,
}

/// Blocks that closed together, usually one slab's worth.
pub(crate) struct Parcel {
    source: SourceId,
    batch: OnceLock<Time>,
    /// Which frame of the log it is, where there is a log.
    frame: OnceLock<u64>,
    bytes: u64,
    kept_bytes: u64,
    blocks: u64,
    framing: LineCounts,
    reached: Reached,
    /// Who is told when it is logged.
    tells: Option<Arc<Logged>>,
    /// Its blocks are on disk.
    is_moved: AtomicBool,
    work: Mutex<Work>,
    finished: Condvar,
}

struct Work {
    /// Empty once every reader is done with them.
    blocks: Vec<Arc<ReceivedBlock>>,
    taken: Taken,
    phase: Phase,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Waiting,
    Running,
    Over,
    /// Its batch has it.
    Claimed,
}

impl Parcel {
    /// `framing` is what the receiver has counted: lines rejected or cut before they reached a
    /// block.
    pub(crate) fn new(
        source: SourceId,
        blocks: Vec<Arc<ReceivedBlock>>,
        framing: LineCounts,
    ) -> Self {
        Parcel {
            source,
            batch: OnceLock::new(),
            frame: OnceLock::new(),
            bytes: blocks.iter().map(|b| b.came_bytes() as u64).sum(),
            kept_bytes: blocks.iter().map(|b| b.raw_bytes() as u64).sum(),
            blocks: blocks.len() as u64,
            framing,
            reached: Reached::new(),
            tells: None,
            is_moved: AtomicBool::new(false),
            work: Mutex::new(Work { blocks, taken: Taken::default(), phase: Phase::Waiting }),
            finished: Condvar::new(),
        }
    }

    /// The same, with how far it brings its senders, who are told once it is logged.
    pub(super) fn telling(self, reached: Reached, logged: Arc<Logged>) -> Self {
        Parcel { reached, tells: Some(logged), ..self }
    }

    pub(crate) fn source(&self) -> SourceId {
        self.source
    }

    /// Bytes that were received for its blocks.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Bytes that its blocks were made of, mended where they had to be: what the log has of it.
    pub(crate) fn kept_bytes(&self) -> u64 {
        self.kept_bytes
    }

    /// How many blocks it was made of.
    pub(crate) fn block_count(&self) -> u64 {
        self.blocks
    }

    /// The batch that it belongs to, once it is stored.
    pub(crate) fn batch(&self) -> Time {
        *self.batch.get().expect("a parcel is labelled when it is stored")
    }

    pub(crate) fn label(&self, batch: Time) {
        assert!(self.batch.set(batch).is_ok(), "a parcel is stored once");
    }

    /// The log's frame that it is; none where nothing is logged.
    pub(crate) fn frame(&self) -> Option<u64> {
        self.frame.get().copied()
    }

    /// How far it brings its senders.
    pub(crate) fn reached(&self) -> &Reached {
        &self.reached
    }

    /// It is logged and durable, and so are all before it.
    pub(super) fn tell_senders(&self) {
        if let Some(logged) = &self.tells {
            logged.tell(&self.reached);
        }
    }

    pub(crate) fn is_frame(&self, frame: u64) {
        assert!(self.frame.set(frame).is_ok(), "a parcel is logged once");
    }

    /// Its blocks, as long as no reader is done with them.
    pub(crate) fn blocks(&self) -> Vec<Arc<ReceivedBlock>> {
        self.work.lock().blocks.clone()
    }

    /// What the receiver counted: lines that never reached a block.
    pub(crate) fn framing(&self) -> LineCounts {
        self.framing
    }

    /// Begins early work: its blocks, or `None` where the batch's turn has come first.
    pub(crate) fn begin_early(&self) -> Option<Vec<Arc<ReceivedBlock>>> {
        let mut work = self.work.lock();
        if work.phase != Phase::Waiting {
            return None;
        }
        work.phase = Phase::Running;
        Some(work.blocks.clone())
    }

    /// Ends early work. `release` says that nobody else needs the blocks, which lets their slab go
    /// back to the pool still warm.
    pub(crate) fn end_early(&self, taken: Taken, release: bool) {
        let released = {
            let mut work = self.work.lock();
            work.phase = Phase::Over;
            work.taken = taken;
            if release { std::mem::take(&mut work.blocks) } else { Vec::new() }
        };
        self.finished.notify_all();
        drop(released);
    }

    /// Its blocks, where there is anything to be gained by moving them out of memory: nobody works on them,
    /// and somebody will.
    pub(crate) fn blocks_to_move(&self) -> Option<Vec<Arc<ReceivedBlock>>> {
        if self.is_moved.load(Ordering::Relaxed) || self.bytes == 0 {
            return None;
        }
        let work = self.work.lock();
        let waits = matches!(work.phase, Phase::Waiting | Phase::Over);
        (waits && !work.blocks.is_empty()).then(|| work.blocks.clone())
    }

    /// Puts blocks in the place of those that they were before they were moved, unless nobody needs them any
    /// more, or the batch's turn has come.
    pub(crate) fn were_moved(&self, moved: &Moved) {
        self.is_moved.store(true, Ordering::Relaxed);
        let mut work = self.work.lock();
        if work.phase != Phase::Claimed {
            work.blocks = moved.put_into(&work.blocks);
        }
    }

    /// The batch's turn has come: waits for early work that runs, prevents what has not begun, and
    /// tells what is left.
    pub(crate) fn claim(&self) -> Claimed {
        let mut work = self.work.lock();
        self.finished.wait_while(&mut work, |work| work.phase == Phase::Running);
        work.phase = Phase::Claimed;
        Claimed { blocks: work.blocks.clone(), taken: work.taken }
    }
}

#[cfg(test)]
impl Parcel {
    /// Of one block, for tests.
    pub(crate) fn of_text(text: &'static str) -> Self {
        use crate::conf::{InvalidUtf8, LongLines};
        use crate::framing::RecordLimit;
        use crate::received::{Form, RecordPolicy};

        let limit = RecordLimit { max_bytes: 100, long_lines: LongLines::Skip };
        let policy = RecordPolicy { limit, form: Form::Text(InvalidUtf8::Replace) };
        let block = ReceivedBlock::new(crate::block::Block::of_bytes(text.into()), policy);
        Parcel::new(0, vec![Arc::new(block)], LineCounts::default())
    }
}
