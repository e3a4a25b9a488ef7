//! A TLS connection over a socket that does not block: what comes sealed is opened as far as somebody reads it.
//!
//! What is held of a connection is bounded: sealed bytes of one read while they are being opened, a record of
//! 16 KiB that is not whole, an opened one that is not read yet, and what is to be written. While the socket has
//! nothing, the first is given back.

use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::net::Shutdown;

use memchr::memchr;
use mio::net::TcpStream;
use rustls::{Connection, Error};

/// So much is read from the socket at once: the library itself asks for a fourth of it.
const SEALED_BYTES: usize = 16 << 10;

/// What may wait to be written: answers are short, and while they wait the newest says all.
const UNWRITTEN_BYTES: usize = 4096;

pub(super) struct TlsStream {
    socket: TcpStream,
    tls: Connection,
    /// Bytes from the socket; those from `at` to `end` are still to be opened. Empty while the socket has none.
    sealed: Vec<u8>,
    at: usize,
    end: usize,
}

impl TlsStream {
    pub(super) fn new(socket: TcpStream, mut tls: Connection) -> Self {
        tls.set_buffer_limit(Some(UNWRITTEN_BYTES));
        TlsStream { socket, tls, sealed: Vec::new(), at: 0, end: 0 }
    }

    pub(super) fn socket(&mut self) -> &mut TcpStream {
        &mut self.socket
    }

    /// Goes on with the handshake until it is over.
    pub(super) fn shake_hands(&mut self) -> io::Result<()> {
        loop {
            self.write_sealed()?;
            if !self.tls.is_handshaking() {
                return Ok(());
            }
            if self.open_more()? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    pub(super) fn has_bytes(&mut self) -> bool {
        self.opened().is_ok_and(|bytes| bytes > 0)
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

    /// Opens more until some of it can be read. Gives how much; 0 at the end.
    fn opened(&mut self) -> io::Result<usize> {
        loop {
            match self.tls.reader().fill_buf() {
                Err(e) if e.kind() == ErrorKind::WouldBlock => {}
                other => return other.map(<[u8]>::len).map_err(as_cut_off),
            }
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
