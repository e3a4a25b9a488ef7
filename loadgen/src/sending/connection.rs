//! One client or target, and what it is still to get.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};

use mio::net::TcpStream;

use super::feed::Feed;
use crate::lines::Text;

/// Loopback needs writes of 256 KiB or more to run at speed; larger ones only hold up the others.
const WRITE_BYTES: usize = 512 << 10;

/// A peer that sends without end must not keep the others waiting: after so many full reads the
/// rest waits for the event that comes with its next bytes.
const DISCARD_READS: usize = 16;

/// An open connection with the lines that it is owed.
pub(crate) struct Connection {
    stream: TcpStream,
    pub(crate) peer: SocketAddr,
    pub(crate) feed: Feed,
    /// Lines sent so far.
    pub(crate) lines: u64,
    /// False from a write that would have blocked until the socket says it has room.
    writable: bool,
    /// Whether the lane has this connection in its queue; the lane's to read and write.
    pub(crate) queued: bool,
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
    pub(crate) fn new(stream: TcpStream, peer: SocketAddr, feed: Feed) -> Self {
        Self { stream, peer, feed, lines: 0, writable: true, queued: false }
    }

    pub(crate) fn stream_mut(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// Whether there is something to write and room for it.
    pub(crate) fn can_write(&self) -> bool {
        self.writable && self.feed.owed() > 0
    }

    /// Notes that the socket has room again.
    pub(crate) fn has_room(&mut self) {
        self.writable = true;
    }

    /// Writes once. If the socket has no room, that is no error and nothing is written.
    pub(crate) fn write(&mut self, text: &Text) -> io::Result<Tally> {
        let bytes = self.feed.next_bytes(text, WRITE_BYTES);
        let sent = match self.stream.write(bytes) {
            Ok(sent) => {
                // A short write filled the socket's buffer. To try again at once would go on with
                // scraps; the event comes when there is room for a good piece.
                self.writable = sent == bytes.len();
                sent
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.writable = false;
                0
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => 0,
            Err(error) => return Err(error),
        };
        let lines = self.feed.advance(text, sent);
        self.lines += lines;
        Ok(Tally { lines, bytes: sent as u64 })
    }

    /// Throws away what the peer sent: were it left unread, closing would reset the connection
    /// and cost the peer its last lines.
    ///
    /// The end of what it sends is no hang-up: it may be reading still, and if not, a write will
    /// tell.
    pub(crate) fn discard_input(&mut self, scratch: &mut [u8]) -> io::Result<()> {
        for _ in 0..DISCARD_READS {
            match self.stream.read(scratch) {
                Ok(read) if read == scratch.len() => {}
                Ok(_) => break,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Tells the peer that no more will come. What is in the socket's buffer is still delivered.
    pub(crate) fn close(self) {
        // A peer that has just gone makes this fail, and has its end all the same.
        self.stream.shutdown(Shutdown::Write).ok();
    }
}
