//! One connection of a socket receiver: its bytes go into the receiver's slab, its unfinished line
//! into its carry.

use std::io::{self, Read};

use mio::net::TcpStream;

use crate::framing::{Carry, Framed, LineLimit};
use crate::slabs::Slab;

/// A connection. Idle, it costs this struct and at most a kibibyte of carry.
pub(super) struct Connection {
    stream: TcpStream,
    carry: Carry,
    /// Bytes read since the connection was made.
    received: u64,
    /// The offset of the unfinished line among them.
    offset: u64,
    /// Whether it waits for its turn to be read.
    pub(super) queued: bool,
}

/// What one read brought.
pub(super) struct Step {
    pub(super) framed: Framed,
    /// The offset of the first completed line in the connection's bytes.
    pub(super) first_offset: u64,
    pub(super) outcome: Outcome,
}

pub(super) enum Outcome {
    /// There may be more to read.
    More,
    /// Nothing more for now.
    Drained,
    /// The other end is done; what was unfinished came out with this step, if `unterminated`.
    Ended { unterminated: bool },
    /// The connection broke; what was unfinished came out all the same, if `unterminated`.
    Broke { unterminated: bool, error: io::Error },
}

impl Connection {
    pub(super) fn new(stream: TcpStream) -> Self {
        Connection { stream, carry: Carry::default(), received: 0, offset: 0, queued: false }
    }

    pub(super) fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// The room that a slab must have before [`Connection::read`]: the unfinished line, and `more`.
    pub(super) fn wants(&self, more: usize) -> usize {
        self.carry.gap() + more
    }

    /// The bytes of the unfinished line.
    pub(super) fn carried(&self) -> usize {
        self.carry.gap()
    }

    /// Bytes read since the connection was made.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// Whether a line is unfinished.
    pub(super) fn has_unfinished_line(&self) -> bool {
        self.carry.gap() > 0
    }

    /// Drops the unfinished line, up to its newline, as if it were too long.
    pub(super) fn give_up_line(&mut self) -> Framed {
        self.carry.give_up()
    }

    /// Reads once into `slab`. The lines that it completes are filled in; nothing else is.
    /// `framed.lines` is relative to the slab's cut-off point.
    pub(super) fn read(&mut self, slab: &mut Slab, limit: LineLimit) -> Step {
        let filled = slab.filled();
        let gap = self.carry.gap();
        let room = slab.room();
        let read = loop {
            match self.stream.read(&mut room[gap..]) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        let first_offset = self.offset;
        let nothing = |outcome| Step { framed: Framed::default(), first_offset, outcome };
        match read {
            Ok(0) => self.end(slab, |unterminated| Outcome::Ended { unterminated }),
            Ok(n) => {
                let received_before = self.received;
                self.received += n as u64;
                let mut framed = self.carry.take(room, n, limit);
                let lines = framed.lines.clone();
                if lines.is_empty() {
                    if lines.end > 0 {
                        // An over-long line has ended, and what comes after it has begun.
                        self.offset = self.received - (gap + n - lines.end) as u64;
                    }
                    return Step { framed, first_offset, outcome: Outcome::More };
                }
                // Without a carry, what is in front of the first line is the end of one that was
                // dropped.
                let first_offset =
                    if gap == 0 { received_before + lines.start as u64 } else { first_offset };
                self.offset = self.received - (gap + n - lines.end) as u64;
                slab.advance(lines.end);
                framed.lines = filled + lines.start..filled + lines.end;
                Step { framed, first_offset, outcome: Outcome::More }
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => nothing(Outcome::Drained),
            Err(error) => self.end(slab, |unterminated| Outcome::Broke { unterminated, error }),
        }
    }

    /// The connection is over: its last line counts, line end or not.
    fn end(&mut self, slab: &mut Slab, outcome: impl FnOnce(bool) -> Outcome) -> Step {
        let filled = slab.filled();
        let first_offset = self.offset;
        let last = self.carry.finish(slab.room());
        let mut framed = Framed::default();
        if let Some(line) = &last {
            slab.advance(line.end);
            framed.lines = filled + line.start..filled + line.end;
        }
        Step { framed, first_offset, outcome: outcome(last.is_some()) }
    }
}
