//! What a connection's bytes come over.

use std::io::{self, Read, Write};
use std::net::Shutdown;
#[cfg(feature = "tls")]
use std::sync::Arc;

use memchr::memchr;
use mio::net::TcpStream;

#[cfg(feature = "tls")]
use super::tls::TlsStream;
use crate::conf::Exposure;
use crate::error::Result;

/// A byte stream that does not block.
pub(super) enum Transport {
    /// As it comes.
    Plain(TcpStream),
    /// In TLS.
    #[cfg(feature = "tls")]
    Tls(Box<TlsStream>),
}

/// How the transports of a receiver are made of its sockets.
#[derive(Clone)]
pub(crate) enum Wrapping {
    /// Not at all.
    Bare,
    /// In TLS, as a server.
    #[cfg(feature = "tls")]
    TlsServer(Arc<rustls::ServerConfig>),
    /// In TLS, as a client of a server with this name.
    #[cfg(feature = "tls")]
    TlsClient(Arc<rustls::ClientConfig>, rustls::pki_types::ServerName<'static>),
}

#[cfg(feature = "tls")]
impl Wrapping {
    pub(super) fn for_dialling(target: &str, exposure: &Exposure) -> Result<Self> {
        let Some(tls) = &exposure.dial_tls else { return Ok(Wrapping::Bare) };
        let (config, name) = tls.for_target(target)?;
        Ok(Wrapping::TlsClient(config, name))
    }

    pub(super) fn for_listening(exposure: &Exposure) -> Self {
        match &exposure.listen_tls {
            Some(tls) => Wrapping::TlsServer(tls.config()),
            None => Wrapping::Bare,
        }
    }
}

#[cfg(not(feature = "tls"))]
impl Wrapping {
    pub(super) fn for_dialling(_: &str, _: &Exposure) -> Result<Self> {
        Ok(Wrapping::Bare)
    }

    pub(super) fn for_listening(_: &Exposure) -> Self {
        Wrapping::Bare
    }
}

impl Wrapping {
    /// Whether there is nothing to agree on before bytes can be read.
    pub(super) fn is_bare(&self) -> bool {
        matches!(self, Wrapping::Bare)
    }

    pub(super) fn wrap(&self, stream: TcpStream) -> io::Result<Transport> {
        match self {
            Wrapping::Bare => Ok(Transport::Plain(stream)),
            #[cfg(feature = "tls")]
            Wrapping::TlsServer(config) => {
                let tls =
                    rustls::ServerConnection::new(config.clone()).map_err(io::Error::other)?;
                Ok(Transport::Tls(Box::new(TlsStream::new(stream, tls.into()))))
            }
            #[cfg(feature = "tls")]
            Wrapping::TlsClient(config, name) => {
                let tls = rustls::ClientConnection::new(config.clone(), name.clone());
                let tls = tls.map_err(io::Error::other)?;
                Ok(Transport::Tls(Box::new(TlsStream::new(stream, tls.into()))))
            }
        }
    }
}

impl Transport {
    /// The socket below, for what is to be said to the system about it.
    pub(super) fn socket(&mut self) -> &mut TcpStream {
        match self {
            Transport::Plain(stream) => stream,
            #[cfg(feature = "tls")]
            Transport::Tls(tls) => tls.socket(),
        }
    }

    /// Agrees with the other end on what is to be agreed on; an error of the kind `WouldBlock` says that it is not
    /// done.
    pub(super) fn shake_hands(&mut self) -> io::Result<()> {
        match self {
            Transport::Plain(_) => Ok(()),
            #[cfg(feature = "tls")]
            Transport::Tls(tls) => tls.shake_hands(),
        }
    }

    /// Whether a break is told from an end, whoever is on the way.
    pub(super) fn has_an_end_of_its_own(&self) -> bool {
        !matches!(self, Transport::Plain(_))
    }

    /// Whether the last error of the kind `WouldBlock` says that its turn is over, and not that there is no more: then
    /// no event may tell of what is left, and it is to have another turn.
    pub(super) fn has_stopped_short(&self) -> bool {
        match self {
            Transport::Plain(_) => false,
            #[cfg(feature = "tls")]
            Transport::Tls(tls) => tls.has_stopped_short(),
        }
    }

    /// Bytes that were taken from the socket and opened; 0 where nothing is sealed.
    pub(super) fn unsealed_bytes(&self) -> u64 {
        match self {
            Transport::Plain(_) => 0,
            #[cfg(feature = "tls")]
            Transport::Tls(tls) => tls.taken(),
        }
    }

    /// Whether bytes wait to be read. A failure is left for whoever reads.
    pub(super) fn has_bytes(&mut self) -> bool {
        match self {
            Transport::Plain(stream) => stream.peek(&mut [0]).is_ok_and(|bytes| bytes > 0),
            #[cfg(feature = "tls")]
            Transport::Tls(tls) => tls.has_bytes(),
        }
    }

    /// Whether a read of so many bytes, where there was room for more, has left none: whatever comes behind them has
    /// an event of its own.
    pub(super) fn is_drained_by(&self, read: usize, room: usize) -> bool {
        match self {
            Transport::Plain(_) => read < room,
            #[cfg(feature = "tls")]
            Transport::Tls(_) => false,
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
            #[cfg(feature = "tls")]
            Transport::Tls(tls) => tls.read_line(buffer),
        }
    }

    /// Says that no more will be written.
    pub(super) fn close_own_direction(&mut self) -> io::Result<()> {
        match self {
            Transport::Plain(stream) => stream.shutdown(Shutdown::Write),
            #[cfg(feature = "tls")]
            Transport::Tls(tls) => tls.close_own_direction(),
        }
    }

    /// It is going to be dropped: says so, where that is to be said.
    pub(super) fn say_goodbye(&mut self) {
        match self {
            Transport::Plain(_) => {}
            #[cfg(feature = "tls")]
            Transport::Tls(tls) => tls.say_goodbye(),
        }
    }
}

impl Read for Transport {
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Transport::Plain(stream) => stream.read(buffer),
            #[cfg(feature = "tls")]
            Transport::Tls(tls) => tls.read(buffer),
        }
    }
}

impl Write for Transport {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Transport::Plain(stream) => stream.write(bytes),
            #[cfg(feature = "tls")]
            Transport::Tls(tls) => tls.write(bytes),
        }
    }

    /// Brings on its way what was written and is not: an error of the kind `WouldBlock` says that some is left.
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Transport::Plain(_) => Ok(()),
            #[cfg(feature = "tls")]
            Transport::Tls(tls) => tls.flush(),
        }
    }
}
