//! What a connection's bytes come over.

use std::io::{self, Read, Write};
use std::net::Shutdown;

use memchr::memchr;
use mio::net::TcpStream;

/// A byte stream that does not block.
pub(super) enum Transport {
    /// As it comes.
    Plain(TcpStream),
}

impl Transport {
    /// The socket below, for what is to be said to the system about it.
    pub(super) fn socket(&mut self) -> &mut TcpStream {
        match self {
            Transport::Plain(stream) => stream,
        }
    }

    /// Whether bytes wait to be read. A failure is left for whoever reads.
    pub(super) fn has_bytes(&mut self) -> bool {
        match self {
            Transport::Plain(stream) => stream.peek(&mut [0]).is_ok_and(|bytes| bytes > 0),
        }
    }

    /// Reads once, up to and with the first newline at most: what is behind it stays to be read.
    pub(super) fn read_line(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Transport::Plain(stream) => {
                let seen = stream.peek(buffer)?;
                let wanted = memchr(b'\n', &buffer[..seen]).map_or(seen, |newline| newline + 1);
                stream.read(&mut buffer[..wanted])
            }
        }
    }

    /// Says that no more will be written.
    pub(super) fn close_own_direction(&mut self) -> io::Result<()> {
        match self {
            Transport::Plain(stream) => stream.shutdown(Shutdown::Write),
        }
    }
}

impl Read for Transport {
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Transport::Plain(stream) => stream.read(buffer),
        }
    }
}

impl Write for Transport {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Transport::Plain(stream) => stream.write(bytes),
        }
    }

    /// Brings on its way what was written and is not: an error of the kind `WouldBlock` says that some is left.
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Transport::Plain(_) => Ok(()),
        }
    }
}
