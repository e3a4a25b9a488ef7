//! What a connection's bytes go over: the socket itself, or TLS around it.

use std::io::{self, Read, Write};
use std::net::Shutdown;

use mio::net::TcpStream;
use nix::sys::socket::{setsockopt, sockopt};

#[cfg(feature = "tls")]
use super::tls_stream::TlsStream;
use crate::error::Result;
use crate::load::Load;
#[cfg(feature = "tls")]
use crate::tls::OpenedTls;

/// A byte stream that does not block.
pub(crate) enum Transport {
    Plain(TcpStream),
    #[cfg(feature = "tls")]
    Tls(Box<TlsStream>),
}

/// How the transports of a run are made of its sockets.
pub(crate) struct Wrapping {
    #[cfg(feature = "tls")]
    tls: Option<OpenedTls>,
}

impl Wrapping {
    /// Of a run that sends to these targets.
    #[cfg(feature = "tls")]
    pub(crate) fn new(load: &Load, targets: &[String]) -> Result<Self> {
        let tls = load.tls.as_ref().map(|tls| tls.open(targets)).transpose()?;
        Ok(Self { tls })
    }

    /// Of a run that sends to these targets.
    #[cfg(not(feature = "tls"))]
    pub(crate) fn new(_: &Load, _: &[String]) -> Result<Self> {
        Ok(Self {})
    }

    /// Of a run that serves.
    pub(crate) fn bare() -> Self {
        Self {
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    pub(crate) fn wrap(&self, socket: TcpStream) -> io::Result<Transport> {
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            return Ok(Transport::Tls(Box::new(TlsStream::new(socket, tls)?)));
        }
        Ok(Transport::Plain(socket))
    }
}

impl Transport {
    /// The socket below, for what is to be said to the system about it.
    pub(crate) fn socket(&mut self) -> &mut TcpStream {
        match self {
            Self::Plain(socket) => socket,
            #[cfg(feature = "tls")]
            Self::Tls(tls) => tls.socket(),
        }
    }

    /// Says that no more will be written.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.shutdown(Shutdown::Write),
            #[cfg(feature = "tls")]
            Self::Tls(tls) => tls.end(),
        }
    }

    /// Has the connection reset when it is closed: what the peer has not read by then is lost to it. Where this
    /// fails, it is closed like any other.
    pub(crate) fn reset_when_closed(&mut self) -> io::Result<()> {
        let at_once = nix::libc::linger { l_onoff: 1, l_linger: 0 };
        Ok(setsockopt(self.socket(), sockopt::Linger, &at_once)?)
    }
}

impl Read for Transport {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            #[cfg(feature = "tls")]
            Self::Tls(tls) => tls.read(buffer),
        }
    }
}

impl Write for Transport {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            #[cfg(feature = "tls")]
            Self::Tls(tls) => tls.write(bytes),
        }
    }

    /// Brings on its way what was written and is not; an error of the kind `WouldBlock` says that some is left.
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            #[cfg(feature = "tls")]
            Self::Tls(tls) => tls.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn that_a_connection_cannot_be_reset_is_an_error() {
        let no_socket: std::os::fd::OwnedFd = std::fs::File::open("/dev/null").unwrap().into();
        let socket = TcpStream::from_std(no_socket.into());
        assert!(Transport::Plain(socket).reset_when_closed().is_err());
    }
}
