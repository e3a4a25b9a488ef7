//! One connection of a socket receiver: its bytes go into the receiver's slab, its unfinished record
//! into its carry.

use std::io::{self, Read};
use std::time::Instant;

use super::transport::Transport;
use crate::framing::{Carry, Framed, Framing, RecordLimit};
use crate::progress::LineCounts;
use crate::slabs::Slab;

/// A connection. Idle, with nothing unfinished, it costs this struct.
pub(super) struct Connection {
    transport: Transport,
    carry: Carry,
    /// Bytes read since the connection was made.
    received: u64,
    /// The offset of the unfinished record among them.
    offset: u64,
    /// Whether it waits for its turn to be read.
    pub(super) queued: bool,
    /// An event has told that the other end has closed, or may have: none will tell of it again. So it is read until
    /// there is nothing more.
    pub(super) may_have_ended: bool,
    /// Where a line counts when its newline has come, and not before, whatever becomes of it: what became
    /// of the unfinished one.
    unfinished: Option<LineCounts>,
    has_closed: bool,
    /// When something came last, as far as anybody who wants to know has noted it.
    pub(super) heard_at: Instant,
    /// It is there to be told that it is denied, and no listener of progress hears of it.
    pub(super) is_turned_away: bool,
}

/// What one read brought.
pub(super) struct Step {
    pub(super) framed: Framed,
    /// The offset of the first completed record in the connection's bytes.
    pub(super) first_offset: u64,
    pub(super) outcome: Outcome,
}

pub(super) enum Outcome {
    /// There may be more to read.
    More,
    /// Nothing more for now.
    Drained,
    /// The other end is done; a last line without its line end came out with this step, unless lines count
    /// by their newlines.
    Ended,
    /// The connection broke; a last line came out all the same, if it does.
    Broke(io::Error),
}

impl Connection {
    pub(super) fn new(transport: Transport, framing: Framing, now: Instant) -> Self {
        let carry = Carry::new(framing);
        Connection {
            transport,
            carry,
            received: 0,
            offset: 0,
            queued: false,
            may_have_ended: true,
            unfinished: None,
            has_closed: false,
            heard_at: now,
            is_turned_away: false,
        }
    }

    /// A connection of lines of which each counts when its newline has come.
    pub(super) fn of_numbered_lines(transport: Transport, now: Instant) -> Self {
        let unfinished = Some(LineCounts::default());
        Connection { unfinished, ..Connection::new(transport, Framing::Lines, now) }
    }

    /// One that is only to be told why it is denied.
    pub(super) fn turned_away(transport: Transport, now: Instant) -> Self {
        Connection { is_turned_away: true, ..Connection::of_numbered_lines(transport, now) }
    }

    pub(super) fn transport(&mut self) -> &mut Transport {
        &mut self.transport
    }

    /// The room that a slab must have before [`Connection::read`]: the unfinished record, and `more`.
    pub(super) fn wants(&self, more: usize) -> usize {
        self.carry.gap() + more
    }

    /// The memory that the unfinished record holds.
    pub(super) fn carried(&self) -> usize {
        self.carry.capacity()
    }

    /// Bytes read since the connection was made.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// Bytes that the socket has given since the connection was made: where they come sealed, more than are read.
    pub(super) fn came(&self) -> u64 {
        self.transport.unsealed_bytes().max(self.received)
    }

    /// Whether a record is unfinished.
    pub(super) fn has_unfinished_record(&self) -> bool {
        self.carry.gap() > 0
    }

    /// Drops the unfinished record, up to its end, as if it were too long. `None` where it stays.
    pub(super) fn give_up_record(&mut self) -> Option<Framed> {
        let mut framed = self.carry.give_up()?;
        self.hold_back(&mut framed);
        Some(framed)
    }

    /// It is closed from this side: what it has not finished is rejected, for nobody knows how it would go on.
    pub(super) fn reject_record(&mut self) -> Framed {
        let mut framed = Framed::default();
        if self.has_unfinished_record() && self.unfinished.is_none() {
            framed.counts.rejected = 1;
            framed.counts.unterminated = 1;
        }
        framed
    }

    /// Closes its own direction, once: closing wakes whoever waits for events.
    pub(super) fn close_own_direction(&mut self) -> io::Result<()> {
        match std::mem::replace(&mut self.has_closed, true) {
            true => Ok(()),
            false => self.transport.close_own_direction(),
        }
    }

