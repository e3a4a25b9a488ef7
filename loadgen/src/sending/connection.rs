//! One client or target, and what it is still to get.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use nix::sys::socket::{setsockopt, sockopt};

use super::feed::Feed;
use super::grants::Grant;
use super::mischief::Mischief;
use super::room::Room;
use super::times::Times;
use crate::error::Result;
use crate::faults::End;
use crate::lines::Source;

/// Loopback needs writes of 256 KiB or more to run at speed; larger ones only hold up the others.
const WRITE_BYTES: usize = 512 << 10;

/// A peer that sends without end must not keep the others waiting: after so many reads the rest
/// waits for the event that comes with its next bytes.
const DISCARD_READS: usize = 16;

/// An open connection with the lines that it is owed.
pub(crate) struct Connection {
    stream: TcpStream,
    pub(crate) peer: SocketAddr,
    pub(crate) feed: Feed,
    mischief: Mischief,
    /// Lines sent so far.
    pub(crate) lines: u64,
    /// Full from a write that would have blocked until the socket says it has room.
    room: Room,
    /// Whether the lane has this connection in its queue; the lane's to read and write.
    pub(crate) queued: bool,
    stage: Stage,
}

/// How far a connection has come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It gets lines.
    Open,
    /// It gets the rest of a line and what ends it.
    Ending,
    /// It has got all, and waits for the other side to close.
    HalfClosed,
}

/// What a write came to.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) lines: u64,
    pub(crate) bytes: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, more: Tally) {
        self.lines += more.lines;
        self.bytes += more.bytes;
    }
}

impl Connection {
    pub(crate) fn new(stream: TcpStream, peer: SocketAddr, feed: Feed, mischief: Mischief) -> Self {
        Self {
            stream,
            peer,
            feed,
            mischief,
            lines: 0,
            room: Room::since(Duration::ZERO),
            queued: false,
            stage: Stage::Open,
        }
    }

    pub(crate) fn stream_mut(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    pub(crate) fn stage(&self) -> Stage {
        self.stage
    }

    /// Whether there is something to write and room for it.
    pub(crate) fn can_write(&self) -> bool {
        !self.room.is_full() && self.feed.has_more() && !self.mischief.is_silent()
    }

    /// Notes that the socket has had room again since a time of the schedule.
    pub(crate) fn has_room(&mut self, since: Duration) {
        self.room.empties(since);
    }

    /// Notes that lines are its own only since a time of the schedule: it has only now come about, or
    /// they were another's before.
    pub(crate) fn takes_over(&mut self, since: Duration) {
        let is_full = self.room.is_full();
        self.room = Room::since(since);
        if is_full {
            self.room.fills(since);
        }
    }

    /// When it has had no room.
    pub(crate) fn room(&self) -> &Room {
        &self.room
    }

    /// Until when it is silent on request, if it is.
    pub(crate) fn silent_until(&self) -> Option<Instant> {
        self.mischief.silent_until()
    }

    pub(crate) fn end_silence(&mut self) {
        self.mischief.end_silence();
    }

    /// Writes once; appends the lines that this completes to `done`. If the socket has no room, that
    /// is no error and nothing is written. The inner error is the peer's; the outer one says that a
    /// line cannot be had, by this connection or any other.
    pub(crate) fn write(
        &mut self,
        source: &Source,
        times: &mut Times<'_>,
        done: &mut Vec<Grant>,
    ) -> Result<io::Result<Tally>> {
        let at_most = self.mischief.next_write_bytes(WRITE_BYTES);
        let bytes = self.feed.next_bytes(source, times, at_most)?;
        let (sent, is_full) = match self.stream.write(bytes) {
            // A short write filled the socket's buffer. To try again at once would go on with scraps;
            // the event comes when there is room for a good piece.
            Ok(sent) => (sent, sent < bytes.len()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => (0, true),
            Err(error) if error.kind() == ErrorKind::Interrupted => (0, false),
            Err(error) => return Ok(Err(error)),
        };
        let lines = self.feed.advance(source, sent, done);
        if is_full {
            self.room.fills(times.elapsed());
            self.feed.withdraw();
        }
        self.mischief.wrote();
        self.lines += lines;
        Ok(Ok(Tally { lines, bytes: sent as u64 }))
    }

    /// Throws away what the peer sent: were it left unread, closing would reset the connection
    /// and cost the peer its last lines. Gives whether the peer has closed its side.
    ///
    /// The end of what it sends is no hang-up: it may be reading still, and if not, a write will
    /// tell.
    pub(crate) fn discard_input(&mut self, scratch: &mut [u8]) -> io::Result<bool> {
        for _ in 0..DISCARD_READS {
            match self.stream.read(scratch) {
                Ok(0) => return Ok(true),
                // Its end may have come together with these bytes, and no event would tell of it.
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// From now on it gets no more than the rest of a line and what ends it. Gives back what it was
    /// owed.
    pub(crate) fn begin_end(&mut self, source: &Source) -> Vec<Grant> {
        self.stage = Stage::Ending;
        self.mischief.end_silences();
        self.feed.cut(source)
    }

    /// Tells the peer that no more will come, in the way asked for. What is in the socket's buffer
    /// is still delivered, unless it is reset.
    pub(crate) fn end(&mut self, end: End) {
        match end {
            // A peer that has just gone makes these fail, and has its end all the same.
            End::Close => self.stream.shutdown(Shutdown::Write).ok(),
            End::HalfClose => {
                self.stage = Stage::HalfClosed;
                self.stream.shutdown(Shutdown::Write).ok()
            }
            End::Reset => {
                let at_once = nix::libc::linger { l_onoff: 1, l_linger: 0 };
                setsockopt(&self.stream, sockopt::Linger, &at_once).ok()
            }
        };
    }
}
