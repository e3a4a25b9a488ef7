//! One client or target, and what it is still to get.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;

use mio::net::TcpStream;

use super::grants::Grant;
use super::outgoing::{Outgoing, Tally};
use super::times::Times;
use super::transport::Transport;
use crate::error::Result;
use crate::faults::End;
use crate::lines::Source;

/// A peer that sends without end must not keep the others waiting: after so many reads the rest
/// waits for the event that comes with its next bytes.
const DISCARD_READS: usize = 16;

/// An open connection with the lines that it is owed.
pub(crate) struct Connection {
    transport: Transport,
    pub(crate) peer: SocketAddr,
    pub(crate) outgoing: Outgoing,
    /// Lines sent so far.
    pub(crate) lines: u64,
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

impl Connection {
    pub(crate) fn new(transport: Transport, peer: SocketAddr, outgoing: Outgoing) -> Self {
        Self { transport, peer, outgoing, lines: 0, queued: false, stage: Stage::Open }
    }

    pub(crate) fn stream_mut(&mut self) -> &mut TcpStream {
        self.transport.socket()
    }

    /// Brings on its way what was written. Gives whether all is; a failure is left for whoever writes.
    pub(crate) fn flush(&mut self) -> bool {
        !self.transport.flush().is_err_and(|e| e.kind() == ErrorKind::WouldBlock)
    }

    pub(crate) fn stage(&self) -> Stage {
        self.stage
    }

    /// Writes once: see [`Outgoing::write`].
    pub(crate) fn write(
        &mut self,
        source: &Source,
        times: &mut Times<'_>,
        done: &mut Vec<Grant>,
    ) -> Result<io::Result<Tally>> {
        let written = self.outgoing.write(&mut self.transport, source, times, done)?;
        self.lines += written.as_ref().map_or(0, |sent| sent.lines);
        Ok(written)
    }

    /// Throws away what the peer sent: were it left unread, closing would reset the connection
    /// and cost the peer its last lines. Gives whether the peer has closed its side.
    ///
    /// The end of what it sends is no hang-up: it may be reading still, and if not, a write will
    /// tell.
    pub(crate) fn discard_input(&mut self, scratch: &mut [u8]) -> io::Result<bool> {
        for _ in 0..DISCARD_READS {
            match self.transport.read(scratch) {
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
    pub(crate) fn begin_end(&mut self) -> Vec<Grant> {
        self.stage = Stage::Ending;
        self.outgoing.end_silences();
        self.outgoing.feed.cut()
    }

    /// Tells the peer that no more will come, in the way asked for. What is in the socket's buffer
    /// is still delivered, unless it is reset. Fails where it cannot be: then closing delivers all.
    pub(crate) fn end(&mut self, end: End) -> io::Result<()> {
        match end {
            // A peer that has just gone makes these fail, and has its end all the same.
            End::Close => drop(self.transport.end()),
            End::HalfClose => {
                self.stage = Stage::HalfClosed;
                drop(self.transport.end());
            }
            End::Reset => self.transport.reset_when_closed()?,
        }
        Ok(())
    }
}