    /// Reads once into `slab`, `most` bytes at most. The records that it completes are filled in; nothing else is.
    /// `framed.records` is relative to the slab's cut-off point. Where what has arrived is not `wanted` it is
    /// dropped.
    pub(super) fn read(
        &mut self,
        slab: &mut Slab,
        most: usize,
        limit: RecordLimit,
        wanted: impl FnOnce(&[u8]) -> bool,
    ) -> Step {
        let filled = slab.filled();
        let gap = self.carry.gap();
        let room = slab.room();
        let end = room.len().min(gap.saturating_add(most));
        let read = loop {
            match self.transport.read(&mut room[gap..end]) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        let first_offset = self.offset;
        let offered = end - gap;
        let nothing = |outcome| Step { framed: Framed::default(), first_offset, outcome };
        match read {
            Ok(0) => self.end(slab, Outcome::Ended),
            Ok(n) => {
                let received_before = self.received;
                self.received += n as u64;
                let is_drained = self.transport.is_drained_by(n, offered) && !self.may_have_ended;
                let outcome = if is_drained { Outcome::Drained } else { Outcome::More };
                if !wanted(&room[gap..gap + n]) {
                    return nothing(outcome);
                }
                let mut framed = self.carry.take(room, n, limit);
                self.hold_back(&mut framed);
                let records = framed.records.clone();
                if records.is_empty() {
                    if records.end > 0 {
                        // An over-long record has ended, and what comes after it has begun.
                        self.offset = self.received - (gap + n - records.end) as u64;
                    }
                    return Step { framed, first_offset, outcome };
                }
                // Without a carry, what is in front of the first record is the end of one that was
                // dropped.
                let first_offset =
                    if gap == 0 { received_before + records.start as u64 } else { first_offset };
                self.offset = self.received - (gap + n - records.end) as u64;
                slab.advance(records.end);
                framed.records = filled + records.start..filled + records.end;
                Step { framed, first_offset, outcome }
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                let is_drained = !self.transport.has_stopped_short();
                nothing(if is_drained { Outcome::Drained } else { Outcome::More })
            }
            // Something on the way may have cut the record, which this transport is to keep from happening.
            Err(error) if self.transport.has_an_end_of_its_own() => {
                let framed = self.reject_record();
                Step { framed, first_offset, outcome: Outcome::Broke(error) }
            }
            Err(error) => self.end(slab, Outcome::Broke(error)),
        }
    }

    /// The connection is over, and so is its last record.
    fn end(&mut self, slab: &mut Slab, outcome: Outcome) -> Step {
        let filled = slab.filled();
        let first_offset = self.offset;
        if self.unfinished.is_some() {
            self.carry = Carry::new(Framing::Lines);
            return Step { framed: Framed::default(), first_offset, outcome };
        }
        let mut framed = self.carry.finish(slab.room());
        if !framed.records.is_empty() {
            let end = framed.records.end;
            slab.advance(end);
            framed.records = filled + framed.records.start..filled + end;
        }
        Step { framed, first_offset, outcome }
    }

    /// What a carry counts as rejected is the line that is not finished. Where lines count by their newlines, that
    /// waits for this one's.
    fn hold_back(&mut self, framed: &mut Framed) {
        let Some(unfinished) = &mut self.unfinished else { return };
        let rejected = std::mem::take(&mut framed.counts.rejected);
        // A newline has come, be it that of a line that was dropped.
        if framed.records.end > 0 {
            framed.counts += std::mem::take(unfinished);
        }
        unfinished.rejected += rejected;
    }
}

#[cfg(all(test, feature = "tls-tests"))]
mod tls_tests {
    use std::time::Duration;

    use super::*;
    use crate::conf::LongLines;
    use crate::intake::tls::OPENED_AT_ONCE_BYTES;
    use crate::intake::tls::flood::shaken;
    use crate::slabs::SlabPool;

    const LINE: &[u8] = b"a line after all\n";
    const PATIENCE: Duration = Duration::from_secs(60);

    #[test]
    fn a_connection_over_which_nothing_comes_for_a_turn_has_its_turn_again() {
        let (stream, mut flood) = shaken();
        let transport = Transport::Tls(Box::new(stream));
        let mut connection = Connection::new(transport, Framing::Lines, Instant::now());
        let mut slab = SlabPool::new(SlabPool::least_bytes(1000), 1000).take(0).unwrap().0;
        let limit = RecordLimit { max_bytes: 1000, long_lines: LongLines::Skip };
        assert!(flood.send(3 * OPENED_AT_ONCE_BYTES as usize / 2, LINE, || ()));
        let (mut turns, begun) = (0, Instant::now());
        loop {
            let step = connection.read(&mut slab, usize::MAX, limit, |_| true);
            if !step.framed.records.is_empty() {
                break;
            }
            assert!(begun.elapsed() < PATIENCE);
            match step.outcome {
                Outcome::More => turns += 1,
                // All of it need not have come yet.
                Outcome::Drained => {}
                Outcome::Ended | Outcome::Broke(_) => panic!("it goes on"),
            }
        }
        assert!(turns > 0, "what is left waits for an event that may not come");
        assert!(connection.came() > connection.received() + OPENED_AT_ONCE_BYTES);
    }
}
