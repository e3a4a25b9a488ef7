//! A TLS connection over a socket that does not block: what comes sealed is opened as far as somebody reads it.
//!
//! What is held of a connection is bounded: sealed bytes of one read while they are being opened, a record of
//! 16 KiB that is not whole, an opened one that is not read yet, and what is to be written. While the socket has
//! nothing, the first is given back.
//!
//! So is what is done for it at once: TLS has records that hold nothing, and a peer may send them without end.

#[cfg(all(test, feature = "tls-tests"))]
pub(super) mod flood;

use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::net::Shutdown;

use memchr::memchr;
use mio::net::TcpStream;
use rustls::{Connection, Error};

/// So much is read from the socket at once: the library itself asks for a fourth of it.
const SEALED_BYTES: usize = 16 << 10;

/// So much is opened at once where nothing comes of it, and whoever asked has its turn again later. A record that is
/// whole is less, so something comes of this much as a rule.
pub(super) const OPENED_AT_ONCE_BYTES: u64 = 32 << 10;

/// What may wait to be written: answers are short, and while they wait the newest says all.
const UNWRITTEN_BYTES: usize = 4096;

pub(super) struct TlsStream {
    socket: TcpStream,
    tls: Connection,
    /// Bytes from the socket; those from `at` to `end` are still to be opened. Empty while the socket has none.
    sealed: Vec<u8>,
    at: usize,
    end: usize,
    /// Sealed bytes that were opened since the connection was made.
    taken: u64,
    /// The last turn ended because it was over, and not because the socket had no more.
    stopped_short: bool,
}

impl TlsStream {
    pub(super) fn new(socket: TcpStream, mut tls: Connection) -> Self {
        tls.set_buffer_limit(Some(UNWRITTEN_BYTES));
        let (sealed, at, end) = (Vec::new(), 0, 0);
        TlsStream { socket, tls, sealed, at, end, taken: 0, stopped_short: false }
    }

    pub(super) fn socket(&mut self) -> &mut TcpStream {
        &mut self.socket
    }

    /// Whether there may be more, for all that the last error of the kind `WouldBlock` said: its turn was over.
    pub(super) fn has_stopped_short(&self) -> bool {
        self.stopped_short
    }

