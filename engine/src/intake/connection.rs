//! One connection of a socket receiver: its bytes go into the receiver's slab, its unfinished record
//! into its carry.

use std::io::{self, Read};

use mio::net::TcpStream;

use crate::framing::{Carry, Framed, Framing, RecordLimit};
use crate::slabs::Slab;

/// A connection. Idle, it costs this struct and at most a kibibyte of carry.
pub(super) struct Connection {
    stream: TcpStream,
    carry: Carry,
    /// Bytes read since the connection was made.
    received: u64,
    /// The offset of the unfinished record among them.
    offset: u64,
    /// Whether it waits for its turn to be read.
    pub(super) queued: bool,
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
    /// The other end is done; a last line without its line end came out with this step.
    Ended,
    /// The connection broke; a last line came out all the same.
    Broke(io::Error),
}

impl Connection {
    pub(super) fn new(stream: TcpStream, framing: Framing) -> Self {
        Connection { stream, carry: Carry::new(framing), received: 0, offset: 0, queued: false }
    }

    pub(super) fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// The room that a slab must have before [`Connection::read`]: the unfinished record, and `more`.
    pub(super) fn wants(&self, more: usize) -> usize {
        self.carry.gap() + more
    }

    /// The bytes of the unfinished record.
    pub(super) fn carried(&self) -> usize {
        self.carry.gap()
    }

    /// Bytes read since the connection was made.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// Whether a record is unfinished.
    pub(super) fn has_unfinished_record(&self) -> bool {
        self.carry.gap() > 0
    }

    /// Drops the unfinished record, up to its end, as if it were too long. `None` where it stays.
    pub(super) fn give_up_record(&mut self) -> Option<Framed> {
        self.carry.give_up()
    }

    /// Reads once into `slab`, `most` bytes at most. The records that it completes are filled in; nothing else is.
    /// `framed.records` is relative to the slab's cut-off point.
    pub(super) fn read(&mut self, slab: &mut Slab, most: usize, limit: RecordLimit) -> Step {
        let filled = slab.filled();
        let gap = self.carry.gap();
        let room = slab.room();
        let end = room.len().min(gap.saturating_add(most));
        let read = loop {
            match self.stream.read(&mut room[gap..end]) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        let first_offset = self.offset;
        let nothing = |outcome| Step { framed: Framed::default(), first_offset, outcome };
        match read {
            Ok(0) => self.end(slab, Outcome::Ended),
            Ok(n) => {
                let received_before = self.received;
                self.received += n as u64;
                let mut framed = self.carry.take(room, n, limit);
                let records = framed.records.clone();
                if records.is_empty() {
                    if records.end > 0 {
                        // An over-long record has ended, and what comes after it has begun.
                        self.offset = self.received - (gap + n - records.end) as u64;
                    }
                    return Step { framed, first_offset, outcome: Outcome::More };
                }
                // Without a carry, what is in front of the first record is the end of one that was
                // dropped.
                let first_offset =
                    if gap == 0 { received_before + records.start as u64 } else { first_offset };
                self.offset = self.received - (gap + n - records.end) as u64;
                slab.advance(records.end);
                framed.records = filled + records.start..filled + records.end;
                Step { framed, first_offset, outcome: Outcome::More }
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => nothing(Outcome::Drained),
            Err(error) => self.end(slab, Outcome::Broke(error)),
        }
    }

    /// The connection is over, and so is its last record.
    fn end(&mut self, slab: &mut Slab, outcome: Outcome) -> Step {
        let filled = slab.filled();
        let first_offset = self.offset;
        let mut framed = self.carry.finish(slab.room());
        if !framed.records.is_empty() {
            let end = framed.records.end;
            slab.advance(end);
            framed.records = filled + framed.records.start..filled + end;
        }
        Step { framed, first_offset, outcome }
    }
}
