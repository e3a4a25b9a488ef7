//! TLS over a socket that does not block. The handshake goes on with whatever is read and written; what is written
//! before it is over waits.

use std::io::{self, ErrorKind, Read, Write};

use mio::net::TcpStream;
use rustls::ClientConnection;

use crate::tls::OpenedTls;

pub(crate) struct TlsStream {
    socket: TcpStream,
    tls: ClientConnection,
}

impl TlsStream {
    pub(crate) fn new(socket: TcpStream, tls: &OpenedTls) -> io::Result<Self> {
        let tls = ClientConnection::new(tls.config.clone(), tls.name.clone());
        Ok(Self { socket, tls: tls.map_err(io::Error::other)? })
    }

    pub(crate) fn socket(&mut self) -> &mut TcpStream {
        &mut self.socket
    }

    /// Says that no more will be written. What does not go now goes with the next flush.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        self.tls.send_close_notify();
        self.flush()
    }
}

impl Read for TlsStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.tls.reader().read(buffer) {
                Err(e) if e.kind() == ErrorKind::WouldBlock => {}
                other => return other,
            }
            self.tls.read_tls(&mut self.socket)?;
            let processed = self.tls.process_new_packets();
            match self.flush() {
                Err(e) if e.kind() != ErrorKind::WouldBlock => return Err(e),
                _ => {}
            }
            processed.map_err(|e| broken(&e))?;
        }
    }
}

/// Some errors have names in them that come from the peer.
fn broken(e: &rustls::Error) -> io::Error {
    let sentence: String =
        e.to_string().chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    io::Error::new(ErrorKind::InvalidData, format!("TLS: {sentence}"))
}

impl Write for TlsStream {
    /// Takes as much as the socket does, and what waits for it beside. Takes nothing while something waits.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.flush()?;
        let mut written = 0;
        while written < bytes.len() {
            let taken = self.tls.writer().write(&bytes[written..])?;
            written += taken;
            match self.flush() {
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                flushed => flushed?,
            }
            if taken == 0 {
                break;
            }
        }
        if written == 0 { Err(ErrorKind::WouldBlock.into()) } else { Ok(written) }
    }

    fn flush(&mut self) -> io::Result<()> {
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