    /// Sealed bytes that were opened since the connection was made.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// Goes on with the handshake until it is over, or its turn is.
    pub(super) fn shake_hands(&mut self) -> io::Result<()> {
        let enough = self.begin_turn();
        loop {
            self.write_sealed()?;
            if !self.tls.is_handshaking() {
                return Ok(());
            }
            self.look_at_turn(enough)?;
            if self.open_more()? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Whether bytes wait to be read. Where so much comes that holds none that its turn is over, they count as some.
    pub(super) fn has_bytes(&mut self) -> bool {
        self.opened().is_ok_and(|bytes| bytes > 0) || self.stopped_short
    }

    pub(super) fn read_line(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.opened()?;
        let mut reader = self.tls.reader();
        let opened = reader.fill_buf()?;
        let seen = opened.len().min(buffer.len());
        let wanted = memchr(b'\n', &opened[..seen]).map_or(seen, |newline| newline + 1);
        buffer[..wanted].copy_from_slice(&opened[..wanted]);
        reader.consume(wanted);
        Ok(wanted)
    }

    /// Says that no more will be written, in TLS and below it.
    pub(super) fn close_own_direction(&mut self) -> io::Result<()> {
        self.say_goodbye();
        self.socket.shutdown(Shutdown::Write)
    }

    /// Says in TLS that no more will be written, if the socket takes it. A peer that does not hear it has the end all
    /// the same, as a break.
    pub(super) fn say_goodbye(&mut self) {
        self.tls.send_close_notify();
        self.write_sealed().ok();
    }

    /// Begins a turn. Gives what will have been taken when it is over.
    fn begin_turn(&mut self) -> u64 {
        self.stopped_short = false;
        self.taken + OPENED_AT_ONCE_BYTES
    }

    fn look_at_turn(&mut self, enough: u64) -> io::Result<()> {
        self.stopped_short = self.taken >= enough;
        if self.stopped_short { Err(ErrorKind::WouldBlock.into()) } else { Ok(()) }
    }

    /// Opens more until some of it can be read, or its turn is over. Gives how much; 0 at the end.
    fn opened(&mut self) -> io::Result<usize> {
        let enough = self.begin_turn();
        loop {
            match self.tls.reader().fill_buf() {
                Err(e) if e.kind() == ErrorKind::WouldBlock => {}
                other => return other.map(<[u8]>::len).map_err(as_cut_off),
            }
            self.look_at_turn(enough)?;
            self.open_more()?;
        }
    }

    /// Opens some of what has come, from the socket if need be. Gives how much was taken; 0 at the socket's end.
    fn open_more(&mut self) -> io::Result<usize> {
        if self.at == self.end {
            self.sealed.resize(SEALED_BYTES, 0);
            (self.at, self.end) = (0, 0);
            match self.socket.read(&mut self.sealed) {
                Ok(read) => self.end = read,
                Err(e) => {
                    self.sealed = Vec::new();
                    return Err(e);
                }
            }
        }
        let taken = self.tls.read_tls(&mut &self.sealed[self.at..self.end])?;
        self.at += taken;
        self.taken += taken as u64;
        if let Err(e) = self.tls.process_new_packets() {
            // The peer is told why, if it listens.
            self.write_sealed().ok();
            return Err(as_broken(&e));
        }
        match self.write_sealed() {
            Err(e) if e.kind() != ErrorKind::WouldBlock => Err(e),
            _ => Ok(taken),
        }
    }

    fn write_sealed(&mut self) -> io::Result<()> {
        while self.tls.wants_write() {
            match self.tls.write_tls(&mut self.socket) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }
}

impl Read for TlsStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.opened()?;
        self.tls.reader().read(buffer)
    }
}

impl Write for TlsStream {
    /// What was written before must be on its way first: so no more waits than one write.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_sealed()?;
        let written = self.tls.writer().write(bytes)?;
        match self.write_sealed() {
            Err(e) if e.kind() != ErrorKind::WouldBlock => Err(e),
            _ => Ok(written),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_sealed()
    }
}

/// The end of the socket without that of TLS.
fn as_cut_off(e: io::Error) -> io::Error {
    match e.kind() {
        ErrorKind::UnexpectedEof => io::Error::new(
            ErrorKind::UnexpectedEof,
            "it ended without TLS's close_notify: something on the way may have cut it off",
        ),
        _ => e,
    }
}

/// Some errors have names in them that come from the peer.
fn as_broken(e: &Error) -> io::Error {
    let sentence: String =
        e.to_string().chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    io::Error::new(ErrorKind::InvalidData, format!("TLS: {sentence}"))
}

#[cfg(all(test, feature = "tls-tests"))]
mod tests {
    use std::time::{Duration, Instant};

    use super::flood::shaken;
    use super::*;

    const LINE: &[u8] = b"a line after all\n";
    const PATIENCE: Duration = Duration::from_secs(60);

    /// What is taken of a flood in one turn, at most: a read of the library's may pass the end of it.
    const MOST_OF_A_TURN: u64 = OPENED_AT_ONCE_BYTES + SEALED_BYTES as u64;

    #[test]
    fn records_that_hold_nothing_are_read_a_turn_at_a_time() {
        let (mut stream, mut flood) = shaken();
        let most = 10 * OPENED_AT_ONCE_BYTES;
        let (mut turns, mut read) = (0, [0; 100]);
        let mut turn = |stream: &mut TlsStream| {
            let before = stream.taken();
            let outcome = stream.read(&mut read);
            assert!(stream.taken() - before <= MOST_OF_A_TURN, "{}", stream.taken() - before);
            turns += u64::from(stream.has_stopped_short());
            match outcome {
                Ok(n) => Some(read[..n].to_vec()),
                Err(e) => {
                    assert_eq!(e.kind(), ErrorKind::WouldBlock, "{e}");
                    None
                }
            }
        };
        assert!(flood.send(most as usize, LINE, || {
            assert_eq!(turn(&mut stream), None);
        }));
        let line = loop {
            if let Some(line) = turn(&mut stream) {
                break line;
            }
        };
        assert!(!stream.has_stopped_short() && stream.taken() > most);
        assert_eq!(line, LINE);
        assert!(turns > 1, "{turns} turns");
    }

    #[test]
    fn who_has_a_turn_left_is_taken_for_one_with_bytes_and_who_has_nothing_is_not() {
        let (mut stream, mut flood) = shaken();
        assert!(!stream.has_bytes());
        // So much is in the socket's buffer before anybody reads.
        assert!(flood.send(2 * OPENED_AT_ONCE_BYTES as usize, &[], || ()));
        let begun = Instant::now();
        while !stream.has_bytes() {
            assert!(begun.elapsed() < PATIENCE);
            assert!(stream.taken() < 2 * OPENED_AT_ONCE_BYTES, "all was taken in one turn");
        }
        assert!(stream.has_stopped_short());
    }
}
