//! What a socket receiver has read and not closed yet: whole records in a slab, in the receiver's
//! hands and in the driver's.
//!
//! The receiver fills it, and closes it at the block interval and when the slab is full. At a
//! batch's tick the driver closes it, without waiting for another thread to wake up. Whoever has it
//! locked does nothing that may block, and runs no user's code.

use std::ops::Range;
use std::sync::Arc;

use super::assignment::{Intake, Stored};
use super::parcel::Parcel;
use super::receiver::{Closing, Surroundings};
use crate::block::{Block, Origin, SourceId};
use crate::framing::Framed;
use crate::progress::LineCounts;
use crate::received::{ReceivedBlock, RecordPolicy};
use crate::slabs::Slab;
use crate::time::{Duration, Time};

use parking_lot::Mutex;

/// A receiver's open blocks.
pub(super) struct Filling {
    source: SourceId,
    intake: Arc<Intake>,
    policy: RecordPolicy,
    block_interval: Duration,
    next_close: Time,
    slab: Option<Slab>,
    /// The runs of whole records in the slab that are not cut off yet.
    open: Vec<Run>,
    /// Records counted since the last cut.
    framing: LineCounts,
}

/// Whole records of one connection, in a row in the slab.
struct Run {
    connection: usize,
    offset: u64,
    range: Range<usize>,
}

impl Filling {
    pub(super) fn new(source: SourceId, around: &Surroundings) -> Self {
        let interval = around.block_interval;
        Filling {
            source,
            intake: around.intake.clone(),
            policy: around.policy,
            block_interval: interval,
            next_close: around.clock.now().floor(interval) + interval,
            slab: None,
            open: Vec::new(),
            framing: LineCounts::default(),
        }
    }

    /// When it must be closed next; `None` while there is nothing that could be.
    pub(super) fn due(&self) -> Option<Time> {
        let empty = self.slab.is_none() && self.framing == LineCounts::default();
        (!empty).then_some(self.next_close)
    }

    /// Closes what was open when the time of its blocks came, if it has.
    pub(super) fn close_when_due(&mut self, now: Time, stored: Stored) {
        if now < self.next_close {
            return;
        }
        if self.slab.as_ref().is_some_and(|slab| slab.filled() == 0) {
            // Nothing came since the last cut: others may need the memory.
            self.slab = None;
        }
        self.cut(stored);
        self.next_close = now.floor(self.block_interval) + self.block_interval;
    }

    /// Closes the open blocks and stores them.
    pub(super) fn cut(&mut self, stored: Stored) {
        let framing = std::mem::take(&mut self.framing);
        let mut blocks = Vec::with_capacity(self.open.len());
        if let Some(slab) = self.slab.as_mut().filter(|slab| slab.filled() > 0) {
            let (bytes, lease) = slab.cut();
            for run in self.open.drain(..) {
                let origin = Origin {
                    source: self.source,
                    connection: run.connection as u64,
                    offset: run.offset,
                };
                let block = Block::new(bytes.slice(run.range), lease.clone(), origin);
                blocks.push(Arc::new(ReceivedBlock::new(block, self.policy)));
            }
        }
        if !blocks.is_empty() || framing != LineCounts::default() {
            let parcel = Parcel::new(self.source, blocks, framing);
            self.intake.store(parcel, self.next_close, stored);
        }
    }

    /// Whether the slab has `wanted` bytes of room.
    pub(super) fn has_room(&mut self, wanted: usize) -> bool {
        self.slab.as_mut().is_some_and(|slab| slab.room().len() >= wanted)
    }

    /// Closes what is open and lets the slab go for the one that `take` gives, if it gives one. It
    /// is gone before the next is asked for, so that a budget of two slabs can go round.
    pub(super) fn change_slab(&mut self, take: impl FnOnce() -> Option<Slab>) -> bool {
        self.cut(Stored::EarlyWorkMayBegin);
        self.slab = None;
        self.slab = take();
        self.slab.is_some()
    }

    /// The slab to read into, where there is one.
    pub(super) fn slab(&mut self) -> Option<&mut Slab> {
        self.slab.as_mut()
    }

    /// Counts what was framed, and opens a block of the records that were filled in, or goes on with
    /// the last one.
    pub(super) fn take_in(&mut self, connection: usize, offset: u64, framed: &Framed) {
        self.framing += framed.counts;
        let range = framed.records.clone();
        if range.is_empty() {
            return;
        }
        match self.open.last_mut() {
            Some(run) if run.connection == connection && run.range.end == range.start => {
                run.range.end = range.end;
            }
            _ => self.open.push(Run { connection, offset, range }),
        }
    }
}

impl Closing for Mutex<Filling> {
    fn close(&self, now: Time, batch: Time) {
        self.lock().close_when_due(now, Stored::AtTurnOf(batch));
    }
}
