//! What a socket receiver has read and not closed yet: whole records in a slab, in the receiver's
//! hands and in the driver's.
//!
//! The receiver fills it, and closes it at the block interval and when the slab is full. At a
//! batch's tick the driver closes it, without waiting for another thread to wake up. Whoever has it
//! locked does nothing that may block, and runs no user's code: the longest that it does is to check lines, and
//! to mend those that must be.

use std::ops::Range;
use std::sync::Arc;

use super::acknowledged::{Logged, Reached, SenderName, reach};
use super::assignment::{Intake, Stored, Work};
use super::growth::Growth;
use super::parcel::Parcel;
use super::receiver::{Closing, Surroundings};
use crate::block::{Block, Origin, SourceId};
use crate::framing::Framed;
use crate::progress::LineCounts;
use crate::received::{ReceivedBlock, RecordPolicy};
use crate::slabs::{Reservation, Slab, SlabPool};
use crate::time::{Duration, Time};

use parking_lot::Mutex;

/// Less than this is left to its batch's turn once the batch is over, also while the turn of another
/// one keeps it waiting.
const LEAST_EARLY_BYTES: usize = 64 << 10;

/// A receiver's open blocks.
pub(super) struct Filling {
    source: SourceId,
    intake: Arc<Intake>,
    pool: SlabPool,
    policy: RecordPolicy,
    block_interval: Duration,
    next_close: Time,
    slab: Option<Slab>,
    /// Where there was none for it when the receiver last wanted one: how many had come back to the pool then, or when
    /// its blocks were last closed.
    waits_since: Option<u64>,
    growth: Growth,
    /// The runs of whole records in the slab that are not cut off yet.
    open: Vec<Run>,
    /// Records counted since the last cut.
    framing: LineCounts,
    /// How far lines have come since then whose senders want to know.
    reached: Reached,
    /// Who tells them once that is logged.
    tells: Option<Arc<Logged>>,
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
            pool: around.pool.clone(),
            policy: around.policy,
            block_interval: interval,
            next_close: around.clock.now().floor(interval) + interval,
            slab: None,
            waits_since: None,
            growth: Growth::default(),
            open: Vec::new(),
            framing: LineCounts::default(),
            reached: Reached::new(),
            tells: None,
        }
    }

    /// What it cuts is told of once it is logged.
    pub(super) fn telling(self, logged: Option<Arc<Logged>>) -> Self {
        Filling { tells: logged, ..self }
    }

    /// When the receiver must close it next, if nothing comes before; `None` while there is nothing
    /// that could be closed, and where the driver will: a thread that woke up beside the driver would
    /// only take a core from it. But while a batch has its turn the driver is late, and senders who
    /// want to be told do not wait for it.
    ///
    /// Who waits for a slab is to look again then, for it may ask for less.
    pub(super) fn due(&self) -> Option<Time> {
        if self.waits_since.is_some() {
            return Some(self.next_close);
        }
        let empty = self.slab.is_none() && self.nothing_counts();
        let driver_is_late = self.tells.is_some() && self.intake.admission.turn_runs();
        let by_driver = self.intake.ends_batch(self.next_close) && !driver_is_late;
        (!empty && !by_driver).then_some(self.next_close)
    }

    /// Closes what was open when the time of its blocks came, if it has, on the receiver's thread.
    /// Early work begins on it, unless its batch is over and has its turn next; gives what the receiver
    /// is to do of it.
    #[must_use]
    pub(super) fn close_early_when_due(&mut self, now: Time) -> Option<Work> {
        let closes_at = self.next_close;
        let stored = match self.intake.ends_batch(closes_at) && !self.is_worth_early_work() {
            true => Stored::AtTurnOf(closes_at),
            false => Stored::EarlyWorkMayBegin,
        };
        self.close_when_due(now, stored)
    }

    /// Whether so much is open that it is worth a task of its own while another batch has its turn.
    fn is_worth_early_work(&self) -> bool {
        self.slab.as_ref().is_some_and(|slab| slab.filled() >= LEAST_EARLY_BYTES)
            && self.intake.admission.turn_runs()
    }

    /// Closes what was open when the time of its blocks came, if it has.
    fn close_when_due(&mut self, now: Time, stored: Stored) -> Option<Work> {
        if now < self.next_close {
            return None;
        }
        if let Some(returned_before) = self.waits_since {
            let returned = self.pool.returned();
            if returned > returned_before {
                self.growth.was_passed_over();
            }
            self.waits_since = Some(returned);
        }
        let is_idle = self.slab.as_ref().is_some_and(|slab| slab.filled() == 0);
        let work = self.cut(stored);
        if is_idle || self.pool.is_waited_for() {
            // Where there are more receivers than slabs they have them in turn.
            self.has_no_slab();
        }
        self.next_close = now.floor(self.block_interval) + self.block_interval;
        work
    }

    /// Closes the open blocks and stores them. Gives what the receiver is to do of their early work, when
    /// this is no longer locked.
    #[must_use]
    pub(super) fn cut(&mut self, stored: Stored) -> Option<Work> {
        let nothing_counts = self.nothing_counts();
        let mut framing = std::mem::take(&mut self.framing);
        let reached = std::mem::take(&mut self.reached);
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
                let (block, mended) = ReceivedBlock::just_read(block, self.policy, &self.pool);
                framing += mended;
                blocks.push(Arc::new(block));
            }
        }
        let came = blocks.iter().map(|block| block.came_bytes()).sum();
        let mended = blocks.iter().map(|block| block.reserved_bytes()).sum();
        let left = self.slab.as_mut().map_or(0, |slab| slab.room().len());
        self.growth.has_closed(came, mended, left);
        if blocks.is_empty() && nothing_counts {
            return None;
        }
        let parcel = Parcel::new(self.source, blocks, framing);
        let parcel = match &self.tells {
            Some(tells) => parcel.telling(reached, tells.clone()),
            None => parcel,
        };
        self.intake.store(parcel, self.next_close, stored)
    }

    /// Whether nothing has been counted since the last cut, neither a record nor a line's end.
    fn nothing_counts(&self) -> bool {
        self.framing == LineCounts::default() && self.reached.is_empty()
    }

    /// Whether the slab has `wanted` bytes of room.
    pub(super) fn has_room(&mut self, wanted: usize) -> bool {
        self.slab.as_mut().is_some_and(|slab| slab.room().len() >= wanted)
    }

    /// Closes what is open and lets the slab go. Gives what [`cut`](Filling::cut) gives.
    #[must_use]
    pub(super) fn let_go(&mut self) -> Option<Work> {
        let work = self.cut(Stored::EarlyWorkMayBegin);
        self.has_no_slab();
        work
    }

    fn has_no_slab(&mut self) {
        self.slab = None;
        self.growth.is_ahead(None);
    }

    /// There is no slab for it, and it is wanted still; or it is not.
    pub(super) fn waits_for_slab(&mut self, waits: bool) {
        match waits {
            true => self.waits_since = self.waits_since.or_else(|| Some(self.pool.returned())),
            false => self.waits_since = None,
        }
    }

    /// The memory that a slab will be mended into, if it is like those before.
    pub(super) fn growth_of_a_slab(&self) -> u64 {
        self.growth.of(self.pool.slab_bytes())
    }

    /// Goes on with another slab, and what is reserved for what it will be mended into, the one before having been
    /// let go; so a budget of two slabs can go round.
    pub(super) fn go_on_with(&mut self, (slab, ahead): (Slab, Reservation)) {
        self.waits_since = None;
        self.slab = Some(slab);
        self.growth.is_ahead(Some(ahead));
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

    /// Notes that, with the records that are filled in now, the lines of a sender came so far.
    pub(super) fn has_reached(&mut self, sender: SenderName, below: u64) {
        reach(&mut self.reached, sender, below);
    }
}

