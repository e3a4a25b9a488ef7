//! What is still to go out over a socket, and how it is written: with the mischief that was asked for, and
//! an account of when there was room.

use std::io::{self, ErrorKind, Write};
use std::time::{Duration, Instant};

use super::feed::Feed;
use super::grants::Grant;
use super::mischief::Mischief;
use super::room::Room;
use super::times::Times;
use super::transport::Transport;
use crate::error::Result;
use crate::lines::Source;

/// Loopback needs writes of 256 KiB or more to run at speed; larger ones only hold up the others.
const WRITE_BYTES: usize = 512 << 10;

/// The lines that a peer is owed, on their way into a socket.
pub(crate) struct Outgoing {
    pub(crate) feed: Feed,
    mischief: Mischief,
    /// Full from a write that would have blocked until the socket says it has room.
    room: Room,
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

impl Outgoing {
    pub(crate) fn new(feed: Feed, mischief: Mischief) -> Self {
        Self { feed, mischief, room: Room::since(Duration::ZERO) }
    }

    /// Whether there is something to write and room for it.
    pub(crate) fn can_write(&self) -> bool {
        !self.room.is_full() && self.feed.has_more() && !self.mischief.is_silent()
    }

    /// Notes that there has been room again since a time of the schedule.
    pub(crate) fn has_room(&mut self, since: Duration) {
        self.room.empties(since);
    }

    /// Notes that there is no room from a time of the schedule on.
    pub(crate) fn has_no_room(&mut self, since: Duration) {
        self.room.fills(since);
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

    /// Ends the silence that there is, and lets no other come.
    pub(crate) fn end_silences(&mut self) {
        self.mischief.end_silences();
    }

    /// Writes once; appends the lines that this completes to `done`. If the socket has no room, that
    /// is no error and nothing is written. The inner error is the peer's; the outer one says that a
    /// line cannot be had, by this peer or any other.
    pub(crate) fn write(
        &mut self,
        stream: &mut Transport,
        source: &Source,
        times: &mut Times<'_>,
        done: &mut Vec<Grant>,
    ) -> Result<io::Result<Tally>> {
        let at_most = self.mischief.next_write_bytes(WRITE_BYTES);
        let bytes = self.feed.next_bytes(source, times, at_most)?;
        let (sent, is_full) = match stream.write(bytes) {
            // A short write filled the socket's buffer. To try again at once would go on with scraps;
            // the event comes when there is room for a good piece.
            Ok(sent) => (sent, sent < bytes.len()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => (0, true),
            Err(error) if error.kind() == ErrorKind::Interrupted => (0, false),
            Err(error) => return Ok(Err(error)),
        };
        let lines = self.feed.advance(sent, done);
        if is_full {
            self.room.fills(times.elapsed());
            self.feed.withdraw();
        }
        self.mischief.wrote(sent);
        Ok(Ok(Tally { lines, bytes: sent as u64 }))
    }
}