impl Closing for Mutex<Filling> {
    fn close(&self, now: Time, batch: Time) {
        let work = self.lock().close_when_due(now, Stored::AtTurnOf(batch));
        debug_assert!(work.is_none(), "a driver is given no early work");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::conf::{InvalidUtf8, LongLines};
    use crate::framing::RecordLimit;
    use crate::intake::{Admission, Bounds, Reads, StoreRoom, Unfinished, Workers};
    use crate::progress::Progress;
    use crate::received::Form;
    use crate::time::millis;

    const BATCH: Duration = millis(1000);

    fn at(millis: i64) -> Time {
        Time::from_millis(millis)
    }

    /// What is filled in blocks of half a batch, with so many bytes in it.
    fn filling(bytes: usize) -> Filling {
        let bounds = Bounds {
            interval: BATCH.to_std(),
            most_early_bytes: 1 << 20,
            most_batch_bytes: u64::MAX,
            threads: 1,
        };
        let pool = SlabPool::new(SlabPool::least_bytes(100), 100);
        let limit = RecordLimit { max_bytes: 100, long_lines: LongLines::Skip };
        let mut filling = Filling::new(
            0,
            &Surroundings {
                intake: Arc::new(Intake::new(BATCH, at(0), Admission::new(bounds))),
                pool: pool.clone(),
                clock: ManualClock::at(at(0)).into(),
                progress: Arc::new(Progress::new(Vec::new(), false)),
                block_interval: millis(500),
                policy: RecordPolicy { limit, form: Form::Text(InvalidUtf8::Replace) },
                reads: Reads { early: true, at_turn: false },
                rate: None,
                unfinished: Unfinished::new(0),
                store_room: StoreRoom::new(0),
            },
        );
        filling.go_on_with(pool.take(0).unwrap());
        fill(&mut filling, bytes);
        filling
    }

    fn close_early(filling: &mut Filling, now: Time) {
        assert!(filling.close_early_when_due(now).is_none(), "nobody leaves work to the receiver");
    }

    fn fill(filling: &mut Filling, bytes: usize) {
        let slab = filling.slab().unwrap();
        slab.room()[..bytes].fill(b'\n');
        fill_as_it_is(filling, bytes);
    }

    /// What lies in the slab's room is a record.
    fn fill_as_it_is(filling: &mut Filling, bytes: usize) {
        let slab = filling.slab().unwrap();
        let range = slab.filled()..slab.filled() + bytes;
        slab.advance(bytes);
        let counts = LineCounts::default();
        filling.take_in(0, 0, &Framed { records: range, counts, torn: None });
    }

    /// Whether the receiver may work on what it closes at the end of a batch.
    fn early_at_the_end_of_a_batch(mut filling: Filling) -> bool {
        let told = Arc::new(Mutex::new(Vec::new()));
        let tell = told.clone();
        filling.intake.on_stored(Box::new(move |_, workers| {
            tell.lock().push(workers);
            None
        }));
        filling.next_close = at(1000);
        close_early(&mut filling, at(1000));
        match told.lock()[..] {
            [Workers::Nobody] => false,
            [Workers::TasksAndReceiver] => true,
            ref others => panic!("{others:?}"),
        }
    }

    #[test]
    fn a_receiver_wakes_up_for_the_end_of_a_block_but_not_for_that_of_a_batch() {
        let mut filling = filling(10);
        assert_eq!(filling.due(), Some(at(500)));
        close_early(&mut filling, at(500));
        fill(&mut filling, 10);
        assert_eq!(filling.due(), None);
        assert!(filling.close_when_due(at(1000), Stored::AtTurnOf(at(1000))).is_none());
        fill(&mut filling, 10);
        assert_eq!(filling.due(), Some(at(1500)));
    }

    #[test]
    fn who_is_passed_over_again_and_again_asks_for_less() {
        let mut filling = filling(0);
        let bad = b"\xff\xff\xff\n";
        filling.slab().unwrap().room()[..4].copy_from_slice(bad);
        fill_as_it_is(&mut filling, 4);
        assert!(filling.let_go().is_none());
        filling.intake.assign(at(1000));
        let of_a_slab = filling.growth_of_a_slab();
        assert!(of_a_slab > 0);
        assert_eq!(filling.due(), None, "nobody wants a slab");
        filling.waits_for_slab(true);
        let mut blocks = 0;
        let mut close = |filling: &mut Filling| {
            blocks += 1;
            let ends_at = at(500 * blocks);
            assert_eq!(
                filling.due(),
                Some(ends_at),
                "also where a batch ends, which the driver closes"
            );
            assert!(filling.close_when_due(ends_at, Stored::AtTurnOf(ends_at)).is_none());
        };
        for _ in 0..100 {
            close(&mut filling);
        }
        assert_eq!(filling.growth_of_a_slab(), of_a_slab, "nobody had a slab");
        for _ in 0..8 {
            assert_eq!(filling.growth_of_a_slab(), of_a_slab);
            drop(filling.pool.take(0).unwrap());
            close(&mut filling);
        }
        assert_eq!(filling.growth_of_a_slab(), of_a_slab / 2);
        filling.waits_for_slab(false);
        assert_eq!(filling.due(), None);
    }

    #[test]
    fn senders_who_are_told_do_not_wait_for_a_batch_that_has_its_turn() {
        let mut filling = filling(10).telling(Some(Arc::new(Logged::new(Arc::new(|| {})))));
        filling.next_close = at(1000);
        assert_eq!(filling.due(), None);
        filling.intake.admission.turn_began(std::time::Duration::ZERO, 0);
        assert_eq!(filling.due(), Some(at(1000)));
        filling.tells = None;
        assert_eq!(filling.due(), None);
    }

    #[test]
    fn when_a_batch_is_over_early_work_begins_only_on_much_that_has_to_wait() {
        assert!(!early_at_the_end_of_a_batch(filling(10)));
        assert!(!early_at_the_end_of_a_batch(filling(LEAST_EARLY_BYTES)));
        for (bytes, early) in [(10, false), (LEAST_EARLY_BYTES, true)] {
            let filling = filling(bytes);
            filling.intake.admission.turn_began(std::time::Duration::ZERO, 0);
            assert_eq!(early_at_the_end_of_a_batch(filling), early);
        }
    }
}
